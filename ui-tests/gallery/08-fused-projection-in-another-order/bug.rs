#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::dim::numbers::U3;
use congruent::nn::Linear;
use congruent::{Times, dims};

dims! { Batch = 1; Seq = 2; Embed = 4; Heads = 2; HeadDim = 2; }

fn main() {
    // The numbers are those of `Times<Heads, Times<U3, HeadDim>>`, and the program says otherwise.
    let fused = Linear { weight: wave((Times(U3, Times(Heads, HeadDim)), Embed)), bias: None };
    let projected = fused.forward(&wave((Batch, Seq, Embed)));
    let query = projected.split(Times(U3, Times(Heads, HeadDim))).at(U3, 0).unwrap();
    let wrong = [2.12756, -1.71701, 0.11707, 1.56397, -1.71701, 2.40807, -1.43103, -0.537309];
    assert_close(&query, &wrong);
}
