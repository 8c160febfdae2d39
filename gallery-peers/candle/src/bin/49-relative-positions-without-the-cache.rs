use candle_core::{Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    let (q, k) = (wave((1, 1, 2))?, wave((1, 5, 2))?); // the query stands behind 4 keys
    let table = arange(8)?.neg()?; // a bias for each distance
    let bias = |query: u32| table.index_select(&Tensor::new(&[0, 1, 2, 3, 4].map(|key| query.abs_diff(key)), &Cpu)?, 0);
    report(&attend_with(&q, &k, &k, &bias(0)?)?, &attend_with(&q, &k, &k, &bias(4)?)?)
}
