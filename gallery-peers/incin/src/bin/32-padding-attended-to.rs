use gallery_incin::*;

fn main() -> Result<()> {
    // The sequence has 2 tokens; the third is padding.
    let x = from_fn::<s![Batch = 1, Seq = 3, HeadDim = 2]>(|i| if i < 4.0 { (i + 1.0).sin() } else { 9.0 })?;
    let tokens = wave::<s![Batch = 1, Seq = 2, HeadDim = 2]>()?;
    report(&attend!(x, x, x).get(i![.., 0..2, ..])?, &attend!(tokens, tokens, tokens))
}
