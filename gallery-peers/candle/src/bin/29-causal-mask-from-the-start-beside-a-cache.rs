use candle_core::Result;
use candle_nn::attention::{AttnMask, flash_attn};
use gallery_candle::*;

fn main() -> Result<()> {
    // (batch, sequence, heads, head_dim): 1 new query, 3 past keys and its own
    let (q, k) = (wave((1, 1, 1, 2))?, wave((1, 4, 1, 2))?);
    let got = flash_attn::<f32>(&q, &k, &k, 0.5f32.sqrt(), AttnMask::causal(), None, None)?;
    let k = k.transpose(1, 2)?.contiguous()?;
    report(&got, &attend(&q, &k, &k)?)
}
