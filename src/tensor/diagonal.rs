//! Two axes beside each other: their diagonal, and what lies on either side of it.

use super::Tensor;
use crate::backend::{ArrayOf, Backend, Binary, Compare, Number, With, positions};
use crate::dim::{SameSize, Whole};
use crate::shape::{Axis, OtherThan, Shape};

impl<S: Shape, B: Backend> Tensor<S, B> {
    /// The elements at one position of two axes of the same size. The first axis stays, the second goes.
    ///
    /// ```
    /// use congruent::dim::Keys;
    /// use congruent::prelude::*;
    /// dims! { Batch = 1; Seq = 2; }
    /// let scores = Tensor::from_nested((Batch, Seq, Keys(Seq)), [[[1.0, 2.0], [3.0, 4.0]]]);
    /// let own: Tensor<(Batch, Seq)> = scores.diagonal(Seq, Keys(Seq));
    /// assert_eq!(own.to_vec(), [1.0, 4.0]);
    /// ```
    #[doc(alias("diag", "trace"))]
    pub fn diagonal<D, E, P, Q, X, Y, Rest>(&self, rows: D, columns: E) -> Tensor<Rest, B>
    where
        S: Axis<D, P, Dim = X>,
        S: Axis<E, Q, Dim = Y, Removed = Rest>,
        P: OtherThan<Q>,
        X: Whole + SameSize<Y>,
        Rest: Shape,
    {
        let _ = (rows, columns);
        let (rows, columns) = (<S as Axis<D, P>>::INDEX, <S as Axis<E, Q>>::INDEX);
        let mut sizes = self.sizes().as_ref().to_vec();
        sizes[columns] = 1;
        let own = positions::<B>(rows, &sizes, &self.array);
        let shape = <S as Axis<E, Q>>::removed(self.shape);
        let elements = B::take_along(&self.array, columns, &own);
        Tensor::from_parts(shape, B::reshape(&elements, shape.sizes().as_ref()))
    }

    /// The elements whose column is at most their row, and `offset` more of each row; zeros elsewhere.
    ///
    /// ```
    /// use congruent::dim::Keys;
    /// use congruent::prelude::*;
    /// dims! { Seq = 3; }
    /// let x = Tensor::ones((Seq, Keys(Seq)));
    /// let lower = x.tril(Seq, Keys(Seq), 0);
    /// assert_eq!(lower.to_vec(), [1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0]);
    /// assert_eq!(x.tril(Seq, Keys(Seq), -1).sum(Keys(Seq)).to_vec(), [0.0, 1.0, 2.0]);
    /// ```
    #[doc(alias("lower_triangle", "band_part"))]
    pub fn tril<D, E, P, Q>(&self, rows: D, columns: E, offset: isize) -> Self
    where
        S: Axis<D, P, Dim: Whole>,
        S: Axis<E, Q, Dim: Whole>,
        P: OtherThan<Q>,
        B::Elem: Number,
    {
        let _ = (rows, columns);
        self.triangle::<D, E, P, Q>(Compare::LessOrEqual, offset)
    }

    /// The elements whose column is at least their row, less `offset` of each row; zeros elsewhere.
    ///
    /// ```
    /// use congruent::dim::Keys;
    /// use congruent::prelude::*;
    /// dims! { Seq = 3; }
    /// let x = Tensor::ones((Seq, Keys(Seq)));
    /// assert_eq!(x.triu(Seq, Keys(Seq), 0).sum(Keys(Seq)).to_vec(), [3.0, 2.0, 1.0]);
    /// assert_eq!(x.triu(Seq, Keys(Seq), 1).sum(Keys(Seq)).to_vec(), [2.0, 1.0, 0.0]);
    /// ```
    #[doc(alias("upper_triangle", "band_part"))]
    pub fn triu<D, E, P, Q>(&self, rows: D, columns: E, offset: isize) -> Self
    where
        S: Axis<D, P, Dim: Whole>,
        S: Axis<E, Q, Dim: Whole>,
        P: OtherThan<Q>,
        B::Elem: Number,
    {
        let _ = (rows, columns);
        self.triangle::<D, E, P, Q>(Compare::GreaterOrEqual, offset)
    }

    /// The elements whose column compares so with their row and the offset.
    fn triangle<D, E, P, Q>(&self, op: Compare, offset: isize) -> Self
    where
        S: Axis<D, P>,
        S: Axis<E, Q>,
        B::Elem: Number,
    {
        let sizes = self.sizes();
        let farther = |axis: usize, by: isize| -> ArrayOf<B, u32> {
            // Farther than the other axis is long makes no difference, and stays a number of 32 bits.
            let by = by.clamp(0, sizes.as_ref().iter().copied().max().unwrap_or(0) as isize) as u32;
            With::<B, u32>::binary_scalar(Binary::Add, positions::<B>(axis, sizes.as_ref(), &self.array), by)
        };
        let rows = farther(<S as Axis<D, P>>::INDEX, offset);
        let columns = farther(<S as Axis<E, Q>>::INDEX, offset.saturating_neg());
        let is_kept = With::<B, u32>::compare(op, &columns, &rows);
        let zeros = B::filled(num_traits::zero(), sizes.as_ref(), &self.device());
        Tensor::from_parts(self.shape, B::select(&is_kept, &self.array, &zeros))
    }
}
