use congruent::{Tensor, TensorOf, dims};

dims! { Seq = 2; Vocab = 5; Embed = 2; }

fn embed(table: &Tensor<(Vocab, Embed)>, ids: &TensorOf<(Seq,), u32>) {
    let x = table.lookup(ids);
}

fn main() {}
