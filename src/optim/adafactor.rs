//! Adafactor.

use super::{Rule, State, added, check_settings, mixed, scaled};
use crate::backend::{ArrayOf, Backend, Binary, Float, Reduce, Unary, composed, constant};
use num_traits::Zero;

/// Adafactor ([Shazeer and Stern 2018](https://arxiv.org/abs/1804.04235)), as PyTorch has it: the gradient is divided by the root of
/// a running mean of its square, of which a matrix keeps the means of its rows and of its columns alone. That is next to no memory. A
/// step is as long as the parameter is large: it has `learning_rate` of its root mean square.
///
/// A parameter of more axes is a stack of matrices of its last two; one of fewer keeps the mean of each element.
///
/// ```
/// use congruent::optim::{Adafactor, Optimizer};
/// use congruent::prelude::*;
/// dims! { In = 3; Out = 2; }
/// let mut x = Tensor::full((Out, In), 4.0).tracked();
/// let gradients = x.square().sum(Out).sum(In).backward();
/// Optimizer::new(Adafactor::default()).step(&mut x, &gradients, 1.0);
/// assert!(x.to_vec().iter().all(|x| (x - 3.96).abs() < 1e-5));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adafactor {
    /// The length of a step, in parts of the root mean square of the parameter. From step `t` on it is `1 / √t`, if that is less.
    pub learning_rate: f64,
    /// How fast the running means become slow: `1 - t^-decay` of them stays at step `t`.
    pub decay: f64,
    /// What the root of the running mean is at least, and the root mean square of the parameter.
    pub epsilons: [f64; 2],
    /// The root mean square of what the gradient has become, from which on it is made smaller.
    pub clip: f64,
    /// By how much a parameter falls by itself, in parts of itself and times the learning rate.
    pub weight_decay: f64,
}

/// PyTorch's values for single precision.
impl Default for Adafactor {
    fn default() -> Self {
        let epsilons = [f64::from(f32::EPSILON), 1e-3];
        Adafactor { learning_rate: 1e-2, decay: 0.8, epsilons, clip: 1.0, weight_decay: 0.0 }
    }
}

impl<B: Backend<Elem: Float>> Rule<B> for Adafactor {
    fn check(&self) {
        let [root, parameter] = self.epsilons;
        let settings = [("learning_rate", self.learning_rate), ("decay", self.decay), ("clip", self.clip)];
        check_settings(settings, f64::INFINITY);
        let settings = [("epsilons[0]", root), ("epsilons[1]", parameter), ("weight_decay", self.weight_decay)];
        check_settings(settings, f64::INFINITY);
        assert!(self.clip > 0.0, "`clip` is 0, expected a number above");
    }

    fn is_elementwise(&self) -> bool {
        false
    }

    fn state(&self, sizes: &[usize]) -> Vec<Vec<usize>> {
        match sizes {
            [stack @ .., rows, columns] => [[*rows, 1], [1, *columns]].map(|kept| [stack, &kept].concat()).to_vec(),
            _ => vec![sizes.to_vec()],
        }
    }

    fn step(&self, parameter: ArrayOf<B>, gradient: ArrayOf<B>, state: &mut State<B>, factor: f64) -> ArrayOf<B> {
        let sizes = B::sizes(&parameter).to_vec();
        if sizes.contains(&0) {
            return parameter;
        }
        let steps = state.steps as f64;
        let (rate, stays) = (self.learning_rate * factor, 1.0 - steps.powf(-self.decay));
        let [least_root, least_size] = self.epsilons;
        let at_least = |x, least| B::binary_scalar(Binary::Max, x, constant(least));
        let size = at_least(root_mean_square::<B>(&parameter), least_size);

        let square = B::unary(Unary::Square, gradient.clone());
        let rank = sizes.len();
        let mean = if rank < 2 {
            state.change(0, |mean| mixed::<B>(mean, square, stays))
        } else {
            let [rows, columns] = [(0, rank - 1), (1, rank - 2)].map(|(moment, axis)| {
                let new = B::reduce(Reduce::Mean, &square, axis);
                state.change(moment, |mean| {
                    let new = B::reshape(&new, B::sizes(&mean));
                    mixed::<B>(mean, new, stays)
                })
            });
            // Rows by their mean, times columns: their product is the mean square if that is of rank one.
            let of_rows = at_least(B::reduce(Reduce::Mean, &rows, rank - 2), least_root);
            let mut one = B::sizes(&rows).to_vec();
            one[rank - 2] = 1;
            let of_rows = B::broadcast(&B::reshape(&of_rows, &one), B::sizes(&rows));
            let rows = B::binary(Binary::Div, rows, of_rows);
            B::binary(Binary::Mul, B::broadcast(&rows, &sizes), B::broadcast(&columns, &sizes))
        };
        // Half precision has no such square.
        let least = [least_root * least_root, 1e-6].map(constant::<B::Elem>).into_iter().find(|x| !x.is_zero());
        let mean = B::binary_scalar(Binary::Max, mean, least.unwrap_or(num_traits::one()));
        let root = B::unary(Unary::Rsqrt, mean);
        let update = B::binary(Binary::Mul, root, gradient);
        let clipped = at_least(scaled::<B>(root_mean_square::<B>(&update), self.clip.recip()), 1.0);
        let length = B::binary(Binary::Div, scaled::<B>(size, -rate.min(steps.sqrt().recip())), clipped);
        added::<B>(scaled::<B>(parameter, 1.0 - rate * self.weight_decay), B::binary(Binary::Mul, update, length))
    }
}

/// That of all elements, one number, which stays on the device.
fn root_mean_square<B: Backend<Elem: Float>>(x: &ArrayOf<B>) -> ArrayOf<B> {
    let count = B::sizes(x).iter().product::<usize>();
    scaled::<B>(composed::norm::<B>(&B::reshape(x, &[count]), 0), (count as f64).sqrt().recip())
}
