use congruent::{Tensor, dims};

dims! { Batch = 2; Embed = 4; }

fn main() {
    let x = Tensor::ones((Batch, Embed));
    let inside = x.greater_than(0.0) & x.less_than(2.0);
    assert_eq!(inside.to_vec(), [true; 8]);
}
