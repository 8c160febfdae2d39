//! Lion.

use super::pass::Pass;
use super::{Rule, State, check_settings};
use crate::backend::{ArrayOf, Backend, Float, Unary};

/// Lion ([Chen et al. 2023](https://arxiv.org/abs/2302.06675)): each element falls by `learning_rate`, in the direction of the
/// sign of a mean of its gradients, and by `learning_rate · weight_decay` of itself. It keeps one array where [`AdamW`] keeps two, and
/// wants a learning rate 3 to 10 times smaller and a decay as many times larger.
///
/// ```
/// use congruent::optim::{Lion, Optimizer};
/// use congruent::prelude::*;
/// dims! { Embed = 2; }
/// let mut x = Tensor::from_nested((Embed,), [1.0, -3.0]).tracked();
/// let gradients = x.square().sum(Embed).backward();
/// Optimizer::new(Lion { learning_rate: 0.25, ..Lion::default() }).step(&mut x, &gradients, 1.0);
/// assert_eq!(x.to_vec(), [0.75, -2.75]);
/// ```
///
/// [`AdamW`]: super::AdamW
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lion {
    /// By how much each element changes.
    pub learning_rate: f64,
    /// How much of the running mean is in the direction of a step, and how much of it stays for the next one.
    pub betas: [f64; 2],
    /// By how much a parameter falls by itself, in parts of itself and times the learning rate.
    pub weight_decay: f64,
}

/// The values of the paper, without decay.
impl Default for Lion {
    fn default() -> Self {
        Lion { learning_rate: 1e-4, betas: [0.9, 0.99], weight_decay: 0.0 }
    }
}

impl<B: Backend<Elem: Float>> Rule<B> for Lion {
    fn check(&self) {
        let [direction, stays] = self.betas;
        check_settings([("betas[0]", direction), ("betas[1]", stays)], 1.0);
        check_settings([("learning_rate", self.learning_rate), ("weight_decay", self.weight_decay)], f64::INFINITY);
    }

    fn state(&self, sizes: &[usize]) -> Vec<Vec<usize>> {
        vec![sizes.to_vec()]
    }

    fn step(&self, parameter: ArrayOf<B>, gradient: ArrayOf<B>, state: &mut State<B>, factor: f64) -> ArrayOf<B> {
        let (rate, [direction, stays]) = (self.learning_rate * factor, self.betas);
        let (mut pass, [x, of_loss, mean]) = Pass::of();
        let step = pass.mixed(mean, of_loss, direction);
        let step = pass.unary(Unary::Sign, step);
        let mean = pass.mixed(mean, of_loss, stays);
        let x = pass.scaled(x, 1.0 - rate * self.weight_decay);
        let x = pass.plus(x, step, -rate);
        pass.step::<B>(&[x, mean], parameter, gradient, state)
    }
}
