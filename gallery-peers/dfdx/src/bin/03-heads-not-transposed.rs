use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let x = wave::<Rank4<1, 3, 2, 2>>(); // (batch, sequence, heads, head_dim)
    let y = x.clone().permute::<_, Axes4<0, 2, 1, 3>>();
    let right = attend_heads(y.clone(), y.clone(), y, dev.zeros());
    report(attend_heads(x.clone(), x.clone(), x, dev.zeros()), right.permute::<_, Axes4<0, 2, 1, 3>>());
}
