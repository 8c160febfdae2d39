#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::prelude::*;
use other::Other;

dims! { Batch = 2; Heads = 3; Seq = 5; HeadDim = 4; }

fn main() {
    let q = Other::<f32>::ones((Batch, Heads, Seq, HeadDim));
    let near = Allowed::new(Cpu::<bool>::from_fn((Seq, Seq), |[q, k]| q.abs_diff(k) < 2));
    let y = attention(&q, &q, &q, &Causal.and(near));
}
