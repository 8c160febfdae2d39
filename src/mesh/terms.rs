//! What is done with sums that are pending, and what is not before the ranks have added them.

use super::partial::Partial;
use crate::backend::{Backend, Binary, Number};
use crate::dim::Dim;
use crate::sealed::Sealed;
use crate::shape::Shape;
use std::fmt::{self, Display, Formatter};
use std::ops::{Add, AddAssign, Div, Mul, Sub, SubAssign};

/// What is added to a sum of shape `S` that is pending along the mesh axis `M`: another one, whose terms are added to its own.
#[diagnostic::on_unimplemented(
    message = "a sum `{S}` that is pending along `{M}` takes no `{Self}` before the ranks have added it",
    label = "each rank along `{M}` would add it, and the sum would have it as many times",
    note = "a bias, or a residual, comes after the sum: `sum.all_reduce() + bias`",
    note = "of two sums that are pending along different axes, or have different shapes, each becomes a tensor before: `x.all_reduce() + y.all_reduce()`",
    note = "explained in `congruent::errors::C113`: https://docs.rs/congruent/latest/congruent/errors/C113/"
)]
pub trait Summand<S, M, B: Backend> {
    /// `x op self`.
    #[doc(hidden)]
    fn behind(self, op: Binary, x: Partial<S, M, B>) -> Partial<S, M, B>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<S: Shape, M: Dim, B: Backend<Elem: Number>> Summand<S, M, B> for Partial<S, M, B> {
    fn behind(self, op: Binary, x: Partial<S, M, B>) -> Partial<S, M, B> {
        x.with(op, self)
    }
    fn sealed(_: Sealed) {}
}

macro_rules! sums { ($($Op:ident $op:ident $Assign:ident $assign:ident;)*) => {$(
    impl<S: Shape, M: Dim, B: Backend<Elem: Number>, R: Summand<S, M, B>> $Op<R> for Partial<S, M, B> {
        type Output = Self;
        fn $op(self, other: R) -> Self {
            other.behind(Binary::$Op, self)
        }
    }
    impl<S: Shape, M: Dim, B: Backend<Elem: Number>, R: Summand<S, M, B>> $Assign<R> for Partial<S, M, B> {
        fn $assign(&mut self, other: R) {
            *self = other.behind(Binary::$Op, self.clone());
        }
    }
)*} }
sums! { Add add AddAssign add_assign; Sub sub SubAssign sub_assign; }

/// That the ranks along the mesh axis `M` have added a sum of this shape: nothing that is pending. A tensor is what it becomes.
#[diagnostic::on_unimplemented(
    message = "the sum `{Self}` is pending along `{M}`: a rank has its own term of it, and not its value",
    label = "the ranks along `{M}` have not added it yet",
    note = "the ranks add it by `sum.all_reduce()`, or each gets a part by `sum.reduce_scatter(part)`: that is a tensor, and takes a function, a product, a bias, and is read",
    note = "a product with a number is that of each term: `sum.scaled(0.5)`",
    note = "explained in `congruent::errors::C114`: https://docs.rs/congruent/latest/congruent/errors/C114/"
)]
pub trait Together<M> {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

/// What a sum of shape `S` that is pending along `M` is multiplied by: nothing.
#[diagnostic::on_unimplemented(
    message = "a sum `{S}` that is pending along `{M}` is not multiplied by `{Self}` before the ranks have added it",
    label = "expected a tensor on the left, and not one term of each rank along `{M}`",
    note = "a product with a number is that of each term: `sum.scaled(0.5)`; one with a tensor comes after the sum: `sum.all_reduce() * x`",
    note = "explained in `congruent::errors::C120`: https://docs.rs/congruent/latest/congruent/errors/C120/"
)]
pub trait FactorOf<S, M> {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

// Operations of tensors that would be wrong for one term: nothing may call them, and their message names the way.
macro_rules! not_linear { ($($Op:ident $op:ident;)*) => {$(
    impl<S: Shape, M: Dim, B: Backend, R: FactorOf<S, M>> $Op<R> for Partial<S, M, B> {
        type Output = Self;
        fn $op(self, _: R) -> Self {
            unreachable!("it is pending")
        }
    }
)*} }
not_linear! { Mul mul; Div div; }

/// Nothing but a message: a term is not shown as if it were the value.
impl<S: Shape + Together<M>, M: Dim, B: Backend> Display for Partial<S, M, B> {
    fn fmt(&self, _: &mut Formatter<'_>) -> fmt::Result {
        unreachable!("it is pending")
    }
}

// Written out, not made by a macro: a message shows the method. The result is a parameter, so that nothing is said about what is
// done with it.
#[doc(hidden)]
#[rustfmt::skip]
impl<S, M, B: Backend> Partial<S, M, B> {
    pub fn relu<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn gelu<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn silu<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn sigmoid<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn tanh<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn exp<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn ln<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn sqrt<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn abs<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn pow<A, R>(&self, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn clamp<A, R>(&self, _: A, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn softmax<A, R>(&self, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn log_softmax<A, R>(&self, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn sum<A, R>(&self, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn mean<A, R>(&self, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn var<A, R>(&self, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn norm<A, R>(&self, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn max<A, R>(&self, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn min<A, R>(&self, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn argmax<A, R>(&self, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn greater_than<A, R>(&self, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn less_than<A, R>(&self, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn matmul<A, R>(&self, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn to_vec<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn to_nested<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn as_slice<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn scalar<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn backward<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn square<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn softplus<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn sin<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn cos<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn erf<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn log1p<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn expm1<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn rsqrt<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn recip<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn floor<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn round<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn sign<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn detach<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn sum_all<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn mean_all<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn max_all<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn min_all<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn array<R>(&self) -> R where S: Together<M> { unreachable!() }
    pub fn at_least<A, R>(&self, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn at_most<A, R>(&self, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn equal<A, R>(&self, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn less<A, R>(&self, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn greater<A, R>(&self, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn std<A, R>(&self, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn logsumexp<A, R>(&self, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn argmin<A, R>(&self, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn sort<A, R>(&self, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn cumsum<A, R>(&self, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn permute<A, R>(&self, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn shard<A, R>(&self, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn prod<A, R>(&self, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn quantile<A, R>(&self, _: A) -> R where S: Together<M> { unreachable!() }
    pub fn concat<A, X, R>(&self, _: A, _: X) -> R where S: Together<M> { unreachable!() }
    pub fn at<A, X, R>(&self, _: A, _: X) -> R where S: Together<M> { unreachable!() }
    pub fn transpose<A, X, R>(&self, _: A, _: X) -> R where S: Together<M> { unreachable!() }
    pub fn masked_fill<A, X, R>(&self, _: A, _: X) -> R where S: Together<M> { unreachable!() }
    pub fn select<A, X, R>(&self, _: A, _: X) -> R where S: Together<M> { unreachable!() }
    pub fn relabel<A, X, R>(&self, _: A, _: X) -> R where S: Together<M> { unreachable!() }
}
