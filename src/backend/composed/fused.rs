//! A program, one operation after another.

use crate::backend::{ArrayOf, Backend, Float, Program, Step};

/// See [`Backend::fused`].
pub fn fused<B: Backend<Elem: Float>>(program: &Program<B::Elem>, inputs: &[ArrayOf<B>]) -> ArrayOf<B> {
    fused_values::<B>(program, &[program.result()], inputs.to_vec()).swap_remove(0)
}

/// See [`Backend::fused_values`].
pub fn fused_values<B: Backend<Elem: Float>>(
    program: &Program<B::Elem>,
    results: &[usize],
    inputs: Vec<ArrayOf<B>>,
) -> Vec<ArrayOf<B>> {
    // By value where no later step asks for it, so that its memory may be written into.
    let mut last = vec![0; program.values()];
    program.steps().for_each(|(at, step)| step.values().for_each(|value| last[value] = at));
    results.iter().for_each(|result| last[*result] = program.values());
    let mut values: Vec<Option<ArrayOf<B>>> = inputs.into_iter().map(Some).collect();
    for (at, step) in program.steps() {
        let mut value = |of: usize, is_again: bool| {
            let value = &mut values[of];
            let taken = if last[of] == at && !is_again { value.take() } else { value.clone() };
            taken.expect("a step is of values that were not taken yet")
        };
        let result = match *step {
            Step::Unary(op, x) => B::unary(op, value(x, false)),
            Step::Binary(op, x, y) => {
                let x = value(x, x == y);
                B::binary(op, x, value(y, false))
            }
            Step::BinaryScalar(op, x, y) => B::binary_scalar(op, value(x, false), y),
            Step::ScalarBinary(op, x, y) => B::scalar_binary(op, x, value(y, false)),
        };
        values.push(Some(result));
    }
    results.iter().map(|result| values[*result].take().expect("a result is not taken, and named once")).collect()
}
