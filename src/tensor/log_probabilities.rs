//! Logarithms of probabilities.

use super::{OperandOf, Tensor};
use crate::backend::{ArrayOf, Backend, Binary, Float, Number};
use crate::cpu::Cpu;
use crate::dim::Dim;
use crate::sealed::Sealed;
use crate::shape::{Axis, GoesWith, Never, Nothing, Shape};
use std::fmt::{self, Debug, Display, Formatter};
use std::marker::PhantomData;
use std::ops::{Add, Deref, Div, Mul, Neg, Sub};

/// The logarithms of probabilities that are one together along the axis `D`: what [`log_softmax`](Tensor::log_softmax)
/// gives.
///
/// It has all that a tensor has, and is one where `&Tensor` is asked for; [`into_tensor`](Self::into_tensor) makes it one by
/// value. What is calculated of it is a tensor and no more.
///
/// ```
/// use congruent::prelude::*;
/// dims! { Batch = 2; Vocab = 4; }
/// let logarithms = Tensor::zeros((Batch, Vocab)).log_softmax(Vocab);
/// let targets = Ids::new((Batch,), Vocab, &[3, 0])?;
/// let losses: Tensor<(Batch,)> = -logarithms.gather(&targets);
/// let doubled: Tensor<(Batch, Vocab)> = &logarithms * 2.0;
/// let tensor: Tensor<(Batch, Vocab)> = logarithms.into_tensor();
/// # Ok::<(), Error>(())
/// ```
///
/// A divergence takes nothing else, so that nobody gives it the probabilities:
///
/// ```compile_fail,E0277
/// use congruent::{nn::kl_divergence, prelude::*};
/// dims! { Batch = 2; Vocab = 4; }
/// let logits = Tensor::zeros((Batch, Vocab));
/// kl_divergence(&logits.softmax(Vocab), &logits.log_softmax(Vocab), Vocab);
/// ```
pub struct LogProbabilities<S, D, B: Backend = Cpu<f32>> {
    tensor: Tensor<S, B>,
    axis: PhantomData<fn() -> D>,
}

impl<S: Shape, A, B: Backend> LogProbabilities<S, A, B> {
    /// Logarithms that were calculated by other means, such as [`ln`](Tensor::ln). The caller says what they are: nothing is
    /// checked.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::LogProbabilities;
    /// dims! { Batch = 1; Vocab = 2; }
    /// let probabilities = Tensor::full((Batch, Vocab), 0.5);
    /// let logarithms = LogProbabilities::from_logarithms(probabilities.ln(), Vocab);
    /// assert_eq!(logarithms.exp().to_vec(), [0.5, 0.5]);
    /// ```
    pub fn from_logarithms<D, Position>(tensor: Tensor<S, B>, axis: D) -> Self
    where
        S: Axis<D, Position, Dim = A>,
    {
        let _ = axis;
        LogProbabilities { tensor, axis: PhantomData }
    }

    /// The logarithms as a tensor.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 1; Vocab = 2; }
    /// let logarithms: Tensor<(Batch, Vocab)> = Tensor::zeros((Batch, Vocab)).log_softmax(Vocab).into_tensor();
    /// assert_eq!(format!("{:.4?}", logarithms.to_vec()), "[-0.6931, -0.6931]");
    /// ```
    pub fn into_tensor(self) -> Tensor<S, B> {
        self.tensor
    }

    /// The same as constants: gradients go no further back.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 1; Vocab = 2; }
    /// let logits = Tensor::zeros((Batch, Vocab)).tracked();
    /// assert!(!logits.log_softmax(Vocab).detach().is_tracked());
    /// ```
    pub fn detach(&self) -> Self {
        LogProbabilities { tensor: self.tensor.detach(), axis: PhantomData }
    }
}

impl<S, D, B: Backend> Deref for LogProbabilities<S, D, B> {
    type Target = Tensor<S, B>;
    fn deref(&self) -> &Tensor<S, B> {
        &self.tensor
    }
}

impl<S, D, B: Backend> From<LogProbabilities<S, D, B>> for Tensor<S, B> {
    fn from(logarithms: LogProbabilities<S, D, B>) -> Self {
        logarithms.tensor
    }
}

impl<S: Clone, D, B: Backend> Clone for LogProbabilities<S, D, B> {
    fn clone(&self) -> Self {
        LogProbabilities { tensor: self.tensor.clone(), axis: PhantomData }
    }
}

impl<S, D, B: Backend> Debug for LogProbabilities<S, D, B>
where
    Tensor<S, B>: Debug,
{
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.tensor, f)
    }
}

impl<S, D, B: Backend> Display for LogProbabilities<S, D, B>
where
    Tensor<S, B>: Display,
{
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.tensor, f)
    }
}

