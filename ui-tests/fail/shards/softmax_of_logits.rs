use congruent::dim::Shard;
use congruent::nn::Linear;
use congruent::prelude::*;

dims! { Model = 2; Batch = 4; Vocab = 8; Embed = 4; }

fn wrong(output: Linear<Embed, Shard<Vocab, Model>>, x: Tensor<(Batch, Embed)>) {
    let probabilities = output.forward(&x).log_softmax(At::<1>);
}

fn main() {}
