use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let x = wave::<Rank3<1, 4, 4>>(); // (batch, channels, positions): the norm is for channels
    let norm = dev.build_module::<LayerNorm1D<4>, f32>();
    let right = norm.forward(x.clone().permute::<_, Axes3<0, 2, 1>>()).permute::<_, Axes3<0, 2, 1>>();
    report(norm.forward(x), right);
}
