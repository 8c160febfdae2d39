//! Tensors: the typed face over a backend.
//!
//! The types hold no compute: a method proves that the shapes fit, calls the backend, and gives the
//! result its shape.

// In the order in which the page of `Tensor` has their methods: by what one looks for.
mod create;
mod described;
mod made;

mod convert;

mod axes;
mod heads;
mod windows;

mod narrow;
mod next;
mod piece;

mod diagonal;
mod join;

mod arithmetic;
mod fuse;
mod unary;

mod angles;

mod einsum;
mod matmul;

mod normalize;
mod scan;
mod softmax;

mod reduce_all;

mod reduce;

mod sort;

mod found;

mod compare;
mod logic;

mod index;
mod scatter;
mod unravel;

mod convolution;
mod interpolate;
mod pool;
mod sliding;

mod checkpoint;
mod custom;
mod gradient;

mod engine;

mod chosen;
mod each;
mod log_probabilities;
mod nested;
mod show;
mod words;

pub use arithmetic::{ElementOf, OperandOf};
pub use checkpoint::checkpoint;
pub(crate) use chosen::{OwnIds, sum_of_ranks};
pub(crate) use convert::transferred;
pub use create::Create;
pub use custom::{CustomInputs, custom};
pub use each::Each;
pub use engine::{CastsTo, GoesTo, SameBackend};
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
use crate::shape::{Described, Shape};
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
///
/// The methods stand in groups, by what one looks for; the [front page](crate#operations-of-a-tensor) has them in a table.
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

    /// The backend's array, to be replaced by one of the same sizes.
    pub(crate) fn array_mut(&mut self) -> &mut ArrayOf<B> {
        &mut self.array
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
