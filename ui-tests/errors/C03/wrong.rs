use congruent::{Tensor, bind, dims};

dims! { Seq = 512; Embed = 8; }

fn main() {
    let words: Vec<&str> = "a cat sat on the mat".split(' ').collect();
    bind!(seq: Seq = words.len());
    let _x = Tensor::ones((seq, Embed));
}
