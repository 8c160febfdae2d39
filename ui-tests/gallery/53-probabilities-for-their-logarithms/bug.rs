use congruent::nn::kl_divergence;
use congruent::{Tensor, dims};

dims! { Batch = 1; Classes = 3; }

fn distillation(student: &Tensor<(Batch, Classes)>, teacher: &Tensor<(Batch, Classes)>) {
    let loss = kl_divergence(&student.softmax(Classes), &teacher.log_softmax(Classes), Classes).mean(Batch);
}

fn main() {}
