//! The operations that a backend is asked for by name.

/// Operations by name, and the list of all.
macro_rules! operations { ($($(#[$docs:meta])* $Name:ident { $($(#[$of:meta])* $Operation:ident,)* })*) => {$(
    $(#[$docs])*
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum $Name {$(
        $(#[$of])*
        $Operation,
    )*}
    impl $Name {
        /// All of them.
        pub const ALL: &[$Name] = &[$($Name::$Operation),*];
    }
)*} }

operations! {
/// A function of one number. Its derivative is the field's, where it has one.
Unary {
    /// `|x|`. Its derivative at 0 is 0.
    Abs,
    /// `-x`.
    Neg,
    /// `1 / x`.
    Recip,
    /// `x²`.
    Square,
    /// `√x`.
    Sqrt,
    /// `1 / √x`.
    Rsqrt,
    /// `eˣ`.
    Exp,
    /// `2ˣ`.
    Exp2,
    /// `eˣ - 1`, exact where it is next to zero.
    Expm1,
    /// The natural logarithm.
    Ln,
    /// The logarithm to base 2.
    Log2,
    /// The logarithm to base 10.
    Log10,
    /// `ln(1 + x)`, exact where it is next to zero.
    Log1p,
    /// The sine, of radians.
    Sin,
    /// The cosine, of radians.
    Cos,
    /// The tangent, of radians.
    Tan,
    /// The angle whose tangent it is, between -π/2 and π/2.
    Atan,
    /// The hyperbolic tangent.
    Tanh,
    /// The error function, `2/√π · ∫₀ˣ e^(-t²) dt`.
    Erf,
    /// 1 above zero, -1 below it, 0 at zero, NaN of NaN. Its derivative is 0.
    Sign,
    /// The next whole number below. Its derivative is 0, as that of the three that follow.
    Floor,
    /// The next whole number above.
    Ceil,
    /// The nearest whole number, of two the even one.
    Round,
    /// The whole number next to it towards zero.
    Trunc,
    /// `1 / (1 + e⁻ˣ)`.
    Sigmoid,
    /// `max(x, 0)`; NaN of NaN.
    Relu,
    /// `x · Φ(x)`, with the error function ([Hendrycks and Gimpel 2016](https://arxiv.org/abs/1606.08415)).
    Gelu,
    /// GELU by its approximation `x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))`.
    GeluTanh,
    /// GELU by its approximation `x · sigmoid(1.702 x)`.
    QuickGelu,
    /// `x · sigmoid(x)`.
    Silu,
    /// `ln(1 + eˣ)`.
    Softplus,
}

/// A function of two numbers. Integers wrap around.
Binary {
    /// `x + y`.
    Add,
    /// `x - y`.
    Sub,
    /// `x · y`.
    Mul,
    /// `x / y`; an integer by zero gives 0.
    Div,
    /// The larger; NaN if either is. Of equals, each has half of the gradient.
    Max,
    /// The smaller; NaN if either is. Of equals, each has half of the gradient.
    Min,
    /// `xʸ`: 1 where `y` is 0, NaN where `x` is below zero and `y` no whole number. Where `x` is 0 and `y` is not below it, the
    /// derivative with respect to `y` is 0. It is asked of floating-point numbers alone.
    Pow,
    /// What a division that is cut off leaves, with the sign of `x`: `x - y · trunc(x / y)`, exactly; of integers by zero, `x`.
    Fmod,
    /// What a division that is rounded down leaves, with the sign of `y`: `x - y · floor(x / y)`; of integers by zero, `x`.
    Remainder,
}
}

/// A relation of two elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// `x == y`.
    Equal,
    /// `x != y`.
    NotEqual,
    /// `x < y`.
    Less,
    /// `x <= y`.
    LessOrEqual,
    /// `x > y`.
    Greater,
    /// `x >= y`.
    GreaterOrEqual,
}

/// A way to make one number of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduce {
    /// The sum; 0 of none.
    Sum,
    /// The mean; NaN of none (for integers, 0).
    Mean,
    /// The variance around the mean, divided by the count; NaN of none (for integers, 0).
    Variance,
    /// The largest; NaN if any is; the lowest value of the type (for floats, -∞) of none. Equals
    /// share the gradient.
    Max,
    /// The smallest; NaN if any is; the highest value of the type (for floats, ∞) of none. Equals
    /// share the gradient.
    Min,
}

/// Which elements come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The smallest first; NaN is the last.
    Ascending,
    /// The largest first; NaN is the first.
    Descending,
}

/// What is calculated of each element and all before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scan {
    /// The sum.
    Sum,
    /// The product.
    Product,
}

/// What is calculated of each element of a product before it is stored: `activation(product + bias) + residual`, each if given.
#[derive(Debug)]
pub struct Epilogue<'a, A: ?Sized> {
    /// Added to each row.
    pub bias: Option<&'a A>,
    /// The function of each element.
    pub activation: Option<Unary>,
    /// Added last, element by element.
    pub residual: Option<&'a A>,
}

impl<'a, A: ?Sized> Epilogue<'a, A> {
    /// A residual, and nothing else.
    ///
    /// ```
    /// use congruent::{backend::Epilogue, cpu::Array};
    /// let x = Array::full(1.0, &[2, 3]);
    /// let epilogue = Epilogue::residual(&x);
    /// assert!(epilogue.residual.is_some() && epilogue.bias.is_none() && epilogue.activation.is_none());
    /// ```
    pub fn residual(residual: &'a A) -> Self {
        Epilogue { residual: Some(residual), ..Epilogue::default() }
    }
}

impl<A: ?Sized> Clone for Epilogue<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<A: ?Sized> Copy for Epilogue<'_, A> {}
impl<A: ?Sized> Default for Epilogue<'_, A> {
    fn default() -> Self {
        Epilogue { bias: None, activation: None, residual: None }
    }
}

/// Which elements of a head are a pair that is rotated, by rotary positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotaryLayout {
    /// Element `i` and element `i + d / 2`: GPT-NeoX, and Llama in the layout of Hugging Face.
    Half,
    /// Elements `2 i` and `2 i + 1`: the paper, and Llama in its own layout, which GGUF files have.
    Interleaved,
}
