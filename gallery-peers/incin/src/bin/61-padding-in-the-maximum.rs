use gallery_incin::*;

fn main() -> Result<()> {
    let states = tensor::<s![Batch = 1, Seq = 3, Embed = 1]>(&[-2.0, -1.0, 0.0])?; // of 2 tokens, and of padding
    let tokens = tensor::<s![Batch = 1, Seq = 2, Embed = 1]>(&[-2.0, -1.0])?;
    report(&states.max(axis!(1))?, &tokens.max(axis!(1))?)
}
