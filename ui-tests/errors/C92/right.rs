use congruent::{Tensor, custom, dims};

dims! { Batch = 2; Embed = 4; }

fn main() {
    let x = Tensor::ones((Batch, Embed)).tracked();
    let y = custom(&x, |x| (x, 0.5f32), |by, gradient| gradient * -by);
    let gradients = y.sum(Embed).sum(Batch).backward();
    assert_eq!(gradients.of(&x).to_vec(), [-0.5; 8]);
}
