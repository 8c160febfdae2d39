use congruent::nn::attention;
use congruent::{Lengths, Ragged, Tensor, Times, dims};

dims! { Batch = 1; Seq = 2; Embed = 4; Heads = 2; HeadDim = 2; }

fn attend(x: &Tensor<(Batch, Ragged<Seq>, Embed)>, lengths: &Lengths<Batch, Ragged<Seq>>) {
    let heads = x.relabel(Embed, Times(Heads, HeadDim)).split(Times(Heads, HeadDim));
    let y = attention(&heads, &heads, &heads, lengths);
}

fn main() {}
