use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let similarities = Cpu::default().tensor([[1.0, 0.0], [0.0, 81.0]]); // (samples, negatives)
    let largest = similarities.clone().max::<Rank1<2>, Axis<1>>();
    let right = similarities.clone() - largest.clone().broadcast::<_, Axis<1>>();
    report(similarities - largest.broadcast(), right);
}
