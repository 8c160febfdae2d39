use candle_core::{Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    let (q, k) = (wave((1, 4, 2, 2))?, wave((1, 2, 3, 2))?); // 4 query heads share 2 key heads: 0 0 1 1
    let right = Tensor::cat(&[&k, &k], 2)?.reshape((1, 4, 3, 2))?;
    let wrong = k.repeat((1, 2, 1, 1))?;
    report(&attend(&q, &wrong, &wrong)?, &attend(&q, &right, &right)?)
}
