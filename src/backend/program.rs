//! Elementwise operations one after another, as a value.

use super::{Binary, Unary};

/// A function of several numbers: what [`Backend::fused`](super::Backend::fused) calculates of each element.
///
/// Values are known by their numbers: first the inputs, then the result of each step.
#[derive(Clone, Debug, PartialEq)]
pub struct Program<T> {
    inputs: usize,
    steps: Vec<Step<T>>,
    result: usize,
}

/// An operation on values that were there before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step<T> {
    /// A function of a value.
    Unary(Unary, usize),
    /// A function of two values.
    Binary(Binary, usize, usize),
    /// A function of a value and a number.
    BinaryScalar(Binary, usize, T),
    /// A function of a number and a value.
    ScalarBinary(Binary, T, usize),
}

impl<T> Step<T> {
    /// The values that it is calculated of.
    ///
    /// ```
    /// use congruent::backend::{Binary, Step};
    /// assert_eq!(Step::<f32>::Binary(Binary::Add, 0, 2).values().collect::<Vec<_>>(), [0, 2]);
    /// assert_eq!(Step::BinaryScalar(Binary::Mul, 1, 2.0).values().collect::<Vec<_>>(), [1]);
    /// ```
    pub fn values(&self) -> impl Iterator<Item = usize> + use<T> {
        let (first, second) = match *self {
            Step::Unary(_, x) | Step::BinaryScalar(_, x, _) | Step::ScalarBinary(_, _, x) => (x, None),
            Step::Binary(_, x, y) => (x, Some(y)),
        };
        std::iter::once(first).chain(second)
    }
}

impl<T> Program<T> {
    /// The function that gives the first of so many inputs.
    ///
    /// ```
    /// use congruent::backend::Program;
    /// let program = Program::<f32>::new(2);
    /// assert_eq!((program.inputs(), program.result()), (2, 0));
    /// ```
    ///
    /// # Panics
    /// There is none.
    pub fn new(inputs: usize) -> Self {
        assert!(inputs > 0, "a function of nothing");
        Program { inputs, steps: Vec::with_capacity(8), result: 0 }
    }

    /// One step more: the number of its result, which becomes that of the function.
    ///
    /// ```
    /// use congruent::backend::{Binary, Program, Step, Unary};
    /// // `(x + y).exp()`
    /// let mut program = Program::<f32>::new(2);
    /// let sum = program.push(Step::Binary(Binary::Add, 0, 1));
    /// assert_eq!((sum, program.push(Step::Unary(Unary::Exp, sum))), (2, 3));
    /// ```
    ///
    /// # Panics
    /// The step is of a value that is not there.
    pub fn push(&mut self, step: Step<T>) -> usize {
        let value = self.inputs + self.steps.len();
        assert!(step.values().all(|of| of < value), "a step is of values before it");
        self.steps.push(step);
        self.result = value;
        value
    }

    /// Makes this value the result.
    ///
    /// ```
    /// use congruent::backend::{Program, Step, Unary};
    /// let mut program = Program::<f32>::new(1);
    /// program.push(Step::Unary(Unary::Exp, 0));
    /// program.give(0);
    /// assert_eq!(program.result(), 0);
    /// ```
    ///
    /// # Panics
    /// There is no such value.
    pub fn give(&mut self, value: usize) {
        assert!(value < self.inputs + self.steps.len(), "a result is a value");
        self.result = value;
    }

    /// How many numbers it is a function of.
    ///
    /// ```
    /// use congruent::backend::Program;
    /// assert_eq!(Program::<f32>::new(3).inputs(), 3);
    /// ```
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// How many values there are: inputs, and results of steps.
    ///
    /// ```
    /// use congruent::backend::{Program, Step, Unary};
    /// let mut program = Program::<f32>::new(2);
    /// program.push(Step::Unary(Unary::Exp, 0));
    /// assert_eq!(program.values(), 3);
    /// ```
    pub fn values(&self) -> usize {
        self.inputs + self.steps.len()
    }

    /// The steps, each with the number of its result.
    ///
    /// ```
    /// use congruent::backend::{Program, Step, Unary};
    /// let mut program = Program::<f32>::new(2);
    /// program.push(Step::Unary(Unary::Exp, 0));
    /// assert_eq!(program.steps().collect::<Vec<_>>(), [(2, &Step::Unary(Unary::Exp, 0))]);
    /// ```
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = (usize, &Step<T>)> + ExactSizeIterator {
        self.steps.iter().enumerate().map(|(i, step)| (self.inputs + i, step))
    }

    /// The number of the value that it gives.
    ///
    /// ```
    /// use congruent::backend::{Program, Step, Unary};
    /// let mut program = Program::<f32>::new(1);
    /// program.push(Step::Unary(Unary::Exp, 0));
    /// assert_eq!(program.result(), 1);
    /// ```
    pub fn result(&self) -> usize {
        self.result
    }
}
