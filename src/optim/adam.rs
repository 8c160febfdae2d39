//! Adam, and what became of it.

use super::pass::Pass;
use super::{Rule, State, check_settings};
use crate::backend::{ArrayOf, Backend, Binary, DataType, Float, Primitive, Unary};

/// Adam ([Kingma and Ba 2015](https://arxiv.org/abs/1412.6980)): the parameter falls by
/// `learning_rate · mean / (√square + epsilon)`, with running means of the gradient and of its square, corrected for
/// having begun at zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// By how much a parameter falls, while its gradient stays the same.
    pub learning_rate: f64,
    /// How much of the running means of the gradient and of its square stays from one step to the next.
    pub betas: [f64; 2],
    /// What is added to the root of the mean square: of `f16` at least 2⁻¹⁴, its smallest normal number, since less is zero there, and
    /// the step of a small gradient infinite.
    pub epsilon: f64,
    /// How much of the parameter is added to its gradient.
    pub weight_decay: f64,
}

/// The values of the paper, without decay.
impl Default for Adam {
    fn default() -> Self {
        Adam { learning_rate: 1e-3, betas: [0.9, 0.999], epsilon: 1e-8, weight_decay: 0.0 }
    }
}

impl<B: Backend<Elem: Float>> Rule<B> for Adam {
    fn check(&self) {
        let [mean, square] = self.betas;
        check_settings([("betas[0]", mean), ("betas[1]", square)], 1.0);
        let (rate, decay) = (self.learning_rate, self.weight_decay);
        check_settings([("learning_rate", rate), ("epsilon", self.epsilon), ("weight_decay", decay)], f64::INFINITY);
    }

    fn state(&self, sizes: &[usize]) -> Vec<Vec<usize>> {
        vec![sizes.to_vec(); 2]
    }

    fn step(&self, parameter: ArrayOf<B>, gradient: ArrayOf<B>, state: &mut State<B>, factor: f64) -> ArrayOf<B> {
        self.step_of_decayed(1.0, parameter, gradient, state, factor)
    }
}

impl Adam {
    /// A step of a parameter of which so much stays.
    fn step_of_decayed<B: Backend<Elem: Float>>(
        &self,
        stays: f64,
        parameter: ArrayOf<B>,
        gradient: ArrayOf<B>,
        state: &mut State<B>,
        factor: f64,
    ) -> ArrayOf<B> {
        let [mean_stays, square_stays] = self.betas;
        let begun = |stays: f64| 1.0 - stays.powi(state.steps.try_into().unwrap_or(i32::MAX));
        let least = if B::Elem::DATA_TYPE == DataType::F16 { 2f64.powi(-14) } else { 0.0 };
        let (mut pass, [x, gradient_of_loss, mean, square]) = Pass::of();
        let of_loss = pass.decayed(gradient_of_loss, x, self.weight_decay);
        let squared = pass.unary(Unary::Square, of_loss);
        let (mean, square) = (pass.mixed(mean, of_loss, mean_stays), pass.mixed(square, squared, square_stays));
        // √(square / begun) + epsilon, in one factor.
        let root = pass.unary(Unary::Sqrt, square);
        let root = pass.scaled(root, begun(square_stays).sqrt().recip());
        let root = pass.with_number(Binary::Add, root, self.epsilon.max(least));
        let direction = pass.binary(Binary::Div, mean, root);
        let x = if stays == 1.0 { x } else { pass.scaled(x, stays) };
        let x = pass.plus(x, direction, -self.learning_rate * factor / begun(mean_stays));
        pass.step::<B>(&[x, mean, square], parameter, gradient, state)
    }
}

/// Adam with a decay of the parameter that has no part in the running means
/// ([Loshchilov and Hutter 2019](https://arxiv.org/abs/1711.05101)): before each step, the parameter falls by
/// `learning_rate · weight_decay` of itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// By how much a parameter falls, while its gradient stays the same.
    pub learning_rate: f64,
    /// How much of the running means of the gradient and of its square stays from one step to the next.
    pub betas: [f64; 2],
    /// What is added to the root of the mean square, as in [`Adam`].
    pub epsilon: f64,
    /// By how much a parameter falls by itself, in parts of itself and times the learning rate.
    pub weight_decay: f64,
}

/// The values of Adam, and a decay of 0.01, as PyTorch has them.
impl Default for AdamW {
    fn default() -> Self {
        let Adam { learning_rate, betas, epsilon, .. } = Adam::default();
        AdamW { learning_rate, betas, epsilon, weight_decay: 0.01 }
    }
}

impl AdamW {
    /// Adam with the same settings.
    fn adam(&self) -> Adam {
        let AdamW { learning_rate, betas, epsilon, weight_decay } = *self;
        Adam { learning_rate, betas, epsilon, weight_decay }
    }
}

impl<B: Backend<Elem: Float>> Rule<B> for AdamW {
    fn check(&self) {
        Rule::<B>::check(&self.adam());
    }

    fn state(&self, sizes: &[usize]) -> Vec<Vec<usize>> {
        Rule::<B>::state(&self.adam(), sizes)
    }

    fn step(&self, parameter: ArrayOf<B>, gradient: ArrayOf<B>, state: &mut State<B>, factor: f64) -> ArrayOf<B> {
        let stays = 1.0 - self.learning_rate * factor * self.weight_decay;
        Adam { weight_decay: 0.0, ..self.adam() }.step_of_decayed(stays, parameter, gradient, state, factor)
    }
}
