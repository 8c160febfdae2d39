#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::nn::attention;
use congruent::{Error, Lengths, Ragged, bind, dims};

dims! { Batch = 2; Heads = 1; Seq; HeadDim = 2; }

fn main() -> Result<(), Error> {
    bind!(answer: Ragged<Seq> = 3);
    let lengths = Lengths::new(Batch, answer, &[2, 3])?;
    let x = wave((Batch, Heads, answer, HeadDim));
    let right = [
        0.712448, 0.602357, 0.355008, -0.247975, 0.357638, -0.241716, 0.425767, 0.50379, 0.0631803, -0.137176,
        -0.47541, -0.366625,
    ];
    assert_close(&attention(&x, &x, &x, &lengths), &right);
    Ok(())
}
