//! Activation functions, chosen by a value.

use crate::backend::{Backend, Epilogue, Float, Unary};
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
    /// [`Tensor::quick_gelu`].
    QuickGelu,
    /// [`Tensor::silu`].
    Silu,
}

impl Activation {
    /// The function of each element.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Activation;
    /// dims! { Embed = 2; }
    /// let x = Tensor::from_nested((Embed,), [-1.0, 2.0]);
    /// assert_eq!(Activation::Relu.forward(&x).to_vec(), [0.0, 2.0]);
    /// ```
    pub fn forward<S: Shape, B: Backend<Elem: Float>>(self, x: &Tensor<S, B>) -> Tensor<S, B> {
        Tensor::from_parts(x.shape(), B::unary(self.function(), x.array().clone()))
    }

    /// The function as what becomes of a product.
    pub(super) fn epilogue<'a, A>(self) -> Epilogue<'a, A> {
        Epilogue { activation: Some(self.function()), ..Epilogue::default() }
    }

    fn function(self) -> Unary {
        match self {
            Activation::Relu => Unary::Relu,
            Activation::Gelu => Unary::Gelu,
            Activation::GeluTanh => Unary::GeluTanh,
            Activation::QuickGelu => Unary::QuickGelu,
            Activation::Silu => Unary::Silu,
        }
    }
}
