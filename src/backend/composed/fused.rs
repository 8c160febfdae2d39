//! A program, one operation after another.

use crate::backend::{ArrayOf, Backend, Float, Program, Step};

/// See [`Backend::fused`].
pub fn fused<B: Backend<Elem: Float>>(program: &Program<B::Elem>, inputs: &[ArrayOf<B>]) -> ArrayOf<B> {
    // By value where no later step asks for it, so that its memory may be written into.
    let mut last = vec![0; program.values()];
    program.steps().for_each(|(at, step)| step.values().for_each(|value| last[value] = at));
    last[program.result()] = program.values();
    let mut values: Vec<Option<ArrayOf<B>>> = inputs.iter().cloned().map(Some).collect();
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
    values.swap_remove(program.result()).expect("the result is not taken")
}
