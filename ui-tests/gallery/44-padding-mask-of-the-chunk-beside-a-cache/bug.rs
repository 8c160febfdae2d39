use congruent::mask::Combine;
use congruent::nn::attention;
use congruent::{Causal, Lengths, Ragged, Tensor, dims};

dims! { Batch = 1; Heads = 1; Past = 2; Chunk = 2; HeadDim = 2; }

fn step(
    q: &Tensor<(Batch, Heads, Ragged<Chunk>, HeadDim)>,
    past: &Tensor<(Batch, Heads, Ragged<Past>, HeadDim)>,
    new: &Tensor<(Batch, Heads, Ragged<Chunk>, HeadDim)>,
    lengths: &Lengths<Batch, Ragged<Chunk>>,
) {
    let k = past.concat(Ragged(Past), new);
    let y = attention(q, &k, &k, &Causal.and(lengths.clone()));
}

fn main() {}
