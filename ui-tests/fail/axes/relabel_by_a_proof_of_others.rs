use congruent::prelude::*;

dims! { Batch = 2; Embed = 12; Hidden = 16; Heads = 3; HeadDim = 4; }

fn main() {
    let equal = Equal::known(Embed, Times(Heads, HeadDim));
    let x = Tensor::ones((Batch, Hidden));
    let y = x.relabel_by(equal);
}
