//! Tensors: the typed face over a backend.
//!
//! The types hold no compute: a method proves that the shapes fit, calls the backend, and gives the
//! result its shape.

mod angles;
mod arithmetic;
mod axes;
mod checkpoint;
mod chosen;
mod compare;
mod convert;
mod convolution;
mod create;
mod custom;
mod diagonal;
mod each;
mod einsum;
mod engine;
mod found;
mod fuse;
mod gradient;
mod heads;
mod index;
mod interpolate;
mod join;
mod log_probabilities;
mod logic;
mod matmul;
mod narrow;
mod nested;
mod next;
mod normalize;
mod piece;
mod pool;
mod reduce;
mod reduce_all;
mod scan;
mod scatter;
mod show;
mod sliding;
mod softmax;
mod sort;
mod unary;
mod unravel;
mod windows;
mod words;

pub use arithmetic::{ElementOf, OperandOf};
pub use checkpoint::checkpoint;
pub(crate) use chosen::{OwnIds, sum_of_ranks};
pub(crate) use convert::transferred;
pub use create::Create;
pub use custom::{CustomInputs, custom};
pub use each::Each;
pub use engine::{GoesTo, SameBackend};
pub use found::{Positions, Unique};
pub use fuse::{Expr, Fuse, FusedOperand, fuse};
pub use gradient::{Gradients, GradientsFor, TrackedWith};
pub use index::{IdOf, Ids, Index};
pub use interpolate::Interpolation;
#[doc(hidden)]
pub use log_probabilities::AsTensor;
pub use log_probabilities::{LogProbabilities, LogProbabilitiesAlong};
pub use logic::ConditionOf;
pub use narrow::AtLeast;
pub use nested::Nested;
pub use next::{Prediction, Target};
pub use piece::{AnyLength, Piece};
pub(crate) use reduce_all::sum_of_chosen;
pub(crate) use scan::join as join_along;
pub use sliding::{CountsWindows, PerAxis, Sliding};
pub use sort::Side;

pub use windows::StepOf;

#[doc(hidden)]
pub use einsum::{einsum, einsum_many, einsum_one, einsum_with_rest, rearrange};

use crate::backend::{ArrayOf, Backend, Element, Engine, PrimitiveOf, With};
use crate::cpu::Cpu;
use crate::shape::{Axis, Described, Shape, Sizes};
use std::any::type_name;

/// An array of elements whose shape `S` is a tuple of dimensions, on the backend `B`.
///
/// Each operation makes a new tensor, and cloning one copies no elements. `x += &y` gives `x` a new value, in its memory if
/// nobody else holds that: what was calculated of `x` before, and clones of it, stay as they are.
///
/// ```
/// use congruent::prelude::*;
/// dims! { Batch = 2; Seq = 5; Embed = 8; }
///
/// let x = Tensor::ones((Batch, Seq, Embed));
/// let mean: Tensor<(Batch, Embed)> = x.mean(Seq);
/// assert_eq!(mean.to_vec(), [1.0; 16]);
/// ```
///
/// Elements other than `f32` are made by their backend: `Cpu::<f64>::zeros((Batch, Embed))`.
#[derive(Clone)]
pub struct Tensor<S, B: Backend = Cpu<f32>> {
    shape: S,
    array: ArrayOf<B>,
}

/// The tensor of shape `S` with elements `T`, on the engine of `B`.
pub type TensorOf<S, T, B = Cpu<f32>> = Tensor<S, With<B, T>>;

impl<S: Shape, B: Backend> Tensor<S, B> {
    /// The caller has made the array in this shape. That is checked once more for engines that are not ours.
    #[track_caller]
    pub(crate) fn from_parts(shape: S, array: ArrayOf<B>) -> Self {
        let tensor = if B::is_checked(None) || cfg!(debug_assertions) {
            Tensor::checked(shape, array)
        } else {
            Tensor { shape, array }
        };
        if S::IS_SHARDED { tensor.placed() } else { tensor }
    }

