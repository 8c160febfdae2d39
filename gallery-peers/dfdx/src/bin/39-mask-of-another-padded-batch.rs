use dfdx::prelude::*;
use gallery_dfdx::*;

/// Hides what is behind the end of each sequence.
fn bias(lengths: [usize; 2]) -> T<Rank3<2, 3, 3>> {
    let keys = lengths.map(|n| [0, 1, 2].map(|i| if i < n { 0.0 } else { f32::NEG_INFINITY }));
    Cpu::default().tensor(keys).broadcast::<_, Axis<1>>()
}

fn main() {
    let answers = wave::<Rank3<2, 3, 2>>();
    let (questions_are, answers_are) = ([3, 1], [2, 3]); // lengths of two batches, both padded to 3
    let got = attend(answers.clone(), answers.clone(), answers.clone(), bias(questions_are));
    report(got, attend(answers.clone(), answers.clone(), answers, bias(answers_are)));
}
