use congruent::dim::Vocabulary;
use congruent::nn::{Embedding, cross_entropy};
use congruent::prelude::*;

dims! { Batch = 2; Vocab = 8; Embed = 4; }

/// How well each token says the one after it.
fn losses<V: Vocabulary>(table: &Embedding<V, Embed>, [tokens, next]: [&Ids<(Batch,), V::Whole>; 2]) -> Tensor<(Batch,)> {
    cross_entropy(&table.logits(&table.forward(tokens)), next)
}

fn mean<V: Dim>(table: &Embedding<V, Embed>, ids: [&Ids<(Batch,), V>; 2]) -> Tensor<()> {
    losses(table, ids).mean(Batch)
}

fn main() {
    let table = Embedding::random(Vocab, Embed, &mut Rng::with_seed(1));
    let [tokens, next] = [[3, 7], [7, 1]].map(|ids| Ids::new((Batch,), Vocab, &ids).unwrap());
    mean(&table, [&tokens, &next]);
}
