#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::nn::attention;
use congruent::{Allowed, Cpu, Create, dims};

dims! { Batch = 2; Heads = 2; Seq = 2; HeadDim = 2; }

fn main() {
    let x = wave((Batch, Heads, Seq, HeadDim));
    let allowed = Cpu::<bool>::from_fn((Batch, Seq, Seq), |[batch, _, key]| batch == 0 || key == 0);
    let right = [
        0.712448, 0.602357, 0.355008, -0.247975, -0.625296, -0.0174583, 0.394083, 0.782933, 0.412118, -0.544021,
        0.412118, -0.544021, 0.420167, 0.990607, 0.420167, 0.990607,
    ];
    assert_close(&attention(&x, &x, &x, &Allowed::new(allowed)), &right);
}
