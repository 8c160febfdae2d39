#[path = "../common.rs"]
mod common;

use common::wave;
use congruent::nn::attention;
use congruent::{Allowed, Cpu, Create, dims};

dims! { Batch = 1; Heads = 1; Seq = 2; HeadDim = 2; }

fn main() {
    let x = wave((Batch, Heads, Seq, HeadDim));
    let allowed = Cpu::<bool>::from_fn((Seq, Seq), |[query, _]| query == 1);
    let y = attention(&x, &x, &x, &Allowed::new(allowed)).to_vec();
    assert_eq!(y[..2], [0.0, 0.0]);
    assert!(y[2..].iter().all(|value| value.is_finite()));
}
