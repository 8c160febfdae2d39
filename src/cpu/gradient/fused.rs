//! Gradients of elementwise operations one after another, block by block.

use super::elementwise::{is_by_result, needed, times_slope, times_slope_of_pair};
use crate::backend::{Binary, Float, Program, Real, Step, Unary};
use crate::cpu::array::Array;
use crate::cpu::kernels::{InOut, Operand, generic, write};
use crate::cpu::ops::fused::{BLOCK, Plan, Reader, Source, blocks, cut, work};
use crate::cpu::parallel::for_each_chunk;

/// Of the inputs, those that are wanted and have a part in the result. For each block the values that slopes depend on are
/// calculated again, and then the steps are gone back through.
pub fn fused<T: Float>(
    program: &Program<T>,
    inputs: &[Array<T>],
    gradient: &Array<T>,
    wanted: &[bool],
) -> Vec<Option<Array<T>>> {
    let way = Way::new(program, wanted);
    let plan = Plan::new(program, |value| way.is_kept[value]);
    let sources: Vec<Source<T>> = inputs.iter().map(Source::new).collect();
    let gradients = Source::new(gradient);
    let of_input = |input: usize| way.is_passed[input].then(|| Array::build(gradient.sizes(), |_| ()));
    let mut found: Vec<_> = (0..inputs.len()).map(of_input).collect();
    let count = gradient.layout().len();
    let [block, part] = cut(&sources, count);
    let mut parts: Vec<Vec<&mut [T]>> = (0..count.div_ceil(part)).map(|_| Vec::new()).collect();
    for array in found.iter_mut().flatten() {
        let elements = array.as_mut_slice().expect("nobody else holds it");
        parts.iter_mut().zip(elements.chunks_mut(part)).for_each(|(outs, out)| outs.push(out));
    }
    for_each_chunk(&mut parts, 1, 2 * part * work(program), |i, outs| {
        let outs = &mut outs[0];
        let Some(count) = outs.first().map(|out| out.len()) else { return };
        let mut memory = blocks(sources.len() + plan.registers() + way.most_sums());
        let mut blocks = memory.get_mut().expect("nobody else holds it").chunks_mut(BLOCK);
        let mut readers: Vec<_> = sources.iter().zip(&mut blocks).map(Reader::new).collect();
        let mut registers: Vec<_> = blocks.by_ref().take(plan.registers()).collect();
        let mut sums = Sums::<T::Wide>::new(program.values(), blocks.collect());
        for at in (0..count).step_by(block) {
            let (first, len) = (i * part + at, block.min(count - at));
            readers.iter_mut().for_each(|reader| reader.read(first, len));
            plan.run(&readers, &mut registers, len);
            sums.begin(len, program.result(), |sum| gradients.copy(first, sum));
            way.back(|value| plan.value(value, &readers, &registers, len), &mut sums);
            let of_inputs = (0..inputs.len()).filter(|&input| way.is_passed[input]);
            for (input, out) in of_inputs.zip(outs.iter_mut()) {
                sums.end(input, |sum| write(&mut out[at..at + len], |out| out.copy_from_slice(sum)));
            }
        }
    });
    let shared = |of: Option<Gradient>| match of? {
        Gradient::OfResult => Some(gradient.clone()),
        Gradient::OfInput(input) => found[input].clone(),
    };
    way.of_inputs.iter().map(|of| shared(*of)).collect()
}

/// Which gradient that of an input is.
#[derive(Clone, Copy, PartialEq)]
enum Gradient {
    /// That of the result itself.
    OfResult,
    /// That of this input, which is calculated: the same one, where both are only added.
    OfInput(usize),
}

/// The way back through a program.
struct Way<'a, T> {
    program: &'a Program<T>,
    /// The values whose gradients are calculated.
    is_passed: Vec<bool>,
    /// The values that slopes depend on.
    is_kept: Vec<bool>,
    /// Of the inputs that are wanted, and have a part in the result.
    of_inputs: Vec<Option<Gradient>>,
}

