use congruent::prelude::*;

dims! { Chunks = 5; Chunk = 4; Embed = 12; Seq = 24; }

fn main() -> Result<(), Error> {
    let list = vec![Tensor::ones((Chunk, Embed)); 5];
    let x = Tensor::try_concat(Chunks, Chunk, &list)?;
    let x = x.relabel(Times(Chunks, Chunk), Seq);
    Ok(())
}
