use congruent::nn::GroupNorm;
use congruent::prelude::*;

dims! { Batch = 2; Channels = 6; Height = 4; Width = 5; Groups = 3; InGroup = 2; }

fn main() {
    let x = Tensor::ones((Batch, Channels, Height, Width));
    let y = GroupNorm::new(Groups, InGroup, 1e-5).forward(&x);
}