/// That what was predicted and its `Targets` are both logarithms of probabilities along `D`: [`LogProbabilities`] alone.
#[diagnostic::on_unimplemented(
    message = "a divergence takes logarithms of probabilities along its axis, and not `{Self}` and `{Targets}`",
    label = "the two are not known to be logarithms of probabilities along the axis",
    note = "of logits, they are `logits.log_softmax(axis)`; logarithms that were calculated otherwise are named so by `LogProbabilities::from_logarithms(x, axis)`",
    note = "explained in `congruent::errors::C66`: https://docs.rs/congruent/latest/congruent/errors/C66/"
)]
pub trait LogProbabilitiesAlong<D, Targets>: AsTensor {
    /// The backend of the targets.
    #[doc(hidden)]
    type On: Backend;
    /// The targets as a tensor.
    #[doc(hidden)]
    fn targets(targets: &Targets) -> &Tensor<Self::Shape, Self::On>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<S: Shape, D: Dim, B: Backend, C: Backend> LogProbabilitiesAlong<D, LogProbabilities<S, D, C>>
    for LogProbabilities<S, D, B>
{
    type On = C;
    fn targets(targets: &LogProbabilities<S, D, C>) -> &Tensor<S, C> {
        &targets.tensor
    }
    fn sealed(_: Sealed) {}
}
// Else the compiler would take the one axis, and the one type of targets, for granted.
#[diagnostic::do_not_recommend]
impl<S: Shape, D: Dim, B: Backend, C: Backend> LogProbabilitiesAlong<Never, LogProbabilities<S, D, C>>
    for LogProbabilities<S, D, B>
{
    type On = C;
    fn targets(targets: &LogProbabilities<S, D, C>) -> &Tensor<S, C> {
        &targets.tensor
    }
    fn sealed(_: Sealed) {}
}
macro_rules! never { ($($Never:ident)*) => {$(
    #[diagnostic::do_not_recommend]
    impl<X: AsTensor, D> LogProbabilitiesAlong<D, $Never> for X {
        type On = X::Backend;
        fn targets(targets: &$Never) -> &Tensor<X::Shape, X::Backend> {
            match *targets {}
        }
        fn sealed(_: Sealed) {}
    }
)*} }
never!(Never Nothing);

/// A tensor, whatever is known of it.
#[doc(hidden)]
pub trait AsTensor {
    type Shape: Shape;
    type Backend: Backend;
    fn as_tensor(&self) -> &Tensor<Self::Shape, Self::Backend>;
}
#[diagnostic::do_not_recommend]
impl<S: Shape, B: Backend> AsTensor for Tensor<S, B> {
    type Shape = S;
    type Backend = B;
    fn as_tensor(&self) -> &Self {
        self
    }
}
#[diagnostic::do_not_recommend]
impl<S: Shape, D, B: Backend> AsTensor for LogProbabilities<S, D, B> {
    type Shape = S;
    type Backend = B;
    fn as_tensor(&self) -> &Tensor<S, B> {
        &self.tensor
    }
}

#[diagnostic::do_not_recommend]
impl<S, R: Shape, D, B: Backend<Elem: Number>> OperandOf<Tensor<S, B>, B> for LogProbabilities<R, D, B> {
    type Shape = R;
    type Array = ArrayOf<B>;
    fn shape(&self, _: &Tensor<S, B>) -> R {
        self.tensor.shape
    }
    fn behind(self, op: Binary, x: Tensor<S, B>) -> ArrayOf<B> {
        self.tensor.behind(op, x)
    }
    fn sealed(_: Sealed) {}
}
#[diagnostic::do_not_recommend]
impl<S, R: Shape, D, B: Backend<Elem: Number>> OperandOf<Tensor<S, B>, B> for &LogProbabilities<R, D, B> {
    type Shape = R;
    type Array = ArrayOf<B>;
    fn shape(&self, _: &Tensor<S, B>) -> R {
        self.tensor.shape
    }
    fn behind(self, op: Binary, x: Tensor<S, B>) -> ArrayOf<B> {
        (&self.tensor).behind(op, x)
    }
    fn sealed(_: Sealed) {}
}

/// As those of tensors, whose results they give.
macro_rules! operators { ($($Op:ident $op:ident;)*) => {$(
    impl<S, D, B: Backend, R: OperandOf<Tensor<S, B>, B, Array = ArrayOf<B>>> $Op<R> for LogProbabilities<S, D, B>
    where
        S: Shape,
        R::Shape: GoesWith<S>,
    {
        type Output = Tensor<<R::Shape as GoesWith<S>>::Larger, B>;
        fn $op(self, other: R) -> Self::Output {
            self.tensor.$op(other)
        }
    }
    impl<S, D, B: Backend, R: OperandOf<Tensor<S, B>, B, Array = ArrayOf<B>>> $Op<R> for &LogProbabilities<S, D, B>
    where
        S: Shape,
        R::Shape: GoesWith<S>,
    {
        type Output = Tensor<<R::Shape as GoesWith<S>>::Larger, B>;
        fn $op(self, other: R) -> Self::Output {
            self.tensor.clone().$op(other)
        }
    }
)*} }
operators! { Add add; Sub sub; Mul mul; Div div; }

impl<S: Shape, D, B: Backend<Elem: Float>> Neg for LogProbabilities<S, D, B> {
    type Output = Tensor<S, B>;
    fn neg(self) -> Tensor<S, B> {
        -self.tensor
    }
}
impl<S: Shape, D, B: Backend<Elem: Float>> Neg for &LogProbabilities<S, D, B> {
    type Output = Tensor<S, B>;
    fn neg(self) -> Tensor<S, B> {
        -&self.tensor
    }
}
