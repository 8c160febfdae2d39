use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let mut layer = dev.build_module::<MultiHeadAttention<2, 1>, f32>(); // batch first
    for linear in [&mut layer.w_q, &mut layer.w_k, &mut layer.w_v, &mut layer.w_o] {
        linear.weight = dev.tensor([[1.0, 0.0], [0.0, 1.0]]);
        linear.bias = dev.zeros();
    }
    let x = wave::<Rank3<3, 3, 2>>(); // (sequence, batch, embed), 3 of each
    let y = x.clone().permute::<_, Axes3<1, 0, 2>>();
    let right = attend(y.clone(), y.clone(), y, dev.zeros()).permute::<_, Axes3<1, 0, 2>>();
    report(layer.forward(x), right);
}
