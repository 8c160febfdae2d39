//! Activation functions, chosen by a value.

use crate::backend::{Backend, Float};
use crate::shape::Shape;
use crate::tensor::Tensor;

/// The function between two linear layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// [`Tensor::relu`].
    Relu,
    /// [`Tensor::gelu`], exact.
    #[default]
    Gelu,
    /// [`Tensor::gelu_tanh`].
    GeluTanh,
    /// [`Tensor::silu`].
    Silu,
}

impl Activation {
    /// The function of each element.
    pub fn forward<S: Shape, B: Backend<Elem: Float>>(self, x: &Tensor<S, B>) -> Tensor<S, B> {
        match self {
            Activation::Relu => x.relu(),
            Activation::Gelu => x.gelu(),
            Activation::GeluTanh => x.gelu_tanh(),
            Activation::Silu => x.silu(),
        }
    }
}
