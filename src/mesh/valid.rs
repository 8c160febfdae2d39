//! The valid positions of padded sequences, of which each rank has a part.

use super::partial::Partial;
use crate::backend::{Backend, Binary, Element, Float, Number, Reduce, constant};
use crate::dim::{Dim, Ragged, Shard};
use crate::mask::{Lengths, fill_behind};
use crate::shape::{At, Axis, Sequences, Shape};
use crate::tensor::Tensor;

impl<S: Shape, B: Backend> Tensor<S, B> {
    /// The sum over the valid positions of each sequence, of which each rank has a part: pending, until the ranks add what each has. The
    /// lengths are those of the whole sequences.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// dims! { Context = 2; Batch = 1; Seq = 4; }
    /// let lengths = Lengths::new(Batch, Ragged(Seq), &[3])?;
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Context,)).unwrap();
    ///     let x = Tensor::ones((Batch, mesh.shard(Ragged(Seq), Context))).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
    ///     assert_eq!(x.partial_masked_sum(&lengths).all_reduce().to_vec(), [3.0]);
    /// });
    /// # Ok::<(), Error>(())
    /// ```
    pub fn partial_masked_sum<N, K, M, Position>(&self, lengths: &Lengths<N, Ragged<K>>) -> Partial<S::One, M, B>
    where
        S: Sequences<N, Shard<Ragged<K>, M>> + Axis<At<1>, Position, Dim = Shard<Ragged<K>, M>>,
        N: Dim,
        K: Dim,
        M: Dim,
        B::Elem: Number,
    {
        let part = self.shape().dim();
        let valid = lengths.within(part.rank() * part.size(), part.size());
        let filled = fill_behind::<B>(self.array(), &valid, num_traits::zero());
        Partial::new(self.shape().one(), B::reduce(Reduce::Sum, &filled, 1), part.axis())
    }

    /// The mean over the valid positions of each sequence, of which each rank has a part: pending, until the ranks add what each has.
    /// The lengths are those of the whole sequences; of an empty one it is zero.
    ///
    /// Eight positions are divided among three ranks with one position of padding, which the last rank then has:
    ///
    /// ```
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// use congruent::prelude::*;
    /// dims! { Context = 3; Batch = 1; Padded = 9; }
    /// let lengths = Lengths::new(Batch, Ragged(Padded), &[8])?;
    /// in_threads(3, |world| {
    ///     let mesh = Mesh::new(world, (Context,)).unwrap();
    ///     let seq = mesh.shard(Ragged(Padded), Context);
    ///     let x = Tensor::from_fn((Batch, Ragged(Padded)), |[_, s]| s as f32).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
    ///     let mean: Tensor<(Batch,), _> = x.shard(seq).partial_masked_mean(&lengths).all_reduce();
    ///     assert_eq!(mean.to_vec(), [3.5]);
    /// });
    /// # Ok::<(), Error>(())
    /// ```
    pub fn partial_masked_mean<N, K, M, Position>(&self, lengths: &Lengths<N, Ragged<K>>) -> Partial<S::One, M, B>
    where
        S: Sequences<N, Shard<Ragged<K>, M>> + Axis<At<1>, Position, Dim = Shard<Ragged<K>, M>>,
        N: Dim,
        K: Dim,
        M: Dim,
        B::Elem: Float,
    {
        let shares = lengths.as_slice().iter().map(|length| constant::<B::Elem>((*length.max(&1) as f64).recip()));
        let shares: Vec<_> = shares.map(Element::to_primitive).collect();
        let sizes = self.sizes();
        let mut rows = vec![1; sizes.as_ref().len() - 1];
        rows[0] = shares.len();
        let shares = B::from_elements(shares, &rows, &self.device());
        let all = [&sizes.as_ref()[..1], &sizes.as_ref()[2..]].concat();
        self.partial_masked_sum(lengths).map(|sum| B::binary(Binary::Mul, sum, B::broadcast(&shares, &all)))
    }
}
