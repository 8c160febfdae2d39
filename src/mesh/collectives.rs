//! What tensors of shards become.

use super::partial::Partial;
use crate::Error;
use crate::backend::{Backend, Collective, Engine, Float, Number, PrimitiveOf, Reduce};
use crate::dim::{Compared, Dim, Name, Picked, Shard, Sharded, Summed, Table, TablePart};
use crate::shape::{Axis, InParts, MatMul, Shape};
use crate::tensor::{SameBackend, Tensor};

/// # Ranks of a mesh
impl<S: Shape, B: Backend> Tensor<S, B> {
    /// The sum along an axis of which each rank has a part: pending, until the ranks add what each has.
    ///
    /// See [`Partial`].
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// dims! { Data = 2; Batch = 4; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Data,)).unwrap();
    ///     let batch = mesh.shard(Batch, Data);
    ///     // Each rank has its part of 0, 1, 2, 3.
    ///     let x = Tensor::arange(batch).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
    ///     assert_eq!(x.partial_sum(batch).all_reduce().scalar(), 6.0);
    /// });
    /// ```
    pub fn partial_sum<D, Position, X, Rest>(&self, axis: D) -> Partial<Rest, X::Ranks, B>
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Sharded + Summed,
        Rest: Shape,
        B::Elem: Number,
    {
        let _ = axis;
        let (_, ranks) = self.shape().dim().split();
        Partial::new(self.shape().removed(), B::reduce(Reduce::Sum, self.array(), S::INDEX), ranks)
    }

    /// The mean along an axis of which each rank has a part: pending, until the ranks add what each has. It is the mean of all
    /// positions of all ranks.
    ///
    /// ```
    /// use congruent::dim::Shard;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// use congruent::prelude::*;
    /// dims! { Data = 2; Batch = 4; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Data,)).unwrap();
    ///     let batch: Shard<Batch, Data> = mesh.shard(Batch, Data);
    ///     // Each rank has its part of 0, 1, 2, 3.
    ///     let losses = Tensor::arange(batch).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
    ///     assert_eq!(losses.partial_mean(batch).all_reduce().scalar(), 1.5);
    /// });
    /// ```
    pub fn partial_mean<D, Position, X, Rest>(&self, axis: D) -> Partial<Rest, X::Ranks, B>
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Sharded + Summed,
        Rest: Shape,
        B::Elem: Float,
    {
        let count = self.shape().dim().whole_size();
        self.partial_sum(axis).scaled((count as f64).recip())
    }

    /// The product of matrices over a dimension of which each rank has a part: pending, until the ranks add what each has.
    ///
    /// ```
    /// use congruent::dim::Shard;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// use congruent::prelude::*;
    /// dims! { Model = 2; Batch = 3; Hidden = 8; Embed = 4; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Model,)).unwrap();
    ///     let hidden: Shard<Hidden, Model> = mesh.shard(Hidden, Model);
    ///     let on_mesh = mesh.device();
    ///     let x = Tensor::ones((Batch, hidden)).to_engine::<OnMesh<Cpu<f32>>>(&on_mesh);
    ///     let w = Tensor::ones((hidden, Embed)).to_engine::<OnMesh<Cpu<f32>>>(&on_mesh);
    ///     let y: Tensor<(Batch, Embed), _> = x.partial_matmul(&w).all_reduce();
    ///     assert_eq!(y.to_vec(), [8.0; 12]);
    /// });
    /// ```
    pub fn partial_matmul<R: Shape>(
        &self,
        other: &Tensor<R, impl SameBackend<B>>,
    ) -> Partial<S::Output, <S::Inner as Sharded>::Ranks, B>
    where
        S: MatMul<R>,
        S::Inner: Sharded + Summed,
        B::Elem: Number,
    {
        let shape = self.shape().product(other.shape());
        let (_, ranks) = self.shape().inner().split();
        Partial::new(shape, B::matmul(self.array(), other.array()), ranks)
    }

