//! A step of an optimizer as one pass over its arrays.

use super::rule::State;
use crate::backend::{ArrayOf, Backend, Binary, Float, Program, Step, Unary, constant};

/// What is calculated of each element of some arrays, written down to be calculated in one pass. Values are known by their numbers.
pub struct Pass<T>(Program<T>);

impl<T: Float> Pass<T> {
    /// Of so many arrays, whose numbers are the first.
    pub fn of<const COUNT: usize>() -> (Self, [usize; COUNT]) {
        (Pass(Program::new(COUNT)), std::array::from_fn(|input| input))
    }

    pub fn unary(&mut self, op: Unary, x: usize) -> usize {
        self.0.push(Step::Unary(op, x))
    }

    pub fn binary(&mut self, op: Binary, x: usize, y: usize) -> usize {
        self.0.push(Step::Binary(op, x, y))
    }

    pub fn with_number(&mut self, op: Binary, x: usize, y: f64) -> usize {
        self.0.push(Step::BinaryScalar(op, x, constant(y)))
    }

    pub fn scaled(&mut self, x: usize, factor: f64) -> usize {
        self.with_number(Binary::Mul, x, factor)
    }

    /// `x + factor · y`.
    pub fn plus(&mut self, x: usize, y: usize, factor: f64) -> usize {
        let y = self.scaled(y, factor);
        self.binary(Binary::Add, x, y)
    }

    /// `stays · x + (1 - stays) · y`.
    pub fn mixed(&mut self, x: usize, y: usize, stays: f64) -> usize {
        let x = self.scaled(x, stays);
        self.plus(x, y, 1.0 - stays)
    }

    /// The gradient of the loss and of `weight_decay / 2 · parameter²`.
    pub fn decayed(&mut self, gradient: usize, parameter: usize, weight_decay: f64) -> usize {
        if weight_decay == 0.0 { gradient } else { self.plus(gradient, parameter, weight_decay) }
    }

    /// The parameter after a step, which is the first of these values; the others take the place of the moments. Nobody else holds those, so
    /// that they are written where they lie.
    pub fn step<B: Backend<Elem = T>>(
        &self,
        values: &[usize],
        parameter: ArrayOf<B>,
        gradient: ArrayOf<B>,
        state: &mut State<B>,
    ) -> ArrayOf<B> {
        let mut inputs = vec![parameter, gradient];
        inputs.append(&mut state.moments);
        let mut found = B::fused_values(&self.0, values, inputs);
        state.moments = found.split_off(1);
        found.pop().expect("an array for each value")
    }
}
