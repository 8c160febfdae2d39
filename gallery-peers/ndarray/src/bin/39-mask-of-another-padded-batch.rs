use gallery_ndarray::*;
use ndarray::Array3;

fn main() {
    let answers = wave((2, 3, 2));
    let (questions_are, answers_are) = ([3, 1], [2, 3]); // lengths of two batches, both padded to 3
    let masked = |lengths: [usize; 2]| {
        let shown = |(batch, _, key): (usize, usize, usize)| key < lengths[batch];
        let bias = Array3::from_shape_fn((2, 1, 3), |at| if shown(at) { 0.0 } else { f32::NEG_INFINITY });
        attend_with(&answers, &answers, &answers, &bias)
    };
    report(&masked(questions_are), &masked(answers_are));
}
