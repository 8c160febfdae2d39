//! Arithmetic by operators, elementwise.

use super::Tensor;
use crate::backend::{Backend, Binary, Float, Number, Unary};
use crate::shape::{Broadcast, Shape};
use half::{bf16, f16};
use std::ops::{Add, Div, Mul, Neg, Sub};

fn binary<S: Shape + Broadcast<R>, R: Shape, B: Backend<Elem: Number>>(
    op: Binary,
    x: Tensor<S, B>,
    y: Tensor<R, B>,
) -> Tensor<<S as Broadcast<R>>::Larger, B> {
    Tensor::from_parts(x.shape().broadcast(y.shape()), B::binary(op, x.into_array(), y.into_array()))
}

/// Arithmetic by name, for what has no operator.
impl<S: Shape, B: Backend> Tensor<S, B> {
    /// The larger of each pair; NaN where either is.
    pub fn maximum<R: Shape>(&self, other: &Tensor<R, B>) -> Tensor<<S as Broadcast<R>>::Larger, B>
    where
        S: Broadcast<R>,
        B::Elem: Number,
    {
        binary(Binary::Max, self.clone(), other.clone())
    }

    /// The smaller of each pair; NaN where either is.
    pub fn minimum<R: Shape>(&self, other: &Tensor<R, B>) -> Tensor<<S as Broadcast<R>>::Larger, B>
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

// The memory of an owned tensor that nobody else holds becomes that of the result.
macro_rules! operators { ($($Op:ident $op:ident;)*) => {$(
    impl<S: Shape + Broadcast<R>, R: Shape, B: Backend<Elem: Number>> $Op<&Tensor<R, B>> for &Tensor<S, B> {
        type Output = Tensor<<S as Broadcast<R>>::Larger, B>;
        fn $op(self, other: &Tensor<R, B>) -> Self::Output {
            binary(Binary::$Op, self.clone(), other.clone())
        }
    }
    impl<S: Shape + Broadcast<R>, R: Shape, B: Backend<Elem: Number>> $Op<Tensor<R, B>> for &Tensor<S, B> {
        type Output = Tensor<<S as Broadcast<R>>::Larger, B>;
        fn $op(self, other: Tensor<R, B>) -> Self::Output {
            binary(Binary::$Op, self.clone(), other)
        }
    }
    impl<S: Shape + Broadcast<R>, R: Shape, B: Backend<Elem: Number>> $Op<&Tensor<R, B>> for Tensor<S, B> {
        type Output = Tensor<<S as Broadcast<R>>::Larger, B>;
        fn $op(self, other: &Tensor<R, B>) -> Self::Output {
            binary(Binary::$Op, self, other.clone())
        }
    }
    impl<S: Shape + Broadcast<R>, R: Shape, B: Backend<Elem: Number>> $Op<Tensor<R, B>> for Tensor<S, B> {
        type Output = Tensor<<S as Broadcast<R>>::Larger, B>;
        fn $op(self, other: Tensor<R, B>) -> Self::Output {
            binary(Binary::$Op, self, other)
        }
    }
    scalar_operators! { $Op $op: f32 f64 f16 bf16 i8 i16 i32 i64 u8 u16 u32 u64 usize }
)*} }

macro_rules! scalar_operators { ($Op:ident $op:ident: $($T:ty)*) => {$(
    impl<S: Shape, B: Backend<Elem = $T>> $Op<$T> for &Tensor<S, B> {
        type Output = Tensor<S, B>;
        fn $op(self, other: $T) -> Tensor<S, B> {
            self.clone().$op(other)
        }
    }
    impl<S: Shape, B: Backend<Elem = $T>> $Op<$T> for Tensor<S, B> {
        type Output = Tensor<S, B>;
        fn $op(self, other: $T) -> Tensor<S, B> {
            Tensor::from_parts(self.shape(), B::binary_scalar(Binary::$Op, self.into_array(), other))
        }
    }
    impl<S: Shape, B: Backend<Elem = $T>> $Op<&Tensor<S, B>> for $T {
        type Output = Tensor<S, B>;
        fn $op(self, other: &Tensor<S, B>) -> Tensor<S, B> {
            self.$op(other.clone())
        }
    }
    impl<S: Shape, B: Backend<Elem = $T>> $Op<Tensor<S, B>> for $T {
        type Output = Tensor<S, B>;
        fn $op(self, other: Tensor<S, B>) -> Tensor<S, B> {
            Tensor::from_parts(other.shape(), B::scalar_binary(Binary::$Op, self, other.into_array()))
        }
    }
)*} }

operators! { Add add; Sub sub; Mul mul; Div div; }

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
