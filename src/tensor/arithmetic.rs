//! Arithmetic by operators, elementwise.

use super::{SameBackend, Tensor};
use crate::backend::{ArrayOf, Backend, Binary, Float, Number, Primitive, PrimitiveOf, Unary, constant};
use crate::sealed::Sealed;
use crate::shape::{Broadcast, FitsInto, GoesWith, Shape};
use half::{bf16, f16};
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

fn binary<S: Shape + Broadcast<R>, R: Shape, B: Backend<Elem: Number>>(
    op: Binary,
    x: Tensor<S, B>,
    y: Tensor<R, impl SameBackend<B>>,
) -> Tensor<<S as Broadcast<R>>::Larger, B> {
    Tensor::from_parts(x.shape().broadcast(y.shape()), B::binary(op, x.into_array(), y.into_array()))
}

/// # Numbers
///
/// Arithmetic by name, for what has no operator.
impl<S: Shape, B: Backend> Tensor<S, B> {
    /// The larger of each pair; NaN where either is.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 2; }
    /// let x = Tensor::from_nested((Batch, Embed), [[1.0, -2.0], [3.0, 4.0]]);
    /// let floor = Tensor::from_nested((Embed,), [2.0, 0.0]);
    /// assert_eq!(x.maximum(&floor).to_vec(), [2.0, 0.0, 3.0, 4.0]);
    /// ```
    pub fn maximum<R: Shape>(&self, other: &Tensor<R, impl SameBackend<B>>) -> Tensor<<S as Broadcast<R>>::Larger, B>
    where
        S: Broadcast<R>,
        B::Elem: Number,
    {
        binary(Binary::Max, self.clone(), other.clone())
    }

    /// The smaller of each pair; NaN where either is.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 2; }
    /// let x = Tensor::from_nested((Batch, Embed), [[1.0, -2.0], [3.0, 4.0]]);
    /// let ceiling = Tensor::from_nested((Embed,), [2.0, 0.0]);
    /// assert_eq!(x.minimum(&ceiling).to_vec(), [1.0, -2.0, 2.0, 0.0]);
    /// ```
    pub fn minimum<R: Shape>(&self, other: &Tensor<R, impl SameBackend<B>>) -> Tensor<<S as Broadcast<R>>::Larger, B>
    where
        S: Broadcast<R>,
        B::Elem: Number,
    {
        binary(Binary::Min, self.clone(), other.clone())
    }

    /// Each element, brought between `low` and `high`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Embed = 3; }
    /// let x = Tensor::from_nested((Embed,), [-3.0, 0.5, 3.0]);
    /// assert_eq!(x.clamp(-1.0, 1.0).to_vec(), [-1.0, 0.5, 1.0]);
    /// ```
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
    note = "a sum that is pending on a mesh becomes a tensor by `sum.all_reduce()`",
    note = "explained in `congruent::errors::C58`: https://docs.rs/congruent/latest/congruent/errors/C58/"
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
    note = "explained in `congruent::errors::C58`: https://docs.rs/congruent/latest/congruent/errors/C58/"
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
            calculate(Binary::$Op, self, other)
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

/// `x op other`.
fn calculate<S: Shape, B: Backend, R: OperandOf<Tensor<S, B>, B, Array = ArrayOf<B>>>(
    op: Binary,
    x: Tensor<S, B>,
    other: R,
) -> Tensor<<R::Shape as GoesWith<S>>::Larger, B>
where
    R::Shape: GoesWith<S>,
{
    let shape = other.shape(&x).go_with(x.shape);
    Tensor::from_parts(shape, other.behind(op, x))
}

/// Powers, and what divisions leave: of each element and a number, or that of a tensor.
impl<S: Shape, B: Backend> Tensor<S, B> {
    /// Each element to the power of a number, or of the element of a tensor. It is 1 where the exponent is 0, and NaN where the
    /// element is below zero and the exponent no whole number.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Embed = 3; }
    /// let x = Tensor::from_nested((Embed,), [1.0, 2.0, 4.0]);
    /// assert_eq!(x.pow(-0.5).to_vec(), [1.0, 0.5f32.sqrt(), 0.5]);
    /// assert_eq!(x.pow(&x).to_vec(), [1.0, 4.0, 256.0]);
    /// // A number to the power of each:
    /// assert_eq!(Tensor::full((), 3.0).pow(&x).to_vec(), [3.0, 9.0, 81.0]);
    /// ```
    ///
    /// # Gradients
    ///
    /// With respect to an exponent that is not below 0, the gradient is 0 where the element is 0; where it is below 0, it is NaN.
    #[doc(alias("powf", "powi", "pow_scalar", "float_power"))]
    pub fn pow<R>(&self, exponent: R) -> Tensor<<R::Shape as GoesWith<S>>::Larger, B>
    where
        R: OperandOf<Tensor<S, B>, B, Array = ArrayOf<B>>,
        R::Shape: GoesWith<S>,
        B::Elem: Float,
    {
        calculate(Binary::Pow, self.clone(), exponent)
    }

