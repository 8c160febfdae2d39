use congruent::prelude::*;

dims! { Chunks; Chunk = 4; Embed = 12; }

fn main() {
    let list = vec![Tensor::ones((Chunk, Embed)), Cpu::<f64>::ones((Chunk, Embed))];
    bind!(chunks: Chunks = list.len());
    let x = Tensor::try_concat(chunks, Chunk, &list);
}
