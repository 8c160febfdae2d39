use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let (q, v) = (dev.ones::<Rank3<1, 4, 1>>(), dev.tensor([[[100.0], [100.0], [1.0], [1.0]]])); // two texts of two tokens
    let no = f32::NEG_INFINITY;
    let own = dev.tensor([[[0.0, no, no, no], [0.0, 0.0, no, no], [no, no, 0.0, no], [no, no, 0.0, 0.0]]]);
    let got = attend(q.clone(), q.clone(), v.clone(), dev.upper_tri(no, 1));
    report(got, attend(q.clone(), q, v, own));
}
