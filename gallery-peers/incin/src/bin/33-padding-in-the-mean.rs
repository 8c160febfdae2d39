use gallery_incin::*;

fn main() -> Result<()> {
    let x = tensor::<s![Batch = 1, Seq = 4, Embed = 1]>(&[1.0, 3.0, 0.0, 0.0])?; // 2 tokens, 2 of padding
    report(&x.mean(axis!(1))?, &tensor::<s![Batch = 1, Embed = 1]>(&[2.0])?)
}
