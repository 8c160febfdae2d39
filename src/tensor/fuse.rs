//! Elementwise operations one after another, in one pass over memory.

use super::Tensor;
use crate::backend::{ArrayOf, Backend, Binary, Float, Program, Step, Unary};
use crate::sealed::Sealed;
use crate::shape::{Broadcast, Shape};
use half::{bf16, f16};
use std::cell::RefCell;
use std::fmt::{self, Debug, Formatter};
use std::marker::PhantomData;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// An element of an input of [`fuse`], or what is calculated of such: it has the operators and functions of a tensor.
///
/// It stands for all elements alike, and holds none of them. Whatever is calculated with it is noted, and done later.
pub struct Expr<'p, T> {
    program: &'p RefCell<Program<T>>,
    value: usize,
    /// Those of one program do not go into another.
    brand: PhantomData<fn(&'p ()) -> &'p ()>,
}

impl<T> Clone for Expr<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Expr<'_, T> {}

impl<T> Debug for Expr<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Expr({})", self.value)
    }
}

/// What `f` gives for the elements of tensors, all of it in one pass over memory: as operations on the tensors themselves
/// would give, where each is a pass of its own.
///
/// ```
/// use congruent::fuse;
/// use congruent::prelude::*;
/// dims! { Batch = 2; Embed = 3; }
/// let x = Tensor::from_fn((Batch, Embed), |[b, e]| b as f32 - e as f32);
/// let (bias, residual) = (Tensor::full((Embed,), 0.5), Tensor::ones((Batch, Embed)));
/// let y: Tensor<(Batch, Embed)> = fuse((&x, &bias, &residual), |x, b, r| r + (x + b).gelu() * 0.5);
/// assert_eq!(y.to_vec(), (&residual + (&x + &bias).gelu() * 0.5).to_vec());
/// ```
///
/// The inputs are a tensor, or a tuple of two to four. Their shapes go together as those of operators do: one is the end of
/// the other, and the result has the larger. `f` is called once, with an [`Expr`] for each input, and notes the operations;
/// so it cannot look at elements, and a condition in it holds for all of them.
///
/// Results of `f32` and `f64` are those of the separate operations to the last bit. Of `f16` and `bf16` they are more exact:
/// calculated in `f32`, and rounded once.
///
/// # Gradients
///
/// It is recorded as one operation, which keeps its inputs and nothing in between. In the backward pass what the slopes depend on is
/// calculated again, a block of elements at a time, and one more pass gives the gradients of all inputs. They are those of
/// the separate operations too.
///
/// ```
/// # use congruent::fuse;
/// # use congruent::prelude::*;
/// # dims! { Embed = 3; }
/// let (gate, up) = (Tensor::ones((Embed,)).tracked(), Tensor::full((Embed,), 2.0).tracked());
/// let loss = fuse((&gate, &up), |gate, up| gate.square() * up).sum(Embed);
/// let gradients = loss.backward();
/// assert_eq!(gradients.of(&gate).to_vec(), [4.0; 3]);
/// assert_eq!(gradients.of(&up).to_vec(), [1.0; 3]);
/// ```
pub fn fuse<F, I: Fuse<F>>(inputs: I, f: F) -> I::Output {
    inputs.fuse(f)
}

/// Inputs of [`fuse`], for functions `F` of their elements: a tensor, or a tuple of up to four.
#[diagnostic::on_unimplemented(
    message = "cannot fuse `{Self}` elementwise",
    label = "expected tensors by reference, on one engine and of one floating-point type, whose shapes go together",
    note = "two shapes go together if they are the same, or if one is the end of the other: `(Batch, Seq, Embed)` and `(Seq, Embed)`",
    note = "the inputs are a tensor, `&x`, or a tuple of two to four, `(&x, &y)`; repeat a tensor along a new dimension by name: `x.expand(Batch)`",
    note = "a tensor goes to another engine by `x.to_engine::<B>(&device)`, and gets other elements by `x.cast::<f64>()`",
    note = "explained in `congruent::errors::C44`: https://docs.rs/congruent/latest/congruent/errors/C44/"
)]
pub trait Fuse<F> {
    /// The result.
    type Output;
    /// See [`fuse`].
    fn fuse(self, f: F) -> Self::Output;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

/// The function of arrays, which are repeated to the shape.
fn run<S: Shape, B: Backend<Elem: Float>, const INPUTS: usize>(
    shape: S,
    inputs: [&ArrayOf<B>; INPUTS],
    f: impl for<'p> FnOnce([Expr<'p, B::Elem>; INPUTS]) -> Expr<'p, B::Elem>,
) -> Tensor<S, B> {
    let program = RefCell::new(Program::new(INPUTS));
    let result = f(std::array::from_fn(|value| Expr { program: &program, value, brand: PhantomData })).value;
    let mut program = program.into_inner();
    program.give(result);
    let sizes = shape.sizes();
    let inputs = inputs.map(|input| {
        let is_whole = B::sizes(input) == sizes.as_ref();
        if is_whole { input.clone() } else { B::broadcast(input, sizes.as_ref()) }
    });
    Tensor::from_parts(shape, B::fused(&program, &inputs))
}

