use burn::tensor::{Device, Tensor};
use gallery_burn::*;

/// Hides what is behind the end of each sequence.
fn bias(lengths: [usize; 2]) -> Tensor<3> {
    let keys = lengths.map(|n| [0, 1, 2].map(|i| if i < n { 0.0 } else { f32::NEG_INFINITY }));
    Tensor::<2>::from_floats(keys, &Device::default()).unsqueeze_dim(1)
}

fn main() {
    let answers = wave([2, 3, 2]);
    let (questions_are, answers_are) = ([3, 1], [2, 3]); // lengths of two batches, both padded to 3
    let got = attend_biased(answers.clone(), answers.clone(), answers.clone(), bias(questions_are));
    report(got, attend_biased(answers.clone(), answers.clone(), answers, bias(answers_are)));
}
