use congruent::prelude::*;

dims! { Batch = 2; Embed = 8; Hidden = 16; }

fn main() {
    let x = Tensor::ones((Batch, Embed));
    let weight = Cpu::<f64>::ones((Embed, Hidden));
    let y = x.matmul(&weight.cast::<f32>());
}
