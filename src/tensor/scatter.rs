//! What ids put and add, and what they take along an axis.

use super::{IdOf, SameBackend, Tensor, TensorOf};
use crate::backend::{Backend, Compare, Number, With, positions};
use crate::dim::{Dim, Picked, Whole};
use crate::shape::{Append, Axis, Broadcast, DiffersAlong, OfAllRanks, Shape, TakesRows, Unpadded};

impl<S: Shape, B: Backend> Tensor<S, B> {
    /// This table with rows added to those that ids name: what [`lookup`](Tensor::lookup) takes of a table, it gives back. Rows
    /// with one id add up.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 3; Vocab = 4; Embed = 2; }
    /// let ids = Ids::new((Batch,), Vocab, &[1, 3, 1]).unwrap();
    /// let rows = Tensor::from_nested((Batch, Embed), [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    /// let sums: Tensor<(Vocab, Embed)> = Tensor::zeros((Vocab, Embed)).scatter_add(&ids, &rows);
    /// assert_eq!(sums.to_vec(), [0.0, 0.0, 6.0, 8.0, 0.0, 0.0, 3.0, 4.0]);
    ///
    /// let counts: Tensor<(Vocab,)> = Tensor::zeros((Vocab,)).scatter_add(&ids, &Tensor::ones((Batch,)));
    /// assert_eq!(counts.to_vec(), [0.0, 2.0, 0.0, 1.0]);
    /// ```
    #[doc(alias("index_add", "segment_sum", "bincount", "histc"))]
    pub fn scatter_add<R: Shape, Rows, D, I, C>(
        &self,
        ids: &Tensor<R, C>,
        rows: &Tensor<Rows, impl SameBackend<B>>,
    ) -> Self
    where
        // What the ids are of is known by them alone, before they are compared with the shape.
        C: Backend<Elem = I> + SameBackend<With<B, I>>,
        I: IdOf<D>,
        S: TakesRows<D, R, Rows>,
        Rows: OfAllRanks + Unpadded,
        B::Elem: Number,
    {
        Tensor::from_parts(self.shape, B::scatter_add(self.array.clone(), &ids.array, &rows.array))
    }

    /// The elements along an axis that ids of its dimension name, in the shape of these ids.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 3; Kept = 2; }
    /// let x = Tensor::from_nested((Batch, Seq), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    /// let ids = Ids::new((Batch, Kept), Seq, &[2, 0, 1, 1]).unwrap();
    /// let kept: Tensor<(Batch, Kept)> = x.take_along(Seq, &ids);
    /// assert_eq!(kept.to_vec(), [3.0, 1.0, 5.0, 5.0]);
    /// ```
    ///
    /// [`gather`](Tensor::gather) takes one element of each row, [`lookup`](Tensor::lookup) whole rows.
    #[doc(alias("gather", "take_along_dim", "take_along_axis"))]
    pub fn take_along<D, Position, X, R: Shape, I, C>(&self, axis: D, ids: &Tensor<R, C>) -> Tensor<R, B>
    where
        S: Axis<D, Position, Dim = X>,
        X: Whole + Picked,
        C: Backend<Elem = I> + SameBackend<With<B, I>>,
        I: IdOf<X>,
        S: DiffersAlong<D, R, Position>,
    {
        let _ = axis;
        Tensor::from_parts(ids.shape, B::take_along(&self.array, <S as Axis<D, Position>>::INDEX, &ids.array))
    }

    /// This tensor with other elements at the positions along an axis that ids of its dimension name. Of several with one id, the
    /// last one stays. The values have the shape of the ids, or the end of it.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 3; Kept = 2; }
    /// let ids = Ids::new((Batch, Kept), Seq, &[2, 0, 1, 1]).unwrap();
    /// let values = Tensor::from_nested((Batch, Kept), [[1.0, 2.0], [3.0, 4.0]]);
    /// let x: Tensor<(Batch, Seq)> = Tensor::zeros((Batch, Seq)).put_along(Seq, &ids, &values);
    /// assert_eq!(x.to_vec(), [2.0, 0.0, 1.0, 0.0, 4.0, 0.0]);
    /// ```
    #[doc(alias("scatter", "put_along_axis", "index_copy"))]
    pub fn put_along<D, Position, X, R, V, I, C>(
        &self,
        axis: D,
        ids: &Tensor<R, C>,
        values: &Tensor<V, impl SameBackend<B>>,
    ) -> Self
    where
        S: Axis<D, Position, Dim = X>,
        X: Dim,
        C: Backend<Elem = I> + SameBackend<With<B, I>>,
        I: IdOf<X>,
        S: DiffersAlong<D, R, Position>,
        R: OfAllRanks + Unpadded + Broadcast<V, Larger = R>,
    {
        let _ = axis;
        let values = B::broadcast(&values.array, ids.sizes().as_ref());
        let put = B::put_along(self.array.clone(), <S as Axis<D, Position>>::INDEX, &ids.array, &values);
        Tensor::from_parts(self.shape, put)
    }

    /// For each id a row of the table's dimension, which is one at the id and zero elsewhere.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Class = 3; }
    /// let ids = Ids::new((Batch,), Class, &[2, 0]).unwrap();
    /// let x: Tensor<(Batch, Class)> = ids.one_hot(Class);
    /// assert_eq!(x.to_vec(), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
    /// ```
    pub fn one_hot<T: Number, D: Dim>(&self, table: D) -> TensorOf<<S as Append<D>>::Output, T, B>
    where
        B::Elem: IdOf<D>,
        S: Append<D>,
    {
        let shape = self.shape.append(table);
        let sizes = shape.sizes();
        let column = With::<B, u32>::reshape(&self.array, &[self.sizes().as_ref(), &[1]].concat());
        let ids = With::<B, u32>::broadcast(&column, sizes.as_ref());
        let device = self.device();
        let is_own =
            With::<B, u32>::compare(Compare::Equal, &ids, &positions::<B>(S::RANK, sizes.as_ref(), &self.array));
        let [ones, zeros] = [T::one(), T::zero()].map(|x| With::<B, T>::filled(x, sizes.as_ref(), &device));
        Tensor::checked(shape, With::<B, T>::select(&is_own, &ones, &zeros))
    }
}
