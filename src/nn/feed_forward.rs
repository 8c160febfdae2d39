//! Two linear layers and a function between them.

use super::{Activation, Linear};
use crate::backend::{Backend, Float, cpu::Cpu};
use crate::dim::Dim;
use crate::shape::Last;
use crate::tensor::Tensor;

/// `down(activation(up(x)))`, on each position by itself.
#[derive(Clone)]
pub struct FeedForward<E, F, B: Backend = Cpu<f32>> {
    /// From `E` to `F`.
    pub up: Linear<E, F, B>,
    /// The function between.
    pub activation: Activation,
    /// From `F` to `E`.
    pub down: Linear<F, E, B>,
}

impl<E: Dim, F: Dim, B: Backend<Elem: Float>> FeedForward<E, F, B> {
    /// The layer on the last dimension of `x`.
    pub fn forward<S>(&self, x: &Tensor<S, B>) -> Tensor<S, B>
    where
        S: Last<E>,
    {
        let hidden = self.activation.forward(&self.up.forward(x));
        // That `down` undoes what `up` did to the shape is known here, and not to the compiler.
        let bias = self.down.bias.as_ref().map(Tensor::array);
        Tensor::from_parts(x.shape(), B::linear(hidden.array(), self.down.weight.array(), bias))
    }
}