    /// The largest along an axis of which each rank has a part, of all ranks: of constants, since no gradient goes through it.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// dims! { Data = 2; Batch = 4; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Data,)).unwrap();
    ///     let batch = mesh.shard(Batch, Data);
    ///     let x = Tensor::arange(batch).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
    ///     assert_eq!(x.max_of_ranks(batch).scalar(), 3.0);
    /// });
    /// ```
    ///
    /// # Panics
    /// The tensor is tracked: [`detach`](Tensor::detach) it, as for a softmax, whose gradient does not depend on it.
    pub fn max_of_ranks<D, Position, X, Rest>(&self, axis: D) -> Tensor<Rest, B>
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Sharded + Compared,
        Rest: Shape,
        B::Elem: Float,
    {
        let _ = axis;
        let (_, ranks) = self.shape().dim().split();
        assert!(
            !self.is_tracked(),
            "no gradient goes through the largest of all ranks: `x.detach().max_of_ranks(axis)`"
        );
        let own = B::reduce(Reduce::Max, self.array(), S::INDEX);
        Tensor::from_parts(self.shape().removed(), B::Engine::together::<PrimitiveOf<B>>(Collective::Max, &own, ranks))
    }

    /// The tensor with all positions of an axis of which each rank has a part, on each rank.
    ///
    /// ```
    /// use congruent::dim::Shard;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// use congruent::prelude::*;
    /// dims! { Model = 2; Hidden = 4; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Model,)).unwrap();
    ///     let hidden: Shard<Hidden, Model> = mesh.shard(Hidden, Model);
    ///     let x = Tensor::arange(hidden).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
    ///     let all: Tensor<(Hidden,), _> = x.all_gather(hidden);
    ///     assert_eq!(all.to_vec(), [0.0, 1.0, 2.0, 3.0]);
    ///     assert_eq!(all.shard(hidden).to_vec(), x.to_vec());
    /// });
    /// ```
    pub fn all_gather<D, Position, X, Out: Shape>(&self, axis: D) -> Tensor<Out, B>
    where
        S: Axis<D, Position, Dim = X, With<X::Whole> = Out>,
        X: Sharded,
    {
        let _ = axis;
        let (whole, ranks) = self.shape().dim().split();
        let array = B::Engine::together::<PrimitiveOf<B>>(Collective::AllGather(S::INDEX), self.array(), ranks);
        Tensor::from_parts(self.shape().with(whole), array)
    }

