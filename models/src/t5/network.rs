//! The feed-forward network of T5, with a gate or without.

use congruent::backend::{Backend, DeviceOf, Float};
use congruent::dim::Filled;
use congruent::module::{CastTo, Parameter, ParameterMut, Path, ToEngine};
use congruent::nn::{Activation, Linear, RmsNorm};
use congruent::prelude::*;

/// `down(activation(first(x)))`; in version 1.1, whose files have a second layer, `down(activation(first(x)) · second(x))`
/// ([Shazeer 2020](https://arxiv.org/abs/2002.05202)).
#[derive(Clone)]
#[allow(missing_docs)]
pub struct Network<E, F, B: Backend = Cpu<f32>> {
    pub first: Linear<E, F, B>,
    pub second: Option<Linear<E, F, B>>,
    pub activation: Activation,
    pub down: Linear<F, E, B>,
}

impl<E: Dense, F: Filled, B: Backend<Elem: Float>> Network<E, F, B> {
    /// `x + network(norm(x))`.
    pub(super) fn added_to<N: Dim, S: Dim>(
        &self,
        x: &Tensor<(N, S, E), B>,
        norm: &RmsNorm<E, B>,
    ) -> Tensor<(N, S, E), B> {
        let normed = norm.forward(x);
        let first = self.first.forward_activated(&normed, self.activation);
        let hidden = match &self.second {
            Some(second) => first * second.forward(&normed),
            None => first,
        };
        self.down.forward_residual(&hidden, x)
    }
}

/// The published names of the layers.
pub(super) const fn names(gated: bool) -> [&'static str; 3] {
    if gated { ["wi_0", "wi_1", "wo"] } else { ["wi", "", "wo"] }
}

impl<E: Dim, F: Dim, B: Backend<Elem: Float>> Module<B> for Network<E, F, B> {
    fn visit(&self, path: &Path<'_>, visitor: &mut dyn FnMut(Parameter<'_, B>)) {
        let [first, second, down] = names(self.second.is_some());
        self.first.visit(&path.at(first), visitor);
        if let Some(layer) = &self.second {
            layer.visit(&path.at(second), visitor);
        }
        self.down.visit(&path.at(down), visitor);
    }
    fn visit_mut(&mut self, path: &Path<'_>, visitor: &mut dyn FnMut(ParameterMut<'_, B>)) {
        let [first, second, down] = names(self.second.is_some());
        self.first.visit_mut(&path.at(first), visitor);
        if let Some(layer) = &mut self.second {
            layer.visit_mut(&path.at(second), visitor);
        }
        self.down.visit_mut(&path.at(down), visitor);
    }
}

impl<E: Dim, F: Dim, B: Backend<Elem: Float>, En: Backend<Elem = B::Elem>> ToEngine<En> for Network<E, F, B>
where
    Linear<E, F, B>: ToEngine<En, On = Linear<E, F, En>>,
    Linear<F, E, B>: ToEngine<En, On = Linear<F, E, En>>,
{
    type On = Network<E, F, En>;
    fn transferred(&self, device: &DeviceOf<En>) -> Self::On {
        Network {
            first: self.first.transferred(device),
            second: self.second.transferred(device),
            activation: self.activation,
            down: self.down.transferred(device),
        }
    }
}

impl<E: Dim, F: Dim, B: Backend<Elem: Float>, En: Backend<Engine = B::Engine>> CastTo<En> for Network<E, F, B>
where
    Linear<E, F, B>: CastTo<En, On = Linear<E, F, En>>,
    Linear<F, E, B>: CastTo<En, On = Linear<F, E, En>>,
{
    type On = Network<E, F, En>;
    fn cast_to(&self) -> Self::On {
        let (first, second, down) = (self.first.cast_to(), self.second.cast_to(), self.down.cast_to());
        Network { first, second, activation: self.activation, down }
    }
}
