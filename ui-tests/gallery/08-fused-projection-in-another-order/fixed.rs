#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::dim::numbers::U3;
use congruent::nn::Linear;
use congruent::{Times, dims};

dims! { Batch = 1; Seq = 2; Embed = 4; Heads = 2; HeadDim = 2; }

fn main() {
    let fused = Linear { weight: wave((Times(Heads, Times(U3, HeadDim)), Embed)), bias: None };
    let projected = fused.forward(&wave((Batch, Seq, Embed))).split(Times(Heads, Times(U3, HeadDim)));
    let query = projected.split(Times(U3, HeadDim)).at(U3, 0).unwrap();
    assert_close(&query, &[2.12756, -1.71701, 0.511964, -1.93118, -1.71701, 2.40807, 0.810194, 1.19256]);
}
