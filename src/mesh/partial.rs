//! Sums that are pending.

use crate::backend::{
    ArrayOf, Backend, Binary, Collective, Engine, Float, MeshAxis, Number, PrimitiveOf, With, constant,
};
use crate::cpu::Cpu;
use crate::dim::{Dim, Name, Shard};
use crate::shape::{Axis, Described, InParts, Shape};
use crate::tensor::Tensor;
use std::fmt::{self, Debug, Formatter};
use std::marker::PhantomData;
use std::ops::Neg;

/// A sum of shape `S` that is pending: each rank along the mesh axis `M` has a term of it.
///
/// It is no tensor: what is not linear would be wrong for a term, and a bias would be added once for each rank. What is
/// linear is right: sums of two of them, and products with a number.
///
/// ```
/// use congruent::dim::Shard;
/// use congruent::mesh::{Mesh, OnMesh, in_threads};
/// use congruent::prelude::*;
/// dims! { Data = 2; Batch = 4; Embed = 3; }
/// in_threads(2, |world| {
///     let mesh = Mesh::new(world, (Data,)).unwrap();
///     let batch: Shard<Batch, Data> = mesh.shard(Batch, Data);
///     let x = Tensor::ones((batch, Embed)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
///     let sum: Tensor<(Embed,), _> = x.partial_sum(batch).all_reduce();
///     assert_eq!(sum.to_vec(), [4.0; 3]);
/// });
/// ```
#[must_use = "a sum that is pending is no value before `all_reduce` or `reduce_scatter`"]
pub struct Partial<S, M, B: Backend = Cpu<f32>> {
    shape: S,
    array: ArrayOf<B>,
    axis: MeshAxis,
    ranks: PhantomData<fn() -> M>,
}

impl<S: Shape, M: Dim, B: Backend> Partial<S, M, B> {
    pub(super) fn new(shape: S, array: ArrayOf<B>, axis: MeshAxis) -> Self {
        let array = B::Engine::placed::<PrimitiveOf<B>>(array, shape.mesh_axes().and(axis.into()));
        Partial { shape, array, axis, ranks: PhantomData }
    }

    /// The dimensions.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// dims! { Data = 2; Batch = 4; Embed = 3; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Data,)).unwrap();
    ///     let batch = mesh.shard(Batch, Data);
    ///     let x = Tensor::ones((batch, Embed)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
    ///     assert_eq!(x.partial_sum(batch).shape(), (Embed,));
    /// });
    /// ```
    pub fn shape(&self) -> S {
        self.shape
    }

    /// The sum of what all ranks have, on each of them.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// dims! { Data = 2; Batch = 4; Embed = 3; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Data,)).unwrap();
    ///     let batch = mesh.shard(Batch, Data);
    ///     let x = Tensor::ones((batch, Embed)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
    ///     assert_eq!(x.partial_sum(batch).all_reduce().to_vec(), [4.0; 3]);
    /// });
    /// ```
    #[doc(alias("allreduce", "psum", "reduce"))]
    pub fn all_reduce(self) -> Tensor<S, B> {
        Tensor::from_parts(self.shape, B::Engine::together::<PrimitiveOf<B>>(Collective::Sum, &self.array, self.axis))
    }

    /// The sum of what all ranks have: each rank gets its own part of it, along a dimension of which `shard` is the part.
    ///
    /// It moves half of what [`all_reduce`](Self::all_reduce) moves.
    ///
    /// ```
    /// use congruent::dim::Shard;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// use congruent::prelude::*;
    /// dims! { Model = 2; Seq = 4; Hidden = 6; Embed = 3; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Model,)).unwrap();
    ///     let (seq, hidden) = (mesh.shard(Seq, Model), mesh.shard(Hidden, Model));
    ///     let x = Tensor::ones((Seq, hidden)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
    ///     let w = Tensor::ones((hidden, Embed)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
    ///     let y: Tensor<(Shard<Seq, Model>, Embed), _> = x.partial_matmul(&w).reduce_scatter(seq);
    ///     assert_eq!(y.to_vec(), [6.0; 6]);
    /// });
    /// ```
    #[doc(alias("psum_scatter"))]
    pub fn reduce_scatter<D: Dim, Position, Out, OnceOrTwice>(self, shard: Shard<D, M>) -> Tensor<Out, B>
    where
        S: Axis<D, Position, Dim = D, With<Shard<D, M>> = Out>,
        Out: InParts<OnceOrTwice>,
    {
        let shape = self.shape.with(shard);
        Tensor::from_parts(
            shape,
            B::Engine::together::<PrimitiveOf<B>>(Collective::ReduceScatter(S::INDEX), &self.array, self.axis),
        )
    }

    /// The product with a number, which is that of each term.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// dims! { Data = 2; Batch = 4; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Data,)).unwrap();
    ///     let batch = mesh.shard(Batch, Data);
    ///     let x = Tensor::ones((batch,)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
    ///     assert_eq!(x.partial_sum(batch).scaled(0.5).all_reduce().scalar(), 2.0);
    /// });
    /// ```
    #[doc(alias("mul", "div"))]
    pub fn scaled(self, factor: f64) -> Self
    where
        B::Elem: Float,
    {
        Partial { array: B::binary_scalar(Binary::Mul, self.array, constant(factor)), ..self }
    }

    /// The terms with other elements.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// dims! { Data = 2; Batch = 4; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Data,)).unwrap();
    ///     let batch = mesh.shard(Batch, Data);
    ///     let x = Tensor::ones((batch,)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
    ///     // The ranks add in double precision.
    ///     let sum: f64 = x.partial_sum(batch).cast::<f64>().all_reduce().scalar();
    ///     assert_eq!(sum, 4.0);
    /// });
    /// ```
    pub fn cast<T: Float>(self) -> Partial<S, M, With<B, T>>
    where
        B::Elem: Number,
    {
        Partial { shape: self.shape, array: B::cast::<T>(&self.array), axis: self.axis, ranks: PhantomData }
    }

    /// What a function that is linear makes of each term.
    pub(super) fn map(self, f: impl FnOnce(ArrayOf<B>) -> ArrayOf<B>) -> Self {
        Partial { array: f(self.array), ..self }
    }

    pub(super) fn with(self, op: Binary, other: Self) -> Self
    where
        B::Elem: Number,
    {
        Partial { array: B::binary(op, self.array, other.array), ..self }
    }
}

impl<S: Shape, M: Dim, B: Backend<Elem: Float>> Neg for Partial<S, M, B> {
    type Output = Self;
    fn neg(self) -> Self {
        self.scaled(-1.0)
    }
}

impl<S: Clone, M, B: Backend> Clone for Partial<S, M, B> {
    fn clone(&self) -> Self {
        Partial { shape: self.shape.clone(), array: self.array.clone(), axis: self.axis, ranks: PhantomData }
    }
}

// A term is not the value, and is not shown as if it were.
impl<S: Shape, M: Dim, B: Backend> Debug for Partial<S, M, B> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "a sum {} that is pending along {}", Described::new(self.shape), Name::<M>::new())
    }
}