/// The values that depend on inputs that are wanted, and that the result depends on.
fn passed<T>(program: &Program<T>, wanted: &[bool]) -> Vec<bool> {
    let (mut of_wanted, mut found) = (vec![false; program.values()], vec![false; program.values()]);
    of_wanted[..wanted.len()].copy_from_slice(wanted);
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

/// For each value of which there is a gradient, the value whose gradient is the same: a later one, if it is added there and
/// used nowhere else.
fn same<T>(program: &Program<T>, is_passed: &[bool]) -> Vec<usize> {
    let (mut found, mut uses): (Vec<_>, _) = ((0..program.values()).collect(), vec![0; program.values()]);
    for (value, step) in program.steps().rev().filter(|(value, _)| is_passed[*value]) {
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

impl<'a, T: Float> Way<'a, T> {
    fn new(program: &'a Program<T>, wanted: &[bool]) -> Self {
        let is_passed = passed(program, wanted);
        let same = same(program, &is_passed);
        let of_input = |input: usize| match same[input] {
            of if of == program.result() => Gradient::OfResult,
            of => Gradient::OfInput((0..input).find(|&other| is_passed[other] && same[other] == of).unwrap_or(input)),
        };
        let of_inputs: Vec<_> = (0..wanted.len()).map(|input| is_passed[input].then(|| of_input(input))).collect();
        // Only what is not that of another is calculated.
        let own = |(input, of): (usize, &Option<_>)| *of == Some(Gradient::OfInput(input));
        let is_passed = passed(program, &of_inputs.iter().enumerate().map(own).collect::<Vec<_>>());
        let mut is_kept = vec![false; program.values()];
        for (value, step) in program.steps().filter(|(value, _)| is_passed[*value]) {
            match *step {
                Step::Unary(Unary::Neg, _) => {}
                Step::Unary(op, x) => is_kept[if is_by_result(op) { value } else { x }] = true,
                Step::Binary(op, x, y) => {
                    let [first, second] = needed(op, [is_passed[x], is_passed[y]]);
                    is_kept[x] |= first;
                    is_kept[y] |= second;
                }
                Step::BinaryScalar(op, x, _) => is_kept[x] |= needed(op, [true, false])[0],
                Step::ScalarBinary(op, _, y) => is_kept[y] |= needed(op, [false, true])[1],
            }
        }
        Way { program, is_passed, is_kept, of_inputs }
    }

    /// How many gradients there are at once, on the way or at its end.
    fn most_sums(&self) -> usize {
        let (mut is_there, mut count, mut most) = (vec![false; self.program.values()], 1, 1);
        for (_, step) in self.program.steps().rev().filter(|(value, _)| self.is_passed[*value]) {
            // That of the result may be copied for a second argument, before it goes.
            most = most.max(count + 1);
            count -= 1;
            for x in step.values().filter(|&x| self.is_passed[x]) {
                count += !std::mem::replace(&mut is_there[x], true) as usize;
            }
        }
        most
    }

    /// From the gradient of the result to those of the inputs, for a block. They are summed in the order in which they are
    /// where each operation was recorded by itself.
    fn back<'v>(&self, value: impl Fn(usize) -> &'v [T::Wide], sums: &mut Sums<'_, T::Wide>) {
        let kept = |at: usize| if self.is_kept[at] { value(at) } else { &[] };
        for (result, step) in self.program.steps().rev() {
            let Some(gradient) = sums.take(result) else { continue };
            let of = &mut gradient[..sums.len];
            match *step {
                Step::Unary(op, x) => {
                    times_slope(op, kept(if is_by_result(op) { result } else { x }), of);
                    sums.add(x, gradient);
                }
                Step::BinaryScalar(op, x, y) => {
                    let pair = [Operand::Slice(kept(x)), Operand::Scalar(y.widened())];
                    times_slope_of_pair(op, 0, pair, of);
                    sums.add(x, gradient);
                }
                Step::ScalarBinary(op, x, y) => {
                    let pair = [Operand::Scalar(x.widened()), Operand::Slice(kept(y))];
                    times_slope_of_pair(op, 1, pair, of);
                    sums.add(y, gradient);
                }
                Step::Binary(op, x, y) => {
                    let pair = [x, y].map(|value| Operand::Slice(kept(value)));
                    let passed = [x, y].map(|value| self.is_passed[value]);
                    let of_y = if passed == [true; 2] { Some(sums.copy(of)) } else { None };
                    let last = if passed[0] { 0 } else { 1 };
                    times_slope_of_pair(op, last, pair, of);
                    sums.add([x, y][last], gradient);
                    if let Some(of_y) = of_y {
                        times_slope_of_pair(op, 1, pair, &mut of_y[..sums.len]);
                        sums.add(y, of_y);
                    }
                }
            }
        }
    }
}

/// The gradients of the values for a block, as far as they are summed.
struct Sums<'a, R> {
    of: Vec<Option<&'a mut [R]>>,
    free: Vec<&'a mut [R]>,
    len: usize,
}

impl<'a, R: Real> Sums<'a, R> {
    /// Of so many values, with memory for those that there are at once.
    fn new(values: usize, free: Vec<&'a mut [R]>) -> Self {
        Sums { of: (0..values).map(|_| None).collect(), free, len: 0 }
    }

    fn room(&mut self) -> &'a mut [R] {
        self.free.pop().expect("memory for as many as there are at once")
    }

    /// For a block of so many elements, from the gradient of the result on.
    fn begin(&mut self, len: usize, result: usize, write: impl FnOnce(&mut [R])) {
        self.len = len;
        let room = self.room();
        write(&mut room[..len]);
        self.of[result] = Some(room);
    }

    fn take(&mut self, value: usize) -> Option<&'a mut [R]> {
        self.of[value].take()
    }

    fn copy(&mut self, elements: &[R]) -> &'a mut [R] {
        let room = self.room();
        room[..self.len].copy_from_slice(elements);
        room
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
        let sum = self.take(input).expect("an input that is passed has a gradient");
        read(&sum[..self.len]);
        self.free.push(sum);
    }
}
