#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::nn::attention;
use congruent::{Full, Times, dims};

dims! { Batch = 1; KeyHeads = 2; Group = 2; Queries = 2; Keys = 3; HeadDim = 2; }

fn main() {
    let q = wave((Batch, Times(KeyHeads, Group), Queries, HeadDim));
    let k = wave((Batch, KeyHeads, Keys, HeadDim));
    let right = [
        0.519988,
        0.500821,
        -0.0723745,
        -0.258201,
        -0.392765,
        -0.263204,
        0.489726,
        0.485354,
        0.0631803,
        -0.137176,
        -0.47541,
        -0.366625,
        0.378388,
        0.460828,
        0.183126,
        -0.00578193,
    ];
    assert_close(&attention(&q, &k, &k, &Full), &right);
}
