use gallery_incin::*;

type Scores = s![Batch = 1, Heads = 1, Seq = 3, Seq = 3];

/// Where the mask is true, the key is hidden.
fn masked(x: &T<s![Batch = 1, Heads = 1, Seq = 3, HeadDim = 2]>, hidden: [bool; 9]) -> Result<T<Dyn>> {
    let hidden = Tensor::<Dyn, DefaultBackend, bool>::from_slice(&hidden, vec![1, 1, 3, 3])?.into_shape::<Scores>()?;
    Ok(scores!(x, x).masked_fill(&hidden, f32::NEG_INFINITY)?.softmax(axis!(-1))?.matmul(x)?.into_dyn())
}

fn main() -> Result<()> {
    let x = wave()?;
    let padding = [0, 1, 2, 3, 4, 5, 6, 7, 8].map(|i| i % 3 == 2);
    report(&masked(&x, padding.map(|is| !is))?, &masked(&x, padding)?) // it wants to know what is padding
}
