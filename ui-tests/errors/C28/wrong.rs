use congruent::{Lengths, Ragged, Tensor, dims};

dims! { Batch = 2; Question = 4; Answer = 3; Embed = 8; }

fn main() {
    let lengths = Lengths::new(Batch, Ragged(Answer), &[3, 1]).unwrap();
    let questions = Tensor::ones((Batch, Ragged(Question), Embed));
    let _mean = questions.masked_mean(&lengths);
}
