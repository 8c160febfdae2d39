//! What an optimizer does to one parameter.

use crate::backend::{ArrayOf, Backend, Float};
use crate::cpu::Cpu;
use crate::module::quoted;

/// What an optimizer does to one parameter.
///
/// What a rule gives is compared with the sizes of the parameter before it is stored: see [`Optimizer::step`](super::Optimizer::step).
pub trait Rule<B: Backend<Elem: Float> = Cpu<f32>>: Send + Sync {
    /// Asked where an [`Optimizer`](super::Optimizer) gets the rule, and before each step of a parameter, when nothing has changed yet.
    ///
    /// # Panics
    /// A setting is out of its range: the parameter would become NaN, or go the wrong way.
    #[track_caller]
    fn check(&self) {}

    /// The sizes of each array in the state of a parameter of these sizes. They begin as zeros.
    fn state(&self, sizes: &[usize]) -> Vec<Vec<usize>>;

    /// Whether a step changes each element by its own gradient and state alone. One that reads others (an average over rows, a
    /// norm) cannot change a parameter of which a rank of a mesh has a part.
    fn is_elementwise(&self) -> bool {
        true
    }

    /// The parameter after a step. `factor` is what the learning rate of the rule is multiplied by.
    fn step(&self, parameter: ArrayOf<B>, gradient: ArrayOf<B>, state: &mut State<B>, factor: f64) -> ArrayOf<B>;
}

/// The state of an optimizer for one parameter.
pub struct State<B: Backend = Cpu<f32>> {
    /// How many steps there were, with the one that is being calculated.
    pub steps: u64,
    /// Arrays of the sizes that [`Rule::state`] says.
    pub moments: Vec<ArrayOf<B>>,
}

impl<B: Backend> Clone for State<B> {
    fn clone(&self) -> Self {
        State { steps: self.steps, moments: self.moments.clone() }
    }
}

impl<B: Backend> State<B> {
    /// Puts what `f` makes of an array in its place, and gives it. `f` holds the array alone, and may write into it.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::backend::Binary::{Add, Mul};
    /// use congruent::cpu::Array;
    /// use congruent::optim::{Optimizer, Rule, State};
    /// dims! { Embed = 2; }
    /// /// A step by the sum of all gradients so far.
    /// struct Summed;
    /// impl Rule for Summed {
    ///     fn state(&self, sizes: &[usize]) -> Vec<Vec<usize>> {
    ///         vec![sizes.to_vec()]
    ///     }
    ///     fn step(&self, x: Array<f32>, gradient: Array<f32>, state: &mut State, factor: f64) -> Array<f32> {
    ///         let sum = state.change(0, |sum| Cpu::<f32>::binary(Add, sum, gradient));
    ///         Cpu::<f32>::binary(Add, x, Cpu::<f32>::binary_scalar(Mul, sum, -factor as f32))
    ///     }
    /// }
    /// let mut model = Tensor::ones((Embed,)).tracked();
    /// let mut optimizer = Optimizer::new(Summed);
    /// for _ in 0..2 {
    ///     let gradients = model.sum(Embed).backward();
    ///     optimizer.step(&mut model, &gradients, 1.0);
    /// }
    /// assert_eq!(model.to_vec(), [-2.0, -2.0]);
    /// ```
    pub fn change(&mut self, moment: usize, f: impl FnOnce(ArrayOf<B>) -> ArrayOf<B>) -> ArrayOf<B>
    where
        B::Elem: Float,
    {
        let empty = B::filled(num_traits::zero(), &[0], &B::device(&self.moments[moment]));
        let after = f(std::mem::replace(&mut self.moments[moment], empty));
        self.moments[moment] = after.clone();
        after
    }

    /// Asserts that it is one of a parameter of this name.
    pub(super) fn check(&self, name: &str, expected: &[Vec<usize>]) {
        let found: Vec<_> = self.moments.iter().map(B::sizes).collect();
        let name = quoted(name);
        assert!(found == expected, "the state of {name} has arrays of sizes {expected:?}, and found are {found:?}");
    }
}
