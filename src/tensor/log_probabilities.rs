//! Logarithms of probabilities.

use super::Tensor;
use crate::backend::cpu::Cpu;
use crate::backend::{Backend, Binary, Element, Float, Number};
use crate::dim::Dim;
use crate::sealed::Sealed;
use crate::shape::{Axis, Broadcast, Never, Shape};
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
    pub fn from_logarithms<D, Position>(tensor: Tensor<S, B>, axis: D) -> Self
    where
        S: Axis<D, Position, Dim = A>,
    {
        let _ = axis;
        LogProbabilities { tensor, axis: PhantomData }
    }

    /// The logarithms as a tensor.
    pub fn into_tensor(self) -> Tensor<S, B> {
        self.tensor
    }

    /// The same as constants: gradients go no further back.
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

/// What holds the logarithms of probabilities along `D`: [`LogProbabilities`] alone.
#[diagnostic::on_unimplemented(
    message = "a divergence is one of the logarithms of probabilities along its axis, and this is `{Self}`",
    label = "not known to be logarithms of probabilities along the axis",
    note = "of logits, they are `logits.log_softmax(axis)`; logarithms that were calculated otherwise are named so by `LogProbabilities::from_logarithms(x, axis)`",
    note = "explained in `congruent::errors::C66`"
)]
pub trait LogProbabilitiesAlong<D> {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<S, D: Dim, B: Backend> LogProbabilitiesAlong<D> for LogProbabilities<S, D, B> {
    fn sealed(_: Sealed) {}
}
// Else the compiler would take the one axis for granted.
#[diagnostic::do_not_recommend]
impl<S, D: Dim, B: Backend> LogProbabilitiesAlong<Never> for LogProbabilities<S, D, B> {
    fn sealed(_: Sealed) {}
}

/// A tensor, whatever is known of it. It is asked for first, so that the message about what is not known shows the axis.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a divergence is one of the logarithms of probabilities along its axis, and this is `{Self}`",
    label = "neither a tensor, nor known to be logarithms of probabilities",
    note = "explained in `congruent::errors::C66`"
)]
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

/// As those of tensors, whose results they give.
macro_rules! operators { ($($Op:ident $op:ident;)*) => {$(
    operators! { @with $Op $op:
        [] LogProbabilities<S, D, B>, Tensor<R, B>;
        [] LogProbabilities<S, D, B>, &Tensor<R, B>;
        [] &LogProbabilities<S, D, B>, Tensor<R, B>;
        [] &LogProbabilities<S, D, B>, &Tensor<R, B>;
        [] Tensor<S, B>, LogProbabilities<R, D, B>;
        [] Tensor<S, B>, &LogProbabilities<R, D, B>;
        [] &Tensor<S, B>, LogProbabilities<R, D, B>;
        [] &Tensor<S, B>, &LogProbabilities<R, D, B>;
        [, E] LogProbabilities<S, D, B>, LogProbabilities<R, E, B>;
        [, E] LogProbabilities<S, D, B>, &LogProbabilities<R, E, B>;
        [, E] &LogProbabilities<S, D, B>, LogProbabilities<R, E, B>;
        [, E] &LogProbabilities<S, D, B>, &LogProbabilities<R, E, B>;
    }
    impl<S: Shape, D, B: Backend<Elem = T>, T: Element> $Op<T> for LogProbabilities<S, D, B>
    where
        Tensor<S, B>: $Op<T>,
    {
        type Output = <Tensor<S, B> as $Op<T>>::Output;
        fn $op(self, other: T) -> Self::Output {
            self.tensor.$op(other)
        }
    }
    impl<S: Shape, D, B: Backend<Elem = T>, T: Element> $Op<T> for &LogProbabilities<S, D, B>
    where
        Tensor<S, B>: $Op<T>,
    {
        type Output = <Tensor<S, B> as $Op<T>>::Output;
        fn $op(self, other: T) -> Self::Output {
            self.tensor.clone().$op(other)
        }
    }
)*};
    (@with $Op:ident $op:ident: $([$($E:tt)*] $X:ty, $Y:ty;)*) => {$(
        impl<S: Shape + Broadcast<R>, R: Shape, B: Backend<Elem: Number>, D $($E)*> $Op<$Y> for $X {
            type Output = Tensor<<S as Broadcast<R>>::Larger, B>;
            fn $op(self, other: $Y) -> Self::Output {
                let (x, y): (Tensor<S, B>, Tensor<R, B>) = (self.owned(), other.owned());
                Tensor::from_parts(x.shape.broadcast(y.shape), B::binary(Binary::$Op, x.array, y.array))
            }
        }
    )*};
}
operators! { Add add; Sub sub; Mul mul; Div div; }

/// The tensor of an operand.
trait Owned<S, B: Backend> {
    fn owned(self) -> Tensor<S, B>;
}
impl<S, B: Backend> Owned<S, B> for Tensor<S, B> {
    fn owned(self) -> Tensor<S, B> {
        self
    }
}
impl<S: Clone, B: Backend> Owned<S, B> for &Tensor<S, B> {
    fn owned(self) -> Tensor<S, B> {
        self.clone()
    }
}
impl<S, D, B: Backend> Owned<S, B> for LogProbabilities<S, D, B> {
    fn owned(self) -> Tensor<S, B> {
        self.tensor
    }
}
impl<S: Clone, D, B: Backend> Owned<S, B> for &LogProbabilities<S, D, B> {
    fn owned(self) -> Tensor<S, B> {
        self.tensor.clone()
    }
}

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
