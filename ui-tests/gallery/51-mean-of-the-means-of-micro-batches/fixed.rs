use congruent::nn::{MeanOver, sum_of_valid};
use congruent::{Lengths, Ragged, Tensor, dims};

dims! { Batch = 1; Seq = 4; }

fn main() {
    let model = Tensor::ones((Ragged(Seq),)).tracked();
    let mut mean = MeanOver::new();
    for (loss, length) in [(1.0, 4), (6.0, 1)] {
        let losses = Tensor::full((Batch, Ragged(Seq)), loss) * &model;
        mean.add(&model, sum_of_valid(&losses, &Lengths::new(Batch, Ragged(Seq), &[length]).unwrap()));
    }
    assert_eq!(mean.loss(), 2.0);
}
