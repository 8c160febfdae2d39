use gallery_ndarray::*;
use ndarray::{ArrayRef2, Axis, arr0, array};

/// The divergence of probabilities from predicted ones, of which it takes the logarithms.
fn kl_div(predicted: &ArrayRef2<f32>, targets: &ArrayRef2<f32>) -> f32 {
    (targets * (targets.ln() - predicted)).sum() / targets.nrows() as f32
}

fn main() {
    let student = softmax(array![[1.0, 2.0, 3.0]], Axis(1)); // it says what its teacher says
    let teacher = student.clone();
    report(&arr0(kl_div(&student, &teacher)), &arr0(kl_div(&student.ln(), &teacher)));
}