#[diagnostic::do_not_recommend]
impl<S, B, F> Fuse<F> for &Tensor<S, B>
where
    S: Shape,
    B: Backend<Elem: Float>,
    F: for<'p> FnOnce(Expr<'p, B::Elem>) -> Expr<'p, B::Elem>,
{
    type Output = Tensor<S, B>;
    fn fuse(self, f: F) -> Self::Output {
        run(self.shape, [&self.array], |[x]| f(x))
    }
    fn sealed(_: Sealed) {}
}

type Larger<S, R> = <S as Broadcast<R>>::Larger;

fn larger<S: Broadcast<R>, R>(x: S, y: R) -> Larger<S, R> {
    x.broadcast(y)
}

#[diagnostic::do_not_recommend]
impl<S, R, B, F> Fuse<F> for (&Tensor<S, B>, &Tensor<R, B>)
where
    S: Shape + Broadcast<R>,
    R: Shape,
    B: Backend<Elem: Float>,
    F: for<'p> FnOnce(Expr<'p, B::Elem>, Expr<'p, B::Elem>) -> Expr<'p, B::Elem>,
{
    type Output = Tensor<Larger<S, R>, B>;
    fn fuse(self, f: F) -> Self::Output {
        let (x, y) = self;
        run(larger(x.shape, y.shape), [&x.array, &y.array], |[x, y]| f(x, y))
    }
    fn sealed(_: Sealed) {}
}

#[diagnostic::do_not_recommend]
impl<S, R, Q, B, F> Fuse<F> for (&Tensor<S, B>, &Tensor<R, B>, &Tensor<Q, B>)
where
    S: Shape + Broadcast<R>,
    R: Shape,
    Q: Shape,
    Larger<S, R>: Broadcast<Q>,
    B: Backend<Elem: Float>,
    F: for<'p> FnOnce(Expr<'p, B::Elem>, Expr<'p, B::Elem>, Expr<'p, B::Elem>) -> Expr<'p, B::Elem>,
{
    type Output = Tensor<Larger<Larger<S, R>, Q>, B>;
    fn fuse(self, f: F) -> Self::Output {
        let (x, y, z) = self;
        let shape = larger::<Larger<S, R>, Q>(larger(x.shape, y.shape), z.shape);
        run(shape, [&x.array, &y.array, &z.array], |[x, y, z]| f(x, y, z))
    }
    fn sealed(_: Sealed) {}
}

#[diagnostic::do_not_recommend]
impl<S, R, Q, P, B, F> Fuse<F> for (&Tensor<S, B>, &Tensor<R, B>, &Tensor<Q, B>, &Tensor<P, B>)
where
    S: Shape + Broadcast<R>,
    R: Shape,
    Q: Shape,
    P: Shape,
    Larger<S, R>: Broadcast<Q>,
    Larger<Larger<S, R>, Q>: Broadcast<P>,
    B: Backend<Elem: Float>,
    F: for<'p> FnOnce(Expr<'p, B::Elem>, Expr<'p, B::Elem>, Expr<'p, B::Elem>, Expr<'p, B::Elem>) -> Expr<'p, B::Elem>,
{
    type Output = Tensor<Larger<Larger<Larger<S, R>, Q>, P>, B>;
    fn fuse(self, f: F) -> Self::Output {
        let (x, y, z, w) = self;
        let three = larger::<Larger<S, R>, Q>(larger(x.shape, y.shape), z.shape);
        let shape = larger::<Larger<Larger<S, R>, Q>, P>(three, w.shape);
        run(shape, [&x.array, &y.array, &z.array, &w.array], |[x, y, z, w]| f(x, y, z, w))
    }
    fn sealed(_: Sealed) {}
}

impl<'p, T: Float> Expr<'p, T> {
    fn then(self, step: Step<T>) -> Self {
        let value = self.program.borrow_mut().push(step);
        Expr { value, ..self }
    }

    pub(super) fn unary(self, op: Unary) -> Self {
        self.then(Step::Unary(op, self.value))
    }

    fn binary(self, op: Binary, other: Self) -> Self {
        self.then(Step::Binary(op, self.value, other.value))
    }

    /// The larger of both; NaN where either is.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::fuse;
    /// dims! { Embed = 2; }
    /// let (x, y) = (Tensor::from_nested((Embed,), [1.0, 4.0]), Tensor::from_nested((Embed,), [2.0, 3.0]));
    /// assert_eq!(fuse((&x, &y), |x, y| x.maximum(y) * 10.0).to_vec(), [20.0, 40.0]);
    /// ```
    pub fn maximum(self, other: Self) -> Self {
        self.binary(Binary::Max, other)
    }

