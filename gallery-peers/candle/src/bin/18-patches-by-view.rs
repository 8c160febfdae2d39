use candle_core::Result;
use gallery_candle::*;

fn main() -> Result<()> {
    let image = arange((4, 4))?; // (height, width), to be 4 patches of 2 by 2
    let right = image.reshape((2, 2, 2, 2))?.permute((0, 2, 1, 3))?.reshape((4, 4))?;
    report(&image.reshape((4, 4))?, &right)
}
