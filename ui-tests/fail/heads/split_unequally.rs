use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Hidden = 16; Heads = 3; HeadDim = 4; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Hidden));
    let heads = x.relabel(Hidden, Times(Heads, HeadDim)).split_heads();
}
