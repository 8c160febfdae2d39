//! Comparison and selection, elementwise.

use super::{SameBackend, Tensor, TensorOf};
use crate::backend::{Backend, Compare, Element, With};
use crate::shape::{Broadcast, Shape};

// Written out, not made by a macro: the bounds are part of messages, which would show the macro.

/// Comparison with a tensor, elementwise.
///
/// ```
/// use congruent::prelude::*;
/// dims! { Embed = 3; }
/// let x = Tensor::from_nested((Embed,), [1.0, -2.0, 3.0]);
/// assert_eq!(x.less(&x.abs()).to_vec(), [false, true, false]);
/// ```
impl<S: Shape, B: Backend> Tensor<S, B> {
    /// Where the elements are equal.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Embed = 3; }
    /// let x = Tensor::from_nested((Embed,), [1.0, -2.0, 3.0]);
    /// assert_eq!(x.equal(&x.abs()).to_vec(), [true, false, true]);
    /// ```
    #[doc(alias = "eq")]
    pub fn equal<R: Shape>(
        &self,
        other: &Tensor<R, impl SameBackend<B>>,
    ) -> TensorOf<<S as Broadcast<R>>::Larger, bool, B>
    where
        S: Broadcast<R>,
        B::Elem: PartialOrd,
    {
        self.compare(Compare::Equal, other)
    }

    /// Where the elements differ.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Embed = 3; }
    /// let x = Tensor::from_nested((Embed,), [1.0, -2.0, 3.0]);
    /// assert_eq!(x.not_equal(&x.abs()).to_vec(), [false, true, false]);
    /// ```
    #[doc(alias = "ne")]
    pub fn not_equal<R: Shape>(
        &self,
        other: &Tensor<R, impl SameBackend<B>>,
    ) -> TensorOf<<S as Broadcast<R>>::Larger, bool, B>
    where
        S: Broadcast<R>,
        B::Elem: PartialOrd,
    {
        self.compare(Compare::NotEqual, other)
    }

    /// Where this element is smaller.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 2; }
    /// let x = Tensor::from_nested((Batch, Embed), [[1.0, 2.0], [3.0, 4.0]]);
    /// let limit = Tensor::from_nested((Embed,), [2.0, 4.0]);
    /// assert_eq!(x.less(&limit).to_vec(), [true, true, false, false]);
    /// ```
    #[doc(alias = "lt")]
    pub fn less<R: Shape>(
        &self,
        other: &Tensor<R, impl SameBackend<B>>,
    ) -> TensorOf<<S as Broadcast<R>>::Larger, bool, B>
    where
        S: Broadcast<R>,
        B::Elem: PartialOrd,
    {
        self.compare(Compare::Less, other)
    }

    /// Where this element is smaller or equal.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 2; }
    /// let x = Tensor::from_nested((Batch, Embed), [[1.0, 2.0], [3.0, 4.0]]);
    /// let limit = Tensor::from_nested((Embed,), [2.0, 4.0]);
    /// assert_eq!(x.less_or_equal(&limit).to_vec(), [true, true, false, true]);
    /// ```
    #[doc(alias = "le")]
    pub fn less_or_equal<R: Shape>(
        &self,
        other: &Tensor<R, impl SameBackend<B>>,
    ) -> TensorOf<<S as Broadcast<R>>::Larger, bool, B>
    where
        S: Broadcast<R>,
        B::Elem: PartialOrd,
    {
        self.compare(Compare::LessOrEqual, other)
    }

    /// Where this element is larger.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 2; }
    /// let x = Tensor::from_nested((Batch, Embed), [[1.0, 2.0], [3.0, 4.0]]);
    /// let limit = Tensor::from_nested((Embed,), [2.0, 4.0]);
    /// assert_eq!(x.greater(&limit).to_vec(), [false, false, true, false]);
    /// ```
    #[doc(alias = "gt")]
    pub fn greater<R: Shape>(
        &self,
        other: &Tensor<R, impl SameBackend<B>>,
    ) -> TensorOf<<S as Broadcast<R>>::Larger, bool, B>
    where
        S: Broadcast<R>,
        B::Elem: PartialOrd,
    {
        self.compare(Compare::Greater, other)
    }

    /// Where this element is larger or equal.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 2; }
    /// let x = Tensor::from_nested((Batch, Embed), [[1.0, 2.0], [3.0, 4.0]]);
    /// let limit = Tensor::from_nested((Embed,), [2.0, 4.0]);
    /// assert_eq!(x.greater_or_equal(&limit).to_vec(), [false, false, true, true]);
    /// ```
    #[doc(alias = "ge")]
    pub fn greater_or_equal<R: Shape>(
        &self,
        other: &Tensor<R, impl SameBackend<B>>,
    ) -> TensorOf<<S as Broadcast<R>>::Larger, bool, B>
    where
        S: Broadcast<R>,
        B::Elem: PartialOrd,
    {
        self.compare(Compare::GreaterOrEqual, other)
    }

