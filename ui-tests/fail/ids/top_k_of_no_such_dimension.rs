use congruent::prelude::*;

dims! { Batch = 2; Embed = 12; Vocab = 100; Top = 3; }

fn main() {
    let x = Tensor::ones((Batch, Embed));
    let y = x.top_k(Vocab, Top);
}
