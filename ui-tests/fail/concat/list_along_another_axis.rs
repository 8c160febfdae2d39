use congruent::prelude::*;

dims! { Chunks; Chunk = 4; Embed = 12; Seq = 20; }

fn main() {
    let list = vec![Tensor::ones((Chunk, Embed)); 5];
    bind!(chunks: Chunks = list.len());
    let x = Tensor::try_concat(chunks, Seq, &list);
}
