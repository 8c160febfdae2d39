use gallery_incin::*;

/// Hides what is behind the end of each sequence.
fn bias(lengths: [usize; 2]) -> Result<T<s![Batch = 2, 1, Seq = 3]>> {
    let hide = |n: usize| [0, 1, 2].map(|i| if i < n { 0.0 } else { f32::NEG_INFINITY });
    tensor(lengths.map(hide).as_flattened())
}

fn main() -> Result<()> {
    let answers = wave::<s![Batch = 2, Seq = 3, HeadDim = 2]>()?;
    let (questions_are, answers_are) = ([3, 1], [2, 3]); // lengths of two batches, both padded to 3
    let right = attend!(answers, answers, answers, bias(answers_are)?);
    report(&attend!(answers, answers, answers, bias(questions_are)?), &right)
}
