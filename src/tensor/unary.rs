//! Functions of each element.

use super::{Expr, Tensor};
use crate::backend::{Backend, Float, Unary};
use crate::shape::Shape;

/// The line of an example that says what is found: the numbers themselves (`is`), or their first four digits behind the point (`near`).
macro_rules! found {
    ($found:expr, is $values:tt) => {
        concat!("assert_eq!(", $found, ".to_vec(), ", stringify!($values), ");")
    };
    ($found:expr, near $values:literal) => {
        concat!("assert_eq!(format!(\"{:.4?}\", ", $found, ".to_vec()), \"", $values, "\");")
    };
}

macro_rules! unary { ($($(#[$docs:meta])* $name:ident $Op:ident: $x:tt $is:tt $values:tt;)*) => {
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
        ///
        /// ```
        /// # use congruent::prelude::*;
        /// dims! { Embed = 2; }
        #[doc = concat!("let x = Tensor::from_nested((Embed,), ", stringify!($x), ");")]
        #[doc = found!(concat!("x.", stringify!($name), "()"), $is $values)]
        /// ```
        pub fn $name(&self) -> Self {
            Tensor::from_parts(self.shape, B::unary(Unary::$Op, self.array.clone()))
        }
    )*}

    /// The functions that a tensor has of each element.
    impl<T: Float> Expr<'_, T> {$(
        $(#[$docs])*
        ///
        /// ```
        /// # use congruent::prelude::*;
        /// use congruent::fuse;
        /// dims! { Embed = 2; }
        #[doc = concat!("let x = Tensor::from_nested((Embed,), ", stringify!($x), ");")]
        #[doc = found!(concat!("fuse(&x, |x| x.", stringify!($name), "())"), $is $values)]
        /// ```
        pub fn $name(self) -> Self {
            self.unary(Unary::$Op)
        }
    )*}
} }

unary! {
    /// `|x|`.
    abs Abs: [-1.5, 2.0] is [1.5, 2.0];
    /// `1 / x`.
    #[doc(alias = "reciprocal")]
    recip Recip: [2.0, -4.0] is [0.5, -0.25];
    /// `x²`.
    #[doc(alias = "sqr")]
    square Square: [3.0, -2.0] is [9.0, 4.0];
    /// `√x`.
    sqrt Sqrt: [4.0, 9.0] is [2.0, 3.0];
    /// `1 / √x`.
    rsqrt Rsqrt: [4.0, 0.25] is [0.5, 2.0];
    /// `eˣ`.
    exp Exp: [0.0, 1.0] near "[1.0000, 2.7183]";
    /// `2ˣ`.
    exp2 Exp2: [3.0, -1.0] near "[8.0000, 0.5000]";
    /// `eˣ - 1`, exact where `x` is next to zero.
    #[doc(alias = "exp_m1")]
    expm1 Expm1: [0.0, 1.0] near "[0.0000, 1.7183]";
    /// The natural logarithm.
    #[doc(alias = "log")]
    ln Ln: [1.0, 10.0] near "[0.0000, 2.3026]";
    /// The logarithm to base 2.
    log2 Log2: [8.0, 10.0] near "[3.0000, 3.3219]";
    /// The logarithm to base 10.
    log10 Log10: [100.0, 2.0] near "[2.0000, 0.3010]";
    /// `ln(1 + x)`, exact where `x` is next to zero.
    #[doc(alias = "ln_1p")]
    log1p Log1p: [0.0, 1.0] near "[0.0000, 0.6931]";
    /// The sine, of radians.
    sin Sin: [0.5, 1.5] near "[0.4794, 0.9975]";
    /// The cosine, of radians.
    cos Cos: [0.0, 1.5] near "[1.0000, 0.0707]";
    /// The tangent, of radians.
    tan Tan: [0.5, 1.5] near "[0.5463, 14.1014]";
    /// The angle whose tangent it is, in radians.
    #[doc(alias("arctan", "arcus_tangent"))]
    atan Atan: [1.0, -2.0] near "[0.7854, -1.1071]";
    /// The hyperbolic tangent.
    tanh Tanh: [0.5, -2.0] near "[0.4621, -0.9640]";
    /// The error function, `2/√π · ∫₀ˣ e^(-t²) dt`.
    erf Erf: [0.5, -1.0] near "[0.5205, -0.8427]";
    /// 1 above zero, -1 below it, 0 at zero, NaN of NaN. Its gradient is zero.
    #[doc(alias("sgn", "signum"))]
    sign Sign: [-1.5, 0.0] is [-1.0, 0.0];
    /// The next whole number below. Its gradient is zero.
    floor Floor: [1.5, -1.5] is [1.0, -2.0];
    /// The next whole number above. Its gradient is zero.
    ceil Ceil: [1.5, -2.5] is [2.0, -2.0];
    /// The nearest whole number, of two the even one: 2 of 2.5, as in PyTorch. Its gradient is zero.
    round Round: [2.5, -1.7] is [2.0, -2.0];
    /// The whole number next to it towards zero. Its gradient is zero.
    #[doc(alias = "fix")]
    trunc Trunc: [1.7, -1.7] is [1.0, -1.0];
    /// `1 / (1 + e⁻ˣ)`.
    sigmoid Sigmoid: [0.0, 2.0] near "[0.5000, 0.8808]";
    /// `max(x, 0)`.
    relu Relu: [-1.5, 2.0] is [0.0, 2.0];
    /// `x · Φ(x)`, with the error function ([Hendrycks and Gimpel 2016](https://arxiv.org/abs/1606.08415)).
    gelu Gelu: [-1.0, 2.0] near "[-0.1587, 1.9545]";
    /// GELU by its approximation with `tanh` ([Hendrycks and Gimpel 2016](https://arxiv.org/abs/1606.08415)).
    gelu_tanh GeluTanh: [-1.0, 2.0] near "[-0.1588, 1.9546]";
    /// GELU by its approximation `x · sigmoid(1.702 x)` ([Hendrycks and Gimpel 2016](https://arxiv.org/abs/1606.08415)), as in CLIP.
    quick_gelu QuickGelu: [-1.0, 2.0] near "[-0.1542, 1.9357]";
    /// `x · sigmoid(x)`, also called swish ([Elfwing et al. 2017](https://arxiv.org/abs/1702.03118)).
    silu Silu: [-1.0, 2.0] near "[-0.2689, 1.7616]";
    /// `ln(1 + eˣ)`, exact where it is next to zero.
    softplus Softplus: [0.0, 2.0] near "[0.6931, 2.1269]";
}
