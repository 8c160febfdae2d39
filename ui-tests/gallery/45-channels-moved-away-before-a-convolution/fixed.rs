#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::nn::Linear;
use congruent::{Each, dims};

dims! { Batch = 1; Channels = 2; Time = 4; Width = 3; Inner = 2; Hidden = 1; }

fn main() {
    let kernel = Each::from_fn(Width, |_| Linear { weight: wave((Hidden, Channels)), bias: None });
    let x = wave((Batch, Channels, Time)).transpose(Channels, Time);
    let part = |i: usize| kernel[i].forward(&x.narrow(Time, i, Inner).unwrap());
    let sum = part(0) + part(1) + part(2);
    assert_close(&sum.transpose(Inner, Hidden), &[1.06335, 1.49001]);
}