    /// The same tensor, whose engine is told along which axes of the mesh other ranks have other parts.
    #[cold]
    #[track_caller]
    fn placed(self) -> Self {
        let axes = self.shape.mesh_axes();
        Tensor { array: B::Engine::placed::<PrimitiveOf<B>>(self.array, axes), ..self }
    }

    /// # Panics
    /// The array has other sizes: where the operation is that called the backend.
    #[track_caller]
    pub(crate) fn checked(shape: S, array: ArrayOf<B>) -> Self {
        let sizes = B::sizes(&array);
        let (backend, described) = (type_name::<B>(), Described::new(shape));
        assert!(
            shape.sizes().as_ref() == sizes,
            "`{backend}` gave an array of sizes {sizes:?} for a tensor {described}"
        );
        assert!(
            S::IS_SHARDED || B::Engine::varies::<PrimitiveOf<B>>(&array).is_empty(),
            "`{backend}` gave an array that differs from rank to rank for a tensor {described} that is whole"
        );
        Tensor { shape, array }
    }

    /// The dimensions.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Seq; Embed = 3; }
    /// bind!(seq: Seq = 5);
    /// let (batch, seq, embed) = Tensor::ones((Batch, seq, Embed)).shape();
    /// assert_eq!((batch, seq.size(), embed), (Batch, 5, Embed));
    /// ```
    pub fn shape(&self) -> S {
        self.shape
    }

    /// The size of each dimension, all together: [`Sizes`].
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 5; Embed = 3; }
    /// assert_eq!(Tensor::ones((Batch, Seq, Embed)).sizes(), [2, 5, 3]);
    /// ```
    #[doc(alias("size", "dims", "ndim", "rank", "len", "len_of"))]
    pub fn sizes(&self) -> Sizes<S::Sizes> {
        self.shape.sizes()
    }

    /// The dimension of an axis: its name, with the size that it has here.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq; Heads = 3; HeadDim = 4; }
    /// bind!(seq: Seq = 5);
    /// let x = Tensor::ones((Batch, seq, Times(Heads, HeadDim))).split_heads();
    /// assert_eq!(x.dim(seq).size(), 5);
    /// assert_eq!(x.dim(At::<1>), Heads);
    /// ```
    pub fn dim<D, Position>(&self, axis: D) -> S::Dim
    where
        S: Axis<D, Position>,
    {
        let _ = axis;
        self.shape.dim()
    }

    /// The backend's array.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 3; }
    /// let x = Tensor::ones((Batch, Embed));
    /// assert_eq!(Cpu::<f32>::sizes(x.array()), [2, 3]);
    /// ```
    pub fn array(&self) -> &ArrayOf<B> {
        &self.array
    }

    /// The backend's array, to be replaced by one of the same sizes.
    pub(crate) fn array_mut(&mut self) -> &mut ArrayOf<B> {
        &mut self.array
    }

    /// The backend's array.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 3; }
    /// let array = Tensor::ones((Batch, Embed)).into_array();
    /// let back: Tensor<(Batch, Embed)> = Tensor::try_from_array((Batch, Embed), array)?;
    /// assert_eq!(back.to_vec(), [1.0; 6]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn into_array(self) -> ArrayOf<B> {
        self.array
    }

    /// The same tensor, of a backend that is known to be this one.
    #[inline(always)]
    pub(crate) fn same<E: Backend<Engine = B::Engine, Elem = B::Elem>>(self) -> Tensor<S, E> {
        Tensor { shape: self.shape, array: self.array }
    }

    /// A tensor of the same shape with another array, which the caller has made so.
    #[track_caller]
    pub(crate) fn with_array<T: Element>(&self, array: ArrayOf<B, T>) -> TensorOf<S, T, B> {
        // The backend that has made it may not be that of `T`.
        if B::is_checked(None) { Tensor::checked(self.shape, array) } else { Tensor::from_parts(self.shape, array) }
    }
}
