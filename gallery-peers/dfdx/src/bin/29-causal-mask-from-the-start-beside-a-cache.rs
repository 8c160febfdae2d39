use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let (q, k) = (wave::<Rank4<1, 1, 1, 2>>(), wave::<Rank4<1, 1, 4, 2>>()); // 1 new query, 3 past keys and its own
    let causal = dev.upper_tri(f32::NEG_INFINITY, 1);
    let got = attend_heads(q.clone(), k.clone(), k.clone(), causal);
    report(got, attend_heads(q, k.clone(), k, dev.zeros()));
}