    /// The tensor with all positions of a vocabulary on each rank: it is gathered where each rank has a part, and else it is this one.
    ///
    /// That is what generic code, which takes both, does before a sampler, [`argmax`](Tensor::argmax) or
    /// [`top_k`](Tensor::top_k): of the last position alone, since each rank gets all logits.
    ///
    /// ```
    /// use congruent::dim::Vocabulary;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// use congruent::prelude::*;
    /// dims! { Model = 2; Batch = 1; Vocab = 4; }
    ///
    /// fn most_likely<V: Vocabulary, B: Backend<Elem = f32>>(
    ///     logits: &Tensor<(Batch, V), B>,
    ///     vocab: V,
    /// ) -> TensorOf<(Batch,), Index<V::Whole>, B> {
    ///     let all = logits.of_all_ranks(vocab);
    ///     all.argmax(At::<1>)
    /// }
    /// let logits = Tensor::from_nested((Batch, Vocab), [[0.0, 1.0, 5.0, 2.0]]);
    /// assert_eq!(most_likely(&logits, Vocab).to_vec()[0].get(), 2);
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Model,)).unwrap();
    ///     let vocab = mesh.shard(Vocab, Model);
    ///     let part = logits.to_engine::<OnMesh<Cpu<f32>>>(&mesh.device()).shard(vocab);
    ///     assert_eq!(most_likely(&part, vocab).to_vec()[0].get(), 2);
    /// });
    /// ```
    pub fn of_all_ranks<D, Position, X, Out: Shape>(&self, axis: D) -> Tensor<Out, B>
    where
        S: Axis<D, Position, Dim = X, With<X::Whole> = Out>,
        X: Table,
    {
        let _ = axis;
        let table = self.shape().dim();
        let array = match table.table_part() {
            Some(TablePart { axis, .. }) => {
                B::Engine::together::<PrimitiveOf<B>>(Collective::AllGather(S::INDEX), self.array(), axis)
            }
            None => self.array().clone(),
        };
        Tensor::from_parts(self.shape().with(table.whole()), array)
    }

    /// The tensor at one position of an axis of which each rank has a part, on each rank: the one that has this position sends it to
    /// all others. Positions are those of all ranks. The gradient is the sum of those of all ranks, and goes to that position alone.
    ///
    /// What each rank has for itself is along a dimension of one position for each rank, `Shard<M, M>`:
    ///
    /// ```
    /// use congruent::dim::Shard;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// use congruent::prelude::*;
    /// dims! { Data = 3; Embed = 2; }
    /// in_threads(3, |world| {
    ///     let mesh = Mesh::new(world, (Data,)).unwrap();
    ///     let each: Shard<Data, Data> = mesh.shard(Data, Data);
    ///     let rank = mesh.rank(Data) as f32;
    ///     let own = Tensor::full((each, Embed), rank).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
    ///     let of_last: Tensor<(Embed,), _> = own.broadcast_at(each, 2)?;
    ///     assert_eq!(of_last.to_vec(), [2.0; 2]);
    ///     assert!(own.broadcast_at(each, 3).is_err());
    ///     Ok::<(), Error>(())
    /// });
    /// ```
    ///
    /// # Errors
    /// The axis has no such position, on any rank.
    #[doc(alias("broadcast", "bcast", "pbroadcast"))]
    pub fn broadcast_at<D, Position, X, Rest>(&self, axis: D, position: usize) -> Result<Tensor<Rest, B>, Error>
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Sharded + Picked,
        Rest: Shape,
    {
        let _ = axis;
        let part = self.shape().dim();
        let (whole, ranks) = part.split();
        if position >= whole.size() {
            let (dimension, size) = (Name::<X::Whole>::new().to_string(), whole.size());
            return Err(Error::RangeOutOfBounds { dimension, size, start: position, length: 1 });
        }
        let (root, own) = (position / part.size(), position % part.size());
        let shape = self.shape().removed();
        let own = B::reshape(&B::narrow(self.array(), S::INDEX, own, 1), shape.sizes().as_ref());
        Ok(Tensor::from_parts(shape, B::Engine::together::<PrimitiveOf<B>>(Collective::FromRank(root), &own, ranks)))
    }

    /// The part of this rank, along a dimension that each rank has all of. The gradient is that of all parts.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// dims! { Data = 2; Batch = 4; }
    /// let parts = in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Data,)).unwrap();
    ///     let x = Tensor::arange(Batch).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
    ///     x.shard(mesh.shard(Batch, Data)).to_vec()
    /// });
    /// assert_eq!(parts, [[0.0, 1.0], [2.0, 3.0]]);
    /// ```
    #[doc(alias("scatter", "split", "chunk"))]
    pub fn shard<D: Dim, M: Dim, Position, Out, OnceOrTwice>(&self, part: Shard<D, M>) -> Tensor<Out, B>
    where
        S: Axis<D, Position, Dim = D, With<Shard<D, M>> = Out>,
        Out: InParts<OnceOrTwice>,
    {
        let array = B::Engine::together::<PrimitiveOf<B>>(Collective::Part(S::INDEX), self.array(), part.axis());
        Tensor::from_parts(self.shape().with(part), array)
    }

    /// Of an axis of which each rank has a part, each rank gets all; and of another axis, of which each has all, a part in its place:
    /// from heads to positions, say, and back.
    ///
    /// ```
    /// use congruent::dim::Shard;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// use congruent::prelude::*;
    /// dims! { Model = 2; Heads = 4; Seq = 6; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Model,)).unwrap();
    ///     let (heads, seq) = (mesh.shard(Heads, Model), mesh.shard(Seq, Model));
    ///     let x = Tensor::ones((heads, Seq)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
    ///     let y: Tensor<(Heads, Shard<Seq, Model>), _> = x.all_to_all(heads, seq);
    ///     assert_eq!(y.sizes(), [4, 3]);
    /// });
    /// ```
    pub fn all_to_all<D, P, Q, X, To, M, Between, Out, OnceOrTwice>(
        &self,
        axis: D,
        part: Shard<To, M>,
    ) -> Tensor<Out, B>
    where
        S: Axis<D, P, Dim = X, With<X::Whole> = Between>,
        X: Sharded<Ranks = M>,
        Between: Axis<To, Q, Dim = To, With<Shard<To, M>> = Out>,
        Out: InParts<OnceOrTwice>,
        To: Dim,
        M: Dim,
    {
        let _ = axis;
        let (whole, ranks) = self.shape().dim().split();
        let shape = self.shape().with(whole).with(part);
        let array =
            B::Engine::together::<PrimitiveOf<B>>(Collective::AllToAll(Between::INDEX, S::INDEX), self.array(), ranks);
        Tensor::from_parts(shape, array)
    }
}