    /// What the division by a number, or by the element of a tensor, leaves if the quotient is cut off: it has the sign of this
    /// element, as of `%` in Rust. Of an integer by zero it is that integer.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Embed = 2; }
    /// let x = Tensor::from_nested((Embed,), [5.5, -5.5]);
    /// assert_eq!(x.fmod(2.0).to_vec(), [1.5, -1.5]);
    /// assert_eq!(x.remainder(2.0).to_vec(), [1.5, 0.5]);
    /// ```
    #[doc(alias("rem", "%"))]
    pub fn fmod<R>(&self, divisor: R) -> Tensor<<R::Shape as GoesWith<S>>::Larger, B>
    where
        R: OperandOf<Tensor<S, B>, B, Array = ArrayOf<B>>,
        R::Shape: GoesWith<S>,
    {
        calculate(Binary::Fmod, self.clone(), divisor)
    }

    /// What the division leaves if the quotient is rounded down: it has the sign of the divisor, as of `%` in Python and in
    /// PyTorch. Of an integer by zero it is that integer. See [`fmod`](Self::fmod).
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Days = 3; }
    /// let days = Cpu::<i32>::from_nested((Days,), [-1, 6, 8]);
    /// assert_eq!(days.remainder(7).to_vec(), [6, 6, 1]);
    /// ```
    #[doc(alias("rem", "rem_euclid", "mod", "%"))]
    pub fn remainder<R>(&self, divisor: R) -> Tensor<<R::Shape as GoesWith<S>>::Larger, B>
    where
        R: OperandOf<Tensor<S, B>, B, Array = ArrayOf<B>>,
        R::Shape: GoesWith<S>,
    {
        calculate(Binary::Remainder, self.clone(), divisor)
    }
}

impl<S: Shape, B: Backend<Elem: Float>> Tensor<S, B> {
    /// `factor · x + offset`, in code that is generic over the element type, to which an `f32` is no operand.
    ///
    /// ```
    /// use congruent::backend::{Backend, Float};
    /// use congruent::prelude::*;
    /// fn fahrenheit<S: Shape, B: Backend<Elem: Float>>(celsius: &Tensor<S, B>) -> Tensor<S, B> {
    ///     celsius.affine(1.8, 32.0)
    /// }
    /// dims! { Days = 2; }
    /// assert_eq!(fahrenheit(&Cpu::<f64>::from_vec((Days,), vec![0.0, 100.0])?).to_vec(), [32.0, 212.0]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn affine(&self, factor: f64, offset: f64) -> Self {
        let by = |op, x: ArrayOf<B>, number, neutral| match number == neutral {
            true => x,
            false => B::binary_scalar(op, x, constant(number)),
        };
        let scaled = by(Binary::Mul, self.array.clone(), factor, 1.0);
        Tensor::from_parts(self.shape, by(Binary::Add, scaled, offset, 0.0))
    }
}

/// `x op other`, in the memory of `x` if nobody else holds it.
fn assign<S: Shape, B: Backend, R: OperandOf<Tensor<S, B>, B, Array = ArrayOf<B>>>(
    op: Binary,
    x: &mut Tensor<S, B>,
    other: R,
) {
    // What stands there if the operation panics.
    let zero = PrimitiveOf::<B>::from_bytes(&vec![0; size_of::<PrimitiveOf<B>>()])[0];
    let nothing = B::broadcast(&B::filled(zero, &[], &B::device(&x.array)), x.sizes().as_ref());
    let array = std::mem::replace(&mut x.array, nothing);
    *x = Tensor::from_parts(x.shape, other.behind(op, Tensor { shape: x.shape, array }));
}

macro_rules! assigned { ($($Op:ident $op:ident $Binary:ident;)*) => {$(
    impl<S: Shape, B: Backend, R: OperandOf<Tensor<S, B>, B, Array = ArrayOf<B>>> $Op<R> for Tensor<S, B>
    where
        R::Shape: FitsInto<S>,
    {
        fn $op(&mut self, other: R) {
            assign(Binary::$Binary, self, other);
        }
    }
)*} }
assigned! {
    AddAssign add_assign Add;
    SubAssign sub_assign Sub;
    MulAssign mul_assign Mul;
    DivAssign div_assign Div;
}

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
