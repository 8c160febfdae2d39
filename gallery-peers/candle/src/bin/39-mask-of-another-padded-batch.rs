use candle_core::{Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    let answers = wave((2, 3, 2))?;
    let (questions_are, answers_are) = ([3, 1], [2, 3]); // lengths of two batches, both padded to 3
    let bias = |lengths: [usize; 2]| {
        let rows = lengths.map(|n| [[0, 1, 2].map(|key| if key < n { 0.0 } else { f32::NEG_INFINITY })]);
        Tensor::new(&rows, &Cpu)
    };
    let masked = |lengths| attend_with(&answers, &answers, &answers, &bias(lengths)?);
    report(&masked(questions_are)?, &masked(answers_are)?)
}
