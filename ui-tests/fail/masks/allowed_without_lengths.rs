use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Heads = 3; HeadDim = 4; }

fn main() {
    let x = Tensor::ones((Batch, Heads, Ragged(Seq), HeadDim));
    let allowed = Allowed::new(Cpu::<bool>::full((Ragged(Seq), Ragged(Seq)), true));
    let y = attention(&x, &x, &x, &allowed);
}
