use congruent::nn::kl_divergence;
use congruent::prelude::*;

dims! { Batch = 1; Classes = 3; }

fn main() {
    let student = Tensor::zeros((Batch, Classes));
    let teacher = Tensor::ones((Batch, Classes)).log_softmax(Classes);
    let losses = kl_divergence(&student.log_softmax(Classes), &teacher, Classes);
    assert_eq!(losses.sizes(), [1]);
}
