//! Functions of each element.

use super::{Expr, Tensor};
use crate::backend::{Backend, Float, Unary};
use crate::shape::Shape;

macro_rules! unary { ($($(#[$docs:meta])* $name:ident $Op:ident;)*) => {
    /// Functions of each element.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Embed = 2; }
    /// let x = Tensor::full((Embed,), 4.0);
    /// assert_eq!(x.sqrt().to_vec(), [2.0, 2.0]);
    /// ```
    impl<S: Shape, B: Backend<Elem: Float>> Tensor<S, B> {$(
        $(#[$docs])*
        pub fn $name(&self) -> Self {
            Tensor::from_parts(self.shape, B::unary(Unary::$Op, self.array.clone()))
        }
    )*}

    /// The functions that a tensor has of each element.
    impl<T: Float> Expr<'_, T> {$(
        $(#[$docs])*
        pub fn $name(self) -> Self {
            self.unary(Unary::$Op)
        }
    )*}
} }

unary! {
    /// `|x|`.
    abs Abs;
    /// `1 / x`.
    #[doc(alias = "reciprocal")]
    recip Recip;
    /// `x²`.
    #[doc(alias("pow", "powf", "powi", "sqr"))]
    square Square;
    /// `√x`.
    sqrt Sqrt;
    /// `eˣ`.
    exp Exp;
    /// The natural logarithm.
    #[doc(alias = "log")]
    ln Ln;
    /// The sine, of radians.
    sin Sin;
    /// The cosine, of radians.
    cos Cos;
    /// The hyperbolic tangent.
    tanh Tanh;
    /// `1 / (1 + e⁻ˣ)`.
    sigmoid Sigmoid;
    /// `max(x, 0)`.
    relu Relu;
    /// `x · Φ(x)`, with the error function ([Hendrycks and Gimpel 2016](https://arxiv.org/abs/1606.08415)).
    gelu Gelu;
    /// GELU by its approximation with `tanh` ([Hendrycks and Gimpel 2016](https://arxiv.org/abs/1606.08415)).
    gelu_tanh GeluTanh;
    /// `x · sigmoid(x)`, also called swish ([Elfwing et al. 2017](https://arxiv.org/abs/1702.03118)).
    silu Silu;
    /// `ln(1 + eˣ)`, exact where it is next to zero.
    softplus Softplus;
}
