//! Arithmetic by operators, elementwise.

use super::{SameBackend, Tensor};
use crate::backend::{ArrayOf, Backend, Binary, Float, Number, Unary};
use crate::sealed::Sealed;
use crate::shape::{Broadcast, GoesWith, Shape};
use half::{bf16, f16};
use std::ops::{Add, Div, Mul, Neg, Sub};

fn binary<S: Shape + Broadcast<R>, R: Shape, B: Backend<Elem: Number>>(
    op: Binary,
    x: Tensor<S, B>,
    y: Tensor<R, impl SameBackend<B>>,
) -> Tensor<<S as Broadcast<R>>::Larger, B> {
    Tensor::from_parts(x.shape().broadcast(y.shape()), B::binary(op, x.into_array(), y.into_array()))
}

/// Arithmetic by name, for what has no operator.
impl<S: Shape, B: Backend> Tensor<S, B> {
    /// The larger of each pair; NaN where either is.
    pub fn maximum<R: Shape>(&self, other: &Tensor<R, impl SameBackend<B>>) -> Tensor<<S as Broadcast<R>>::Larger, B>
    where
        S: Broadcast<R>,
        B::Elem: Number,
    {
        binary(Binary::Max, self.clone(), other.clone())
    }

    /// The smaller of each pair; NaN where either is.
    pub fn minimum<R: Shape>(&self, other: &Tensor<R, impl SameBackend<B>>) -> Tensor<<S as Broadcast<R>>::Larger, B>
    where
        S: Broadcast<R>,
        B::Elem: Number,
    {
        binary(Binary::Min, self.clone(), other.clone())
    }

    /// Each element, brought between `low` and `high`.
    #[doc(alias = "clip")]
    pub fn clamp(&self, low: B::Elem, high: B::Elem) -> Self
    where
        B::Elem: Number,
    {
        let raised = B::binary_scalar(Binary::Max, self.array.clone(), low);
        Tensor::from_parts(self.shape, B::binary_scalar(Binary::Min, raised, high))
    }
}

