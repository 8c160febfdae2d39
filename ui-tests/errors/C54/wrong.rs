use congruent::{Causal, Lengths, Plus, Ragged, Tensor, dims, mask::Combine, nn::attention};

dims! { Batch = 2; Heads = 1; HeadDim = 4; Past = 3; New = 2; }

fn main() {
    let past = Tensor::ones((Batch, Heads, Ragged(Past), HeadDim));
    let new = Tensor::ones((Batch, Heads, Ragged(New), HeadDim));
    let keys = past.concat(Ragged(Past), &new);
    let lengths = Lengths::new(Batch, Plus(Ragged(Past), Ragged(New)), &[5, 2]).unwrap();
    let _y = attention(&new, &keys, &keys, &Causal.and(lengths));
}
