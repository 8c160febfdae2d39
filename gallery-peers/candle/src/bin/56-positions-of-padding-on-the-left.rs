use candle_core::{DType, Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    let ids = Tensor::new(&[0u32, 0, 5, 6], &Cpu)?; // two of padding, and a text of two
    let (words, positions) = (Tensor::zeros((10, 1), DType::F32, &Cpu)?, arange((16, 1))?);
    let hidden = |query: usize, key: usize| if key <= query && key >= 2 { 0f32 } else { -1e9 };
    let mask = Tensor::new(&[0, 1, 2, 3].map(|query| [0, 1, 2, 3].map(|key| hidden(query, key))), &Cpu)?;
    let encode = |places: [u32; 4]| {
        let x =
            (words.index_select(&ids, 0)? + positions.index_select(&Tensor::new(&places, &Cpu)?, 0)?)?.unsqueeze(0)?;
        attend_with(&x, &x, &x, &mask)?.narrow(1, 2, 2)
    };
    report(&encode([0, 1, 2, 3])?, &encode([0, 0, 0, 1])?)
}