    fn compare<R: Shape>(
        &self,
        op: Compare,
        other: &Tensor<R, impl SameBackend<B>>,
    ) -> TensorOf<<S as Broadcast<R>>::Larger, bool, B>
    where
        S: Broadcast<R>,
        B::Elem: PartialOrd,
    {
        Tensor::from_parts(self.shape.broadcast(other.shape), B::compare(op, &self.array, &other.array))
    }
}

macro_rules! compare { ($($(#[$docs:meta])* $scalar:ident $Op:ident $holds:tt;)*) => {
    /// Comparison with one value, elementwise.
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
        ///
        /// ```
        /// # use congruent::prelude::*;
        /// dims! { Embed = 3; }
        /// let x = Tensor::from_nested((Embed,), [1.0, 2.0, 3.0]);
        #[doc = concat!("assert_eq!(x.", stringify!($scalar), "(2.0).to_vec(), ", stringify!($holds), ");")]
        /// ```
        pub fn $scalar(&self, value: B::Elem) -> TensorOf<S, bool, B>
        where
            B::Elem: PartialOrd,
        {
            self.with_array::<bool>(B::compare_scalar(Compare::$Op, &self.array, value.to_primitive()))
        }
    )*}
} }

compare! {
    /// Where the elements are equal.
    equal_to Equal [false, true, false];
    /// Where the elements differ.
    not_equal_to NotEqual [true, false, true];
    /// Where this element is smaller.
    less_than Less [true, false, false];
    /// Where this element is smaller or equal.
    at_most LessOrEqual [true, true, false];
    /// Where this element is larger.
    greater_than Greater [false, false, true];
    /// Where this element is larger or equal.
    at_least GreaterOrEqual [false, true, true];
}

impl<S: Shape, B: Backend> Tensor<S, B> {
    /// This element where `condition` holds, that of `other` elsewhere.
    ///
    /// The condition and the other tensor have the shape of this one, or the end of it.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 2; }
    /// let x = Tensor::from_nested((Batch, Embed), [[1.0, -2.0], [-3.0, 4.0]]);
    /// let otherwise = Tensor::from_nested((Embed,), [10.0, 20.0]);
    /// assert_eq!(x.select(&x.greater_than(0.0), &otherwise).to_vec(), [1.0, 20.0, 10.0, 4.0]);
    /// ```
    #[doc(alias("where", "where_cond", "mask_where"))]
    pub fn select<C: Shape, R: Shape, Bool>(
        &self,
        condition: &Tensor<C, Bool>,
        other: &Tensor<R, impl SameBackend<B>>,
    ) -> Self
    where
        Bool: SameBackend<With<B, bool>>,
        S: Broadcast<C, Larger = S>,
        S: Broadcast<R, Larger = S>,
    {
        let sizes = self.sizes();
        let condition = With::<B, bool>::broadcast(&condition.array, sizes.as_ref());
        let other = B::broadcast(&other.array, sizes.as_ref());
        Tensor::from_parts(self.shape, B::select(&condition, &self.array, &other))
    }

    /// This value where `condition` holds, this tensor elsewhere. The condition has the shape of the tensor, or the end of it.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Seq = 2; Embed = 3; }
    /// let x = Tensor::from_nested((Seq, Embed), [[1.0, -2.0, 3.0], [-4.0, 5.0, 6.0]]);
    /// assert_eq!(x.masked_fill(&x.less_than(0.0), 0.0).to_vec(), [1.0, 0.0, 3.0, 0.0, 5.0, 6.0]);
    /// ```
    ///
    /// The padding of sequences is filled by [`fill_padding`](Tensor::fill_padding), after which there is none.
    #[doc(alias("mask_fill", "index_put"))]
    pub fn masked_fill<C: Shape, Bool>(&self, condition: &Tensor<C, Bool>, value: B::Elem) -> Self
    where
        Bool: SameBackend<With<B, bool>>,
        S: Broadcast<C, Larger = S>,
    {
        let sizes = self.sizes();
        let condition = With::<B, bool>::broadcast(&condition.array, sizes.as_ref());
        let filled = B::filled(value.to_primitive(), sizes.as_ref(), &self.device());
        Tensor::from_parts(self.shape, B::select(&condition, &filled, &self.array))
    }
}