    /// The smaller of both; NaN where either is.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::fuse;
    /// dims! { Embed = 2; }
    /// let (x, y) = (Tensor::from_nested((Embed,), [1.0, 4.0]), Tensor::from_nested((Embed,), [2.0, 3.0]));
    /// assert_eq!(fuse((&x, &y), |x, y| x.minimum(y) * 10.0).to_vec(), [10.0, 30.0]);
    /// ```
    pub fn minimum(self, other: Self) -> Self {
        self.binary(Binary::Min, other)
    }

    /// To the power of this, as [`Tensor::pow`].
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::fuse;
    /// dims! { Embed = 2; }
    /// let x = Tensor::from_nested((Embed,), [1.0, 3.0]);
    /// assert_eq!(fuse(&x, |x| x.pow(2.0) + 1.0).to_vec(), [2.0, 10.0]);
    /// ```
    pub fn pow(self, exponent: impl FusedOperand<'p, T>) -> Self {
        exponent.behind(Binary::Pow, self)
    }

    /// What a division by this leaves, as [`Tensor::fmod`].
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::fuse;
    /// dims! { Embed = 2; }
    /// let x = Tensor::from_nested((Embed,), [5.5, -5.5]);
    /// assert_eq!(fuse(&x, |x| x.fmod(2.0) * 10.0).to_vec(), [15.0, -15.0]);
    /// ```
    pub fn fmod(self, divisor: impl FusedOperand<'p, T>) -> Self {
        divisor.behind(Binary::Fmod, self)
    }

    /// What a division by this leaves, as [`Tensor::remainder`].
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::fuse;
    /// dims! { Embed = 2; }
    /// let x = Tensor::from_nested((Embed,), [5.5, -5.5]);
    /// assert_eq!(fuse(&x, |x| x.remainder(2.0) * 10.0).to_vec(), [15.0, 5.0]);
    /// ```
    pub fn remainder(self, divisor: impl FusedOperand<'p, T>) -> Self {
        divisor.behind(Binary::Remainder, self)
    }

    /// Brought between `low` and `high`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::fuse;
    /// dims! { Embed = 3; }
    /// let x = Tensor::from_nested((Embed,), [-3.0, 0.5, 3.0]);
    /// assert_eq!(fuse(&x, |x| x.clamp(-1.0, 1.0) * 10.0).to_vec(), [-10.0, 5.0, 10.0]);
    /// ```
    pub fn clamp(self, low: T, high: T) -> Self {
        let raised = self.then(Step::BinaryScalar(Binary::Max, self.value, low));
        raised.then(Step::BinaryScalar(Binary::Min, raised.value, high))
    }
}

/// A number, or what is calculated in the same function.
pub trait FusedOperand<'p, T> {
    #[doc(hidden)]
    fn behind(self, op: Binary, x: Expr<'p, T>) -> Expr<'p, T>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
impl<'p, T: Float> FusedOperand<'p, T> for T {
    fn behind(self, op: Binary, x: Expr<'p, T>) -> Expr<'p, T> {
        x.then(Step::BinaryScalar(op, x.value, self))
    }
    fn sealed(_: Sealed) {}
}
impl<'p, T: Float> FusedOperand<'p, T> for Expr<'p, T> {
    fn behind(self, op: Binary, x: Expr<'p, T>) -> Expr<'p, T> {
        x.binary(op, self)
    }
    fn sealed(_: Sealed) {}
}

macro_rules! operators { ($($Op:ident $op:ident;)*) => {$(
    #[diagnostic::do_not_recommend]
    impl<'p, T: Float> $Op for Expr<'p, T> {
        type Output = Expr<'p, T>;
        fn $op(self, other: Self) -> Expr<'p, T> {
            self.binary(Binary::$Op, other)
        }
    }
    #[diagnostic::do_not_recommend]
    impl<'p, T: Float> $Op<T> for Expr<'p, T> {
        type Output = Expr<'p, T>;
        fn $op(self, other: T) -> Expr<'p, T> {
            self.then(Step::BinaryScalar(Binary::$Op, self.value, other))
        }
    }
    number_operators! { $Op $op: f32 f64 f16 bf16 }
)*} }

macro_rules! number_operators { ($Op:ident $op:ident: $($T:ty)*) => {$(
    #[diagnostic::do_not_recommend]
    impl<'p> $Op<Expr<'p, $T>> for $T {
        type Output = Expr<'p, $T>;
        fn $op(self, other: Expr<'p, $T>) -> Expr<'p, $T> {
            other.then(Step::ScalarBinary(Binary::$Op, self, other.value))
        }
    }
)*} }

operators! { Add add; Sub sub; Mul mul; Div div; }

impl<T: Float> Neg for Expr<'_, T> {
    type Output = Self;
    fn neg(self) -> Self {
        self.unary(Unary::Neg)
    }
}
