use congruent::prelude::*;

dims! { Chunks; Chunk = 4; Embed = 12; }

fn main() {
    let list = vec![Tensor::ones((Chunk, Embed)); 5];
    let x = Tensor::try_concat(Chunks, Chunk, &list);
}
