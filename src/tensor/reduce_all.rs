//! All elements made one.

use super::Tensor;
use crate::backend::{ArrayOf, Backend, Number, Reduce};
use crate::shape::{Is, OfAllRanks, Shape, Unpadded};

/// # Sums and the like
///
/// All elements made one.
impl<S: Shape, B: Backend<Elem: Number>> Tensor<S, B> {
    /// The sum of all elements; 0 of none.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 2; }
    /// assert_eq!(Tensor::from_nested((Batch, Embed), [[1.0, 2.0], [3.0, 6.0]]).sum_all().scalar(), 12.0);
    /// ```
    #[doc(alias = "sum")]
    pub fn sum_all<X: OfAllRanks + Unpadded>(&self) -> Tensor<(), B>
    where
        S: Is<X>,
    {
        self.reduce_all(Reduce::Sum)
    }

    /// The mean of all elements; NaN of none.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 2; }
    /// assert_eq!(Tensor::from_nested((Batch, Embed), [[1.0, 2.0], [3.0, 6.0]]).mean_all().scalar(), 3.0);
    /// ```
    #[doc(alias = "mean")]
    pub fn mean_all<X: OfAllRanks + Unpadded>(&self) -> Tensor<(), B>
    where
        S: Is<X>,
    {
        self.reduce_all(Reduce::Mean)
    }

    /// The largest of all elements; NaN if any is; `-∞` (for integers the lowest value) of none.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 2; }
    /// assert_eq!(Tensor::from_nested((Batch, Embed), [[1.0, 2.0], [3.0, 6.0]]).max_all().scalar(), 6.0);
    /// ```
    #[doc(alias("max", "amax"))]
    pub fn max_all<X: OfAllRanks + Unpadded>(&self) -> Tensor<(), B>
    where
        S: Is<X>,
    {
        self.reduce_all(Reduce::Max)
    }

    /// The smallest of all elements; NaN if any is; `∞` (for integers the highest value) of none.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 2; }
    /// assert_eq!(Tensor::from_nested((Batch, Embed), [[1.0, 2.0], [3.0, 6.0]]).min_all().scalar(), 1.0);
    /// ```
    #[doc(alias("min", "amin"))]
    pub fn min_all<X: OfAllRanks + Unpadded>(&self) -> Tensor<(), B>
    where
        S: Is<X>,
    {
        self.reduce_all(Reduce::Min)
    }

    fn reduce_all(&self, op: Reduce) -> Tensor<(), B> {
        Tensor::from_parts((), B::reduce(op, &B::reshape(&self.array, &[self.shape.elements()]), 0))
    }
}

/// The sum of the elements that are chosen. The others have no part in it, whatever they are.
pub(crate) fn sum_of_chosen<B: Backend<Elem: Number>>(x: &ArrayOf<B>, chosen: &ArrayOf<B, bool>) -> ArrayOf<B> {
    let sizes = B::sizes(x);
    let kept = B::select(chosen, x, &B::filled(num_traits::zero(), sizes, &B::device(x)));
    B::reduce(Reduce::Sum, &B::reshape(&kept, &[sizes.iter().product()]), 0)
}
