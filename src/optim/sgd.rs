//! Stochastic gradient descent.

use super::{Rule, State, added, check_settings, scaled};
use crate::backend::{ArrayOf, Backend, Float};

/// Stochastic gradient descent with momentum, as PyTorch defines it
/// ([Sutskever et al. 2013](https://proceedings.mlr.press/v28/sutskever13.html)): the velocity is
/// `momentum · velocity + gradient`, and the parameter falls by `learning_rate · velocity`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// By how much a parameter falls, in velocities.
    pub learning_rate: f64,
    /// How much of the velocity stays from one step to the next.
    pub momentum: f64,
    /// Whether the step is that of the velocity after next: `momentum · velocity + gradient`, with the new velocity.
    pub nesterov: bool,
    /// How much of the parameter is added to its gradient.
    pub weight_decay: f64,
}

/// A learning rate of 0.01, without momentum and decay.
impl Default for Sgd {
    fn default() -> Self {
        Sgd { learning_rate: 0.01, momentum: 0.0, nesterov: false, weight_decay: 0.0 }
    }
}

impl<B: Backend<Elem: Float>> Rule<B> for Sgd {
    fn check(&self) {
        let Sgd { learning_rate, momentum, weight_decay, .. } = *self;
        let settings = [("learning_rate", learning_rate), ("momentum", momentum), ("weight_decay", weight_decay)];
        check_settings(settings, f64::INFINITY);
    }

    fn state(&self, sizes: &[usize]) -> Vec<Vec<usize>> {
        vec![sizes.to_vec(); usize::from(self.momentum != 0.0)]
    }

    fn step(&self, parameter: ArrayOf<B>, gradient: ArrayOf<B>, state: &mut State<B>, factor: f64) -> ArrayOf<B> {
        let gradient = decayed::<B>(gradient, &parameter, self.weight_decay);
        let velocity = match state.moments.pop() {
            None => gradient,
            Some(velocity) => {
                let velocity = added::<B>(scaled::<B>(velocity, self.momentum), gradient.clone());
                state.moments.push(velocity.clone());
                if self.nesterov { added::<B>(scaled::<B>(velocity, self.momentum), gradient) } else { velocity }
            }
        };
        added::<B>(parameter, scaled::<B>(velocity, -self.learning_rate * factor))
    }
}

/// The gradient of the loss and of `weight_decay / 2 · parameter²`.
pub(super) fn decayed<B: Backend<Elem: Float>>(
    gradient: ArrayOf<B>,
    parameter: &ArrayOf<B>,
    weight_decay: f64,
) -> ArrayOf<B> {
    if weight_decay == 0.0 {
        return gradient;
    }
    added::<B>(gradient, scaled::<B>(parameter.clone(), weight_decay))
}
