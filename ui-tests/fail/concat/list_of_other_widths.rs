use congruent::prelude::*;

dims! { Chunks; Chunk = 4; Embed = 12; Hidden = 16; }

fn main() {
    let list = vec![Tensor::ones((Chunk, Embed)), Tensor::ones((Chunk, Hidden))];
    bind!(chunks: Chunks = list.len());
    let x = Tensor::try_concat(chunks, Chunk, &list);
}
