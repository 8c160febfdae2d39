use congruent::mask::relative_ids;
use congruent::nn::attention_with_bias;
use congruent::{Causal, Error, Plus, Tensor, dims};

dims! { Batch = 1; Heads = 1; Past = 4; New = 1; HeadDim = 2; Buckets = 8; }

fn step(
    q: &Tensor<(Batch, Heads, New, HeadDim)>,
    k: &Tensor<(Batch, Heads, Plus<Past, New>, HeadDim)>,
    table: &Tensor<(Buckets, Heads)>,
) -> Result<(), Error> {
    let ids = relative_ids(New, New, Buckets, |distance| distance.unsigned_abs() as u32)?;
    let bias = table.lookup(&ids).permute((Heads, New, New));
    let y = attention_with_bias(q, k, k, &bias, &Causal);
    Ok(())
}

fn main() {}
