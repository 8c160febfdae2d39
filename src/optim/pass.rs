//! A step of an optimizer as one pass over its arrays.

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

    /// These values, of arrays of one size.
    pub fn run<B: Backend<Elem = T>, const COUNT: usize>(
        &self,
        values: [usize; COUNT],
        inputs: Vec<ArrayOf<B>>,
    ) -> [ArrayOf<B>; COUNT] {
        let found = B::fused_values(&self.0, &values, inputs);
        found.try_into().unwrap_or_else(|_| panic!("an array for each value"))
    }
}
