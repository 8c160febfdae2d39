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
    #[doc(alias = "sqr")]
    square Square;
    /// `√x`.
    sqrt Sqrt;
    /// `1 / √x`.
    rsqrt Rsqrt;
    /// `eˣ`.
    exp Exp;
    /// `2ˣ`.
    exp2 Exp2;
    /// `eˣ - 1`, exact where `x` is next to zero.
    #[doc(alias = "exp_m1")]
    expm1 Expm1;
    /// The natural logarithm.
    #[doc(alias = "log")]
    ln Ln;
    /// The logarithm to base 2.
    log2 Log2;
    /// The logarithm to base 10.
    log10 Log10;
    /// `ln(1 + x)`, exact where `x` is next to zero.
    #[doc(alias = "ln_1p")]
    log1p Log1p;
    /// The sine, of radians.
    sin Sin;
    /// The cosine, of radians.
    cos Cos;
    /// The tangent, of radians.
    tan Tan;
    /// The angle whose tangent it is, in radians.
    #[doc(alias("arctan", "arcus_tangent"))]
    atan Atan;
    /// The hyperbolic tangent.
    tanh Tanh;
    /// The error function, `2/√π · ∫₀ˣ e^(-t²) dt`.
    erf Erf;
    /// 1 above zero, -1 below it, 0 at zero, NaN of NaN. Its gradient is zero.
    #[doc(alias("sgn", "signum"))]
    sign Sign;
    /// The next whole number below. Its gradient is zero.
    floor Floor;
    /// The next whole number above. Its gradient is zero.
    ceil Ceil;
    /// The nearest whole number, of two the even one: 2 of 2.5, as in PyTorch. Its gradient is zero.
    round Round;
    /// The whole number next to it towards zero. Its gradient is zero.
    #[doc(alias = "fix")]
    trunc Trunc;
    /// `1 / (1 + e⁻ˣ)`.
    sigmoid Sigmoid;
    /// `max(x, 0)`.
    relu Relu;
    /// `x · Φ(x)`, with the error function ([Hendrycks and Gimpel 2016](https://arxiv.org/abs/1606.08415)).
    gelu Gelu;
    /// GELU by its approximation with `tanh` ([Hendrycks and Gimpel 2016](https://arxiv.org/abs/1606.08415)).
    gelu_tanh GeluTanh;
    /// GELU by its approximation `x · sigmoid(1.702 x)` ([Hendrycks and Gimpel 2016](https://arxiv.org/abs/1606.08415)), as in CLIP.
    quick_gelu QuickGelu;
    /// `x · sigmoid(x)`, also called swish ([Elfwing et al. 2017](https://arxiv.org/abs/1702.03118)).
    silu Silu;
    /// `ln(1 + eˣ)`, exact where it is next to zero.
    softplus Softplus;
}
