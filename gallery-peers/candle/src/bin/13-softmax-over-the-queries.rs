use candle_core::Result;
use candle_nn::ops::softmax;
use gallery_candle::*;

fn main() -> Result<()> {
    let (scores, v) = (wave((3, 3))?, wave((3, 2))?); // (queries, keys)
    report(&softmax(&scores, 0)?.matmul(&v)?, &softmax(&scores, 1)?.matmul(&v)?)
}
