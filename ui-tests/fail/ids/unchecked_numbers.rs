use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; Vocab = 100; }

fn main() {
    let table = Tensor::ones((Vocab, Embed));
    let ids = Cpu::<u32>::zeros((Batch, Seq));
    let y = table.lookup(&ids);
}
