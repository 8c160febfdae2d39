use congruent::nn::Linear;
use congruent::{Ids, Tensor, dims};

dims! { Batch = 2; Seq = 2; Embed = 3; Classes = 4; }

fn score(classify: &Linear<Embed, Classes>, x: &Tensor<(Batch, Seq, Embed)>, targets: &Ids<(Batch,), Classes>) {
    let logits = classify.forward(&x.mean(Batch));
    let chosen = logits.gather(targets);
}

fn main() {}
