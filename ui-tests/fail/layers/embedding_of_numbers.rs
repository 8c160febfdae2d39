use congruent::nn::Embedding;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; Vocab = 100; }

fn layer(table: &Embedding<Vocab, Embed>) {
    let y = table.forward(&Tensor::ones((Batch, Seq)));
}

fn main() {

}
