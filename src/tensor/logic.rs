//! Conditions: tensors of `bool`, combined elementwise, and made one along an axis.

use super::{Tensor, TensorOf};
use crate::backend::{ArrayOf, Backend, Compare, composed};
use crate::dim::{Compared, Whole};
use crate::sealed::Sealed;
use crate::shape::{Axis, GoesWith, Shape};
use std::ops::{BitAnd, BitOr, BitXor, Not};

/// What stands behind `&`, `|` and `^` whose left side is the tensor `X` of `bool` on the backend `B`: another one, whose shape goes
/// together with its own.
#[diagnostic::on_unimplemented(
    message = "cannot combine the conditions `{X}` with `{Self}`",
    label = "no tensor of `bool` on the same engine",
    note = "conditions are made by comparing: `x.greater_than(0.0)`, `x.less(&y)`; and `!condition` is the opposite",
    note = "lengths and other masks of attention are combined by `and`: `lengths.and(Causal)`",
    note = "explained in `congruent::errors::C85`: https://docs.rs/congruent/latest/congruent/errors/C85/"
)]
pub trait ConditionOf<X, B: Backend> {
    /// Its shape.
    type Shape;
    #[doc(hidden)]
    fn parts(self) -> (Self::Shape, ArrayOf<B>);
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<S, R: Shape, B: Backend<Elem = bool>> ConditionOf<Tensor<S, B>, B> for Tensor<R, B> {
    type Shape = R;
    fn parts(self) -> (R, ArrayOf<B>) {
        (self.shape, self.array)
    }
    fn sealed(_: Sealed) {}
}
#[diagnostic::do_not_recommend]
impl<S, R: Shape, B: Backend<Elem = bool>> ConditionOf<Tensor<S, B>, B> for &Tensor<R, B> {
    type Shape = R;
    fn parts(self) -> (R, ArrayOf<B>) {
        (self.shape, self.array.clone())
    }
    fn sealed(_: Sealed) {}
}

macro_rules! operators { ($($Op:ident $op:ident: $combined:expr;)*) => {$(
    impl<S: Shape, B: Backend<Elem = bool>, R: ConditionOf<Tensor<S, B>, B>> $Op<R> for &Tensor<S, B>
    where
        R::Shape: GoesWith<S>,
    {
        type Output = Tensor<<R::Shape as GoesWith<S>>::Larger, B>;
        fn $op(self, other: R) -> Self::Output {
            let (shape, other) = other.parts();
            let shape = shape.go_with(self.shape);
            let [x, y] = [&self.array, &other].map(|array| B::broadcast(array, shape.sizes().as_ref()));
            let combined: fn(&ArrayOf<B>, &ArrayOf<B>) -> ArrayOf<B> = $combined;
            Tensor::from_parts(shape, combined(&x, &y))
        }
    }
    impl<S: Shape, B: Backend<Elem = bool>, R: ConditionOf<Tensor<S, B>, B>> $Op<R> for Tensor<S, B>
    where
        R::Shape: GoesWith<S>,
    {
        type Output = Tensor<<R::Shape as GoesWith<S>>::Larger, B>;
        fn $op(self, other: R) -> Self::Output {
            (&self).$op(other)
        }
    }
)*} }
operators! {
    BitAnd bitand: |x, y| B::select(x, y, x);
    BitOr bitor: |x, y| B::select(x, x, y);
    BitXor bitxor: |x, y| B::compare(Compare::NotEqual, x, y);
}

impl<S: Shape, B: Backend<Elem = bool>> Not for &Tensor<S, B> {
    type Output = Tensor<S, B>;
    fn not(self) -> Tensor<S, B> {
        Tensor::from_parts(self.shape, opposite::<B>(&self.array))
    }
}
impl<S: Shape, B: Backend<Elem = bool>> Not for Tensor<S, B> {
    type Output = Tensor<S, B>;
    fn not(self) -> Tensor<S, B> {
        !&self
    }
}

fn opposite<B: Backend<Elem = bool>>(x: &ArrayOf<B>) -> ArrayOf<B> {
    // As an array of `bool` of the engine, which is what this backend has.
    crate::backend::With::<B, bool>::compare_scalar(Compare::Equal, x, false)
}

// Written out, not made by a macro: the bounds are part of messages, which would show the macro.

/// Conditions made one, along an axis without padding.
///
/// ```
/// use congruent::prelude::*;
/// dims! { Batch = 2; Embed = 3; }
/// let x = Tensor::from_nested((Batch, Embed), [[1.0, -2.0, 3.0], [1.0; 3]]);
/// let inside = x.greater_than(0.0) & x.less_than(2.0);
/// assert_eq!(inside.count(Embed).to_vec(), [1, 3]);
/// assert_eq!(inside.all(Embed).to_vec(), [false, true]);
/// assert_eq!((!&inside).any(Embed).to_vec(), [true, false]);
/// ```
impl<S: Shape, B: Backend<Elem = bool>> Tensor<S, B> {
    /// Whether any condition along an axis holds; none holds if it is empty.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 2; }
    /// let x = Tensor::from_nested((Batch, Embed), [[1.0, -2.0], [-3.0, -4.0]]);
    /// assert_eq!(x.greater_than(0.0).any(Embed).to_vec(), [true, false]);
    /// ```
    pub fn any<D, Position, X, Rest>(&self, axis: D) -> Tensor<Rest, B>
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Whole + Compared,
        Rest: Shape,
    {
        let _ = axis;
        Tensor::from_parts(self.shape.removed(), composed::any::<B>(&self.array, S::INDEX))
    }

    /// Whether all conditions along an axis hold; they do if it is empty.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 2; }
    /// let x = Tensor::from_nested((Batch, Embed), [[1.0, -2.0], [3.0, 4.0]]);
    /// assert_eq!(x.greater_than(0.0).all(Embed).to_vec(), [false, true]);
    /// ```
    pub fn all<D, Position, X, Rest>(&self, axis: D) -> Tensor<Rest, B>
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Whole + Compared,
        Rest: Shape,
    {
        let _ = axis;
        Tensor::from_parts(self.shape.removed(), composed::all::<B>(&self.array, S::INDEX))
    }

    /// How many conditions along an axis hold.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 2; }
    /// let x = Tensor::from_nested((Batch, Embed), [[1.0, -2.0], [3.0, 4.0]]);
    /// assert_eq!(x.greater_than(0.0).count(Embed).to_vec(), [1, 2]);
    /// ```
    #[doc(alias = "count_nonzero")]
    pub fn count<D, Position, X, Rest>(&self, axis: D) -> TensorOf<Rest, u32, B>
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Whole + Compared,
        Rest: Shape,
    {
        let _ = axis;
        Tensor::from_parts(self.shape.removed(), composed::count::<B>(&self.array, S::INDEX))
    }
}
