//! The operations that a backend is asked for by name.

/// A function of one number. Its derivative is the field's, where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unary {
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
    /// `eˣ`.
    Exp,
    /// The natural logarithm.
    Ln,
    /// The sine, of radians.
    Sin,
    /// The cosine, of radians.
    Cos,
    /// The hyperbolic tangent.
    Tanh,
    /// `1 / (1 + e⁻ˣ)`.
    Sigmoid,
    /// `max(x, 0)`; NaN of NaN.
    Relu,
    /// `x · Φ(x)`, with the error function ([Hendrycks and Gimpel 2016](https://arxiv.org/abs/1606.08415)).
    Gelu,
    /// GELU by its approximation `x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))`.
    GeluTanh,
    /// `x · sigmoid(x)`.
    Silu,
    /// `ln(1 + eˣ)`.
    Softplus,
}

/// A function of two numbers. Integers wrap around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
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

/// Which elements of a head turn together, by rotary positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotaryLayout {
    /// Element `i` and element `i + d / 2`: GPT-NeoX, and Llama in the layout of Hugging Face.
    Half,
    /// Elements `2 i` and `2 i + 1`: the paper, and Llama in its own layout, which GGUF files have.
    Interleaved,
}
