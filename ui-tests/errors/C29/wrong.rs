use congruent::{Cpu, Create, Tensor, dims};

dims! { Batch = 2; Seq = 3; Vocab = 100; Embed = 8; }

fn main() {
    let table = Tensor::ones((Vocab, Embed));
    let ids = Cpu::<u32>::from_vec((Batch, Seq), vec![5, 6, 7, 8, 9, 99]).unwrap();
    let _x = table.lookup(&ids);
}
