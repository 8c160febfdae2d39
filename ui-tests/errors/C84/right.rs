use congruent::{Tensor, dims};

dims! { Batch = 2; Embed = 4; }

fn main() {
    let mut x = Tensor::ones((Batch, Embed));
    x -= x.mean(Embed).expand_as(&x, Embed);
    assert_eq!(x.to_vec(), [0.0; 8]);
}
