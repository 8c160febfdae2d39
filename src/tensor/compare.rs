//! Comparison and selection, elementwise.

use super::{Tensor, TensorOf};
use crate::backend::{Backend, Compare};
use crate::shape::{Broadcast, Shape};

macro_rules! compare { ($($(#[$docs:meta])* $name:ident $scalar:ident $Op:ident;)*) => {
    /// Comparison, elementwise: with a tensor, and with one value.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Embed = 3; }
    /// let x = Tensor::from_nested((Embed,), [1.0, -2.0, 3.0]);
    /// let positive = x.greater_than(0.0);
    /// assert_eq!(positive.to_vec(), [true, false, true]);
    /// assert_eq!(x.select(&positive, &x.abs()).to_vec(), [1.0, 2.0, 3.0]);
    /// ```
    impl<S: Shape, B: Backend> Tensor<S, B> {$(
        $(#[$docs])*
        pub fn $name<R: Shape>(&self, other: &Tensor<R, B>) -> TensorOf<<S as Broadcast<R>>::Larger, bool, B>
        where
            S: Broadcast<R>,
            B::Elem: PartialOrd,
        {
            Tensor::from_parts(self.shape.broadcast(other.shape), B::compare(Compare::$Op, &self.array, &other.array))
        }
        $(#[$docs])*
        pub fn $scalar(&self, value: B::Elem) -> TensorOf<S, bool, B>
        where
            B::Elem: PartialOrd,
        {
            self.with_array::<bool>(B::compare_scalar(Compare::$Op, &self.array, value))
        }
    )*}
} }

compare! {
    /// Where the elements are equal.
    equal equal_to Equal;
    /// Where the elements differ.
    not_equal not_equal_to NotEqual;
    /// Where this element is smaller.
    less less_than Less;
    /// Where this element is smaller or equal.
    less_or_equal at_most LessOrEqual;
    /// Where this element is larger.
    greater greater_than Greater;
    /// Where this element is larger or equal.
    greater_or_equal at_least GreaterOrEqual;
}

impl<S: Shape, B: Backend> Tensor<S, B> {
    /// This element where `condition` holds, that of `other` elsewhere.
    ///
    /// The condition and the other tensor have the shape of this one, or the end of it.
    pub fn select<C: Shape, R: Shape>(&self, condition: &TensorOf<C, bool, B>, other: &Tensor<R, B>) -> Self
    where
        S: Broadcast<C, Larger = S>,
        S: Broadcast<R, Larger = S>,
    {
        let sizes = self.sizes();
        let condition = B::With::<bool>::broadcast(&condition.array, sizes.as_ref());
        let other = B::broadcast(&other.array, sizes.as_ref());
        Tensor::from_parts(self.shape, B::select(&condition, &self.array, &other))
    }
}
