use candle_core::Result;
use gallery_candle::*;

fn main() -> Result<()> {
    let (scores, table) = (arange((2, 3))?, wave((8, 2))?); // (beams, vocab), a table padded to 8 rows
    let best = scores.flatten_all()?.argmax(0)?.to_scalar::<u32>()? as usize; // 5: beam 1, token 2
    report(&table.get(best)?, &table.get(best % 3)?)
}
