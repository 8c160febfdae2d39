//! Probabilities in place of their logarithms.
use congruent::nn::{LogLikelihood, Preference};
use congruent::prelude::*;

dims! { Batch = 2; }

fn loss(policy: Tensor<(Batch,)>, reference: LogLikelihood<(Batch,)>) {
    let [chosen, reference_chosen, reference_rejected] = [&reference; 3];
    Preference { chosen, rejected: &policy.exp(), reference_chosen, reference_rejected }.loss(0.1);
}

fn main() {}
