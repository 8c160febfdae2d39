//! The backward pass of fused elementwise operations, block by block.

use super::elementwise::{
    DerivativeOf, derivative_of, derivative_uses_result, needed, times_derivative, times_partial_derivative,
};
use crate::backend::{Binary, Float, Program, Real, Step};
use crate::cpu::array::Array;
use crate::cpu::kernels::{InOut, Operand, generic, write};
use crate::cpu::ops::fused::{BLOCK, Plan, Reader, Source, blocks, cut, for_each_part, work};

/// The gradients of the inputs that need one and that the result depends on. For each block the values that derivatives depend
/// on are recomputed, and then the steps are differentiated in reverse.
pub fn fused<T: Float>(
    program: &Program<T>,
    inputs: &[Array<T>],
    gradient: &Array<T>,
    needs_grad: &[bool],
) -> Vec<Option<Array<T>>> {
    let backward_plan = BackwardPlan::new(program, needs_grad);
    let plan = Plan::new(program, |value| backward_plan.is_saved[value]);
    let sources: Vec<Source<T>> = inputs.iter().map(Source::new).collect();
    let gradients = Source::new(gradient);
    let has_grad: Vec<_> = (0..inputs.len()).filter(|&input| backward_plan.has_grad[input]).collect();
    let mut found: Vec<_> = has_grad.iter().map(|_| Array::build(gradient.sizes(), |_| ())).collect();
    let [block, part] = cut(&sources, gradient.layout().len());
    for_each_part(&mut found, part, 2 * part * work(program), |i, outs| {
        let count = outs[0].len();
        let mut memory = blocks(sources.len() + plan.registers() + backward_plan.max_gradients());
        let mut blocks = memory.get_mut().expect("nobody else holds it").chunks_mut(BLOCK);
        let mut readers: Vec<_> = sources.iter().zip(&mut blocks).map(Reader::new).collect();
        let mut registers: Vec<_> = blocks.by_ref().take(plan.registers()).collect();
        let mut sums = GradientBuffers::<T::Wide>::new(program.values(), blocks.collect());
        for at in (0..count).step_by(block) {
            let (first, len) = (i * part + at, block.min(count - at));
            readers.iter_mut().for_each(|reader| reader.read(first, len));
            plan.run(&readers, &mut registers, len);
            sums.begin(len, program.result(), |sum| gradients.copy(first, sum));
            backward_plan.run(|value| plan.value(value, &readers, &registers, len), &mut sums);
            for (input, out) in has_grad.iter().zip(&mut *outs) {
                sums.end(*input, |sum| write(&mut out[at..at + len], |out| out.copy_from_slice(sum)));
            }
        }
    });
    let shared = |of: Option<Gradient>| match of? {
        Gradient::OfResult => Some(gradient.clone()),
        Gradient::OfInput(input) => {
            Some(found[has_grad.iter().position(|of| *of == input).expect("it was calculated")].clone())
        }
    };
    backward_plan.grad_inputs.iter().map(|of| shared(*of)).collect()
}

/// Where the gradient of an input comes from.
#[derive(Clone, Copy, PartialEq)]
enum Gradient {
    /// That of the result itself.
    OfResult,
    /// The gradient computed for this input, which others may share.
    OfInput(usize),
}

/// The backward pass of a program.
struct BackwardPlan<'a, T> {
    program: &'a Program<T>,
    /// The values whose gradients are calculated.
    has_grad: Vec<bool>,
    /// The values that derivatives depend on.
    is_saved: Vec<bool>,
    /// For the inputs that need a gradient and that the result depends on.
    grad_inputs: Vec<Option<Gradient>>,
}

/// The values that depend on inputs that need gradients, and that the result depends on.
fn values_with_gradients<T>(program: &Program<T>, needs_grad: &[bool]) -> Vec<bool> {
    let (mut of_wanted, mut found) = (vec![false; program.values()], vec![false; program.values()]);
    of_wanted[..needs_grad.len()].copy_from_slice(needs_grad);
    for (value, step) in program.steps() {
        of_wanted[value] = step.values().any(|x| of_wanted[x]);
    }
    found[program.result()] = of_wanted[program.result()];
    for (value, step) in program.steps().rev() {
        if found[value] {
            step.values().for_each(|x| found[x] |= of_wanted[x]);
        }
    }
    found
}

/// For each value with a gradient, the value that it shares the gradient with: the result of an addition, if the value is
/// used nowhere else.
fn shared_gradients<T>(program: &Program<T>, has_grad: &[bool]) -> Vec<usize> {
    let (mut found, mut uses): (Vec<_>, _) = ((0..program.values()).collect(), vec![0; program.values()]);
    for (value, step) in program.steps().rev().filter(|(value, _)| has_grad[*value]) {
        for (number, x) in step.values().enumerate() {
            let is_added = match step {
                Step::Binary(Binary::Add, ..) | Step::ScalarBinary(Binary::Add, ..) => true,
                Step::Binary(Binary::Sub, ..) => number == 0,
                Step::BinaryScalar(op, ..) => matches!(op, Binary::Add | Binary::Sub),
                _ => false,
            };
            uses[x] += 1;
            found[x] = if is_added && uses[x] == 1 { found[value] } else { x };
        }
    }
    found
}

