use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Heads = 3; HeadDim = 4; }

fn main() {
    let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
    let allowed = Allowed::new(Cpu::<bool>::full((Heads, Seq, Seq), true));
    let y = attention(&x, &x, &x, &allowed);
}
