use congruent::LogProbabilitiesAlong;
use congruent::nn::InTraining;
use congruent::prelude::*;
dims! { Vocab = 3; }

impl LogProbabilitiesAlong<Vocab> for Tensor<(Vocab,)> {}

struct Predicting(Rng);

impl InTraining for Predicting {
    fn rng(&mut self) -> &mut Rng {
        &mut self.0
    }
}

fn main() {}