impl<'a, T: Float> BackwardPlan<'a, T> {
    fn new(program: &'a Program<T>, needs_grad: &[bool]) -> Self {
        let has_grad = values_with_gradients(program, needs_grad);
        let same = shared_gradients(program, &has_grad);
        let grad_input = |input: usize| match same[input] {
            of if of == program.result() => Gradient::OfResult,
            of => Gradient::OfInput((0..input).find(|&other| has_grad[other] && same[other] == of).unwrap_or(input)),
        };
        let grad_inputs: Vec<_> =
            (0..needs_grad.len()).map(|input| has_grad[input].then(|| grad_input(input))).collect();
        // Shared gradients are computed once.
        let own = |(input, of): (usize, &Option<_>)| *of == Some(Gradient::OfInput(input));
        let has_grad = values_with_gradients(program, &grad_inputs.iter().enumerate().map(own).collect::<Vec<_>>());
        let mut is_saved = vec![false; program.values()];
        for (value, step) in program.steps().filter(|(value, _)| has_grad[*value]) {
            match *step {
                Step::Unary(op, x) => match derivative_of(op) {
                    DerivativeOf::Nothing => {}
                    DerivativeOf::Argument => is_saved[x] = true,
                    DerivativeOf::Result => is_saved[value] = true,
                },
                Step::Binary(op, x, y) => {
                    let [first, second] = needed(op, [has_grad[x], has_grad[y]]);
                    is_saved[x] |= first;
                    is_saved[y] |= second;
                }
                Step::BinaryScalar(op, x, _) => is_saved[x] |= needed(op, [true, false])[0],
                Step::ScalarBinary(op, _, y) => is_saved[y] |= needed(op, [false, true])[1],
            }
        }
        BackwardPlan { program, has_grad, is_saved, grad_inputs }
    }

    /// The most gradients that are alive at once.
    fn max_gradients(&self) -> usize {
        let (mut is_there, mut count, mut max) = (vec![false; self.program.values()], 1, 1);
        for (_, step) in self.program.steps().rev().filter(|(value, _)| self.has_grad[*value]) {
            // The gradient of the result may be copied for a second argument before it is freed.
            max = max.max(count + 1);
            count -= 1;
            for x in step.values().filter(|&x| self.has_grad[x]) {
                count += !std::mem::replace(&mut is_there[x], true) as usize;
            }
        }
        max
    }

    /// From the gradient of the result to those of the inputs, for a block. They are accumulated in the same order as if each
    /// operation had been recorded by itself.
    fn run<'v>(&self, value: impl Fn(usize) -> &'v [T::Wide], sums: &mut GradientBuffers<'_, T::Wide>) {
        let saved = |at: usize| if self.is_saved[at] { value(at) } else { &[] };
        for (result, step) in self.program.steps().rev() {
            let Some(gradient) = sums.take(result) else { continue };
            let of = &mut gradient[..sums.len];
            match *step {
                Step::Unary(op, x) => {
                    times_derivative(op, saved(if derivative_uses_result(op) { result } else { x }), of);
                    sums.add(x, gradient);
                }
                Step::BinaryScalar(op, x, y) => {
                    let pair = [Operand::Slice(saved(x)), Operand::Scalar(y.widened())];
                    times_partial_derivative(op, 0, pair, of);
                    sums.add(x, gradient);
                }
                Step::ScalarBinary(op, x, y) => {
                    let pair = [Operand::Scalar(x.widened()), Operand::Slice(saved(y))];
                    times_partial_derivative(op, 1, pair, of);
                    sums.add(y, gradient);
                }
                Step::Binary(op, x, y) => {
                    let pair = [x, y].map(|value| Operand::Slice(saved(value)));
                    let have_grad = [x, y].map(|value| self.has_grad[value]);
                    let grad_y = if have_grad == [true; 2] { Some(sums.copy(of)) } else { None };
                    let last = if have_grad[0] { 0 } else { 1 };
                    times_partial_derivative(op, last, pair, of);
                    sums.add([x, y][last], gradient);
                    if let Some(grad_y) = grad_y {
                        times_partial_derivative(op, 1, pair, &mut grad_y[..sums.len]);
                        sums.add(y, grad_y);
                    }
                }
            }
        }
    }
}

/// The gradients of the values for a block, accumulated so far.
struct GradientBuffers<'a, R> {
    of: Vec<Option<&'a mut [R]>>,
    free: Vec<&'a mut [R]>,
    len: usize,
}

impl<'a, R: Real> GradientBuffers<'a, R> {
    /// For so many values, with buffers for those that are alive at once.
    fn new(values: usize, free: Vec<&'a mut [R]>) -> Self {
        GradientBuffers { of: (0..values).map(|_| None).collect(), free, len: 0 }
    }

    fn buffer(&mut self) -> &'a mut [R] {
        self.free.pop().expect("memory for as many as there are at once")
    }

    /// Begins a block of `len` elements with the gradient of the result.
    fn begin(&mut self, len: usize, result: usize, write: impl FnOnce(&mut [R])) {
        self.len = len;
        let buffer = self.buffer();
        write(&mut buffer[..len]);
        self.of[result] = Some(buffer);
    }

    fn take(&mut self, value: usize) -> Option<&'a mut [R]> {
        self.of[value].take()
    }

    fn copy(&mut self, elements: &[R]) -> &'a mut [R] {
        let buffer = self.buffer();
        buffer[..self.len].copy_from_slice(elements);
        buffer
    }

    fn add(&mut self, value: usize, addend: &'a mut [R]) {
        match &mut self.of[value] {
            Some(sum) => {
                let (sum, addend) = (InOut::in_place(&mut sum[..self.len]), Operand::Slice(&addend[..self.len]));
                generic::binary(Binary::Add, sum, addend, false);
            }
            none => return *none = Some(addend),
        }
        self.free.push(addend);
    }

    /// Hands over the gradient of an input.
    fn end(&mut self, input: usize, read: impl FnOnce(&[R])) {
        let sum = self.take(input).expect("the input has a gradient");
        read(&sum[..self.len]);
        self.free.push(sum);
    }
}
