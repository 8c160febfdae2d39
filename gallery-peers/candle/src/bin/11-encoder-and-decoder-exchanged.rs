use candle_core::Result;
use gallery_candle::*;

fn main() -> Result<()> {
    let (decoder, encoder) = (wave((1, 3, 2))?, (wave((1, 3, 2))? * 2.0)?); // both padded to 3
    report(&attend(&encoder, &decoder, &decoder)?, &attend(&decoder, &encoder, &encoder)?)
}