/// What stands behind an operator whose left side is the tensor `X` on the backend `B`: a number of the type of its elements, or a tensor of
/// such numbers whose shape goes together with its own.
#[diagnostic::on_unimplemented(
    message = "cannot calculate with `{X}` on `{B}` and `{Self}`",
    label = "neither a number of the type of its elements, nor a tensor of such numbers",
    note = "a number is of the type of the elements, `x * 2.0` or `x * n as f32` for a tensor of `f32`; and a tensor gets another type of elements by `x.cast::<f64>()`",
    note = "a tensor on another engine comes here by `x.to_engine::<{B}>(&device)`",
    note = "explained in `congruent::errors::C58`"
)]
pub trait OperandOf<X, B> {
    /// The shape that has to go together with that of `X`: of a number, that shape itself.
    type Shape;
    /// The backend's array.
    type Array;
    #[doc(hidden)]
    fn shape(&self, x: &X) -> Self::Shape;
    /// `x op self`.
    #[doc(hidden)]
    fn behind(self, op: Binary, x: X) -> Self::Array;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

/// A number of the type of the elements on the backend `B`.
#[diagnostic::on_unimplemented(
    message = "cannot calculate with a number of type `{Self}` and a tensor of other elements, `{B}`",
    label = "the number is not of the type of the elements",
    note = "a number is of the type of the elements, `2.0 * x` or `n as f32 * x` for a tensor of `f32`; and a tensor gets another type of elements by `x.cast::<f64>()`",
    note = "explained in `congruent::errors::C58`"
)]
pub trait ElementOf<B: Backend> {
    /// `x op self`, or where it is swapped `self op x`.
    #[doc(hidden)]
    fn calculate(self, op: Binary, x: ArrayOf<B>, swapped: bool) -> ArrayOf<B>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

#[diagnostic::do_not_recommend]
impl<S, R: Shape, B: Backend<Elem: Number>> OperandOf<Tensor<S, B>, B> for Tensor<R, B> {
    type Shape = R;
    type Array = ArrayOf<B>;
    fn shape(&self, _: &Tensor<S, B>) -> R {
        self.shape
    }
    fn behind(self, op: Binary, x: Tensor<S, B>) -> ArrayOf<B> {
        B::binary(op, x.array, self.array)
    }
    fn sealed(_: Sealed) {}
}
#[diagnostic::do_not_recommend]
impl<S, R: Shape, B: Backend<Elem: Number>> OperandOf<Tensor<S, B>, B> for &Tensor<R, B> {
    type Shape = R;
    type Array = ArrayOf<B>;
    fn shape(&self, _: &Tensor<S, B>) -> R {
        self.shape
    }
    fn behind(self, op: Binary, x: Tensor<S, B>) -> ArrayOf<B> {
        B::binary(op, x.array, self.array.clone())
    }
    fn sealed(_: Sealed) {}
}

// The memory of an owned tensor that nobody else holds becomes that of the result.
macro_rules! operators { ($($Op:ident $op:ident;)*) => {$(
    impl<S, B: Backend, R: OperandOf<Tensor<S, B>, B, Array = ArrayOf<B>>> $Op<R> for Tensor<S, B>
    where
        S: Shape,
        R::Shape: GoesWith<S>,
    {
        type Output = Tensor<<R::Shape as GoesWith<S>>::Larger, B>;
        fn $op(self, other: R) -> Self::Output {
            let shape = other.shape(&self).go_with(self.shape);
            Tensor::from_parts(shape, other.behind(Binary::$Op, self))
        }
    }
    impl<S, B: Backend, R: OperandOf<Tensor<S, B>, B, Array = ArrayOf<B>>> $Op<R> for &Tensor<S, B>
    where
        S: Shape,
        R::Shape: GoesWith<S>,
    {
        type Output = Tensor<<R::Shape as GoesWith<S>>::Larger, B>;
        fn $op(self, other: R) -> Self::Output {
            self.clone().$op(other)
        }
    }
)*} }
operators! { Add add; Sub sub; Mul mul; Div div; }

macro_rules! numbers { ($($T:ident)*) => {$(
    #[diagnostic::do_not_recommend]
    impl<B: Backend<Elem = $T>> ElementOf<B> for $T {
        fn calculate(self, op: Binary, x: ArrayOf<B>, swapped: bool) -> ArrayOf<B> {
            if swapped { B::scalar_binary(op, self, x) } else { B::binary_scalar(op, x, self) }
        }
        fn sealed(_: Sealed) {}
    }
    #[diagnostic::do_not_recommend]
    impl<S: Shape, B: Backend> OperandOf<Tensor<S, B>, B> for $T
    where
        $T: ElementOf<B>,
    {
        type Shape = S;
        type Array = ArrayOf<B>;
        fn shape(&self, x: &Tensor<S, B>) -> S {
            x.shape
        }
        fn behind(self, op: Binary, x: Tensor<S, B>) -> ArrayOf<B> {
            self.calculate(op, x.array, false)
        }
        fn sealed(_: Sealed) {}
    }
    numbers! { @before $T: Add add; Sub sub; Mul mul; Div div; }
)*};
(@before $T:ident: $($Op:ident $op:ident;)*) => {$(
    impl<S: Shape, B: Backend> $Op<Tensor<S, B>> for $T
    where
        $T: ElementOf<B>,
    {
        type Output = Tensor<S, B>;
        fn $op(self, other: Tensor<S, B>) -> Tensor<S, B> {
            Tensor::from_parts(other.shape(), self.calculate(Binary::$Op, other.into_array(), true))
        }
    }
    impl<S: Shape, B: Backend> $Op<&Tensor<S, B>> for $T
    where
        $T: ElementOf<B>,
    {
        type Output = Tensor<S, B>;
        fn $op(self, other: &Tensor<S, B>) -> Tensor<S, B> {
            self.$op(other.clone())
        }
    }
)*} }
numbers! { f32 f64 f16 bf16 i8 i16 i32 i64 u8 u16 u32 u64 usize }

impl<S: Shape, B: Backend<Elem: Float>> Neg for &Tensor<S, B> {
    type Output = Tensor<S, B>;
    fn neg(self) -> Tensor<S, B> {
        -self.clone()
    }
}
impl<S: Shape, B: Backend<Elem: Float>> Neg for Tensor<S, B> {
    type Output = Tensor<S, B>;
    fn neg(self) -> Tensor<S, B> {
        Tensor::from_parts(self.shape(), B::unary(Unary::Neg, self.into_array()))
    }
}
