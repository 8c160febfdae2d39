use congruent::{Lengths, Ragged, Tensor, dims};

dims! { Batch = 2; Question = 4; Answer = 3; Embed = 8; }

fn main() {
    let lengths = Lengths::new(Batch, Ragged(Question), &[4, 2]).unwrap();
    let questions = Tensor::ones((Batch, Ragged(Question), Embed));
    let mean = questions.masked_mean(&lengths);
    assert_eq!(mean.sizes(), [2, 8]);
}
