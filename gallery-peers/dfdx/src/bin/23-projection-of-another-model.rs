use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let (x, layer) = (wave::<Rank2<2, 6>>(), dev.build_module::<Linear<8, 8>, f32>());
    layer.forward(x);
}
