use congruent::{Tensor, bind, dims};

dims! { Seq; Embed = 8; }

fn main() {
    let words: Vec<&str> = "a cat sat on the mat".split(' ').collect();
    bind!(seq: Seq = words.len());
    let x = Tensor::ones((seq, Embed));
    assert_eq!(x.sizes(), [6, 8]);
}
