use congruent::nn::absolute_error;
use congruent::prelude::*;

dims! { Batch = 2; }

fn main() {
    let predicted = Tensor::ones((Batch,));
    let losses = absolute_error(&predicted, &Cpu::<f64>::ones((Batch,)));
}
