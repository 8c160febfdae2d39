//! What runs beneath a typed tensor: operations on arrays whose shapes are run-time values.
//!
//! An [`Engine`] has arrays and devices. A [`Backend`] is an engine with an element type, and calculates; [`Autodiff`] adds
//! gradients. None of them knows dimensions: the typed layer has proven, before it calls one, that the sizes fit.
//!
//! Few operations are required. The others have defaults made of these ([`composed`]): an engine grows by overriding them.
//!
//! # An engine of one's own
//!
//! 1. A type that stands for the engine, with an array and a device: [`Engine`]. An array holds its sizes and shares its
//!    elements, so that a clone costs nothing.
//! 2. A type with a parameter for the elements, and the required methods of [`Backend`]: arrays are made, read and moved
//!    (`from_elements`, `filled`, `to_vec`, `permute`, `reshape`, `narrow`, `broadcast`, `concat`, `gather`, `select`, `cast`),
//!    and calculated with (`unary`, `binary`, `compare`, `reduce`, `matmul`). Of `unary` an engine needs `Abs`,
//!    `Sqrt`, `Exp`, `Ln`, `Sin`, `Cos` and `Tanh`, of `reduce` `Sum`, `Max` and `Min`; for the others it calls
//!    [`composed::unary`] and [`composed::reduce`]. Masks and ids are arrays of `bool` and of `u32`: these two types and one of
//!    floating-point numbers are enough for layers. Of a type that a device does not hold, the methods that make arrays panic
//!    with a message that names both ([`DataType`]), or give an array that stands for a [`Failure`].
//! 3. For training, [`Autodiff`], and `is_tracked`, `tracked_like` and `detach`. Gradients of what is composed come with
//!    those of what it is made of.
//! 4. The suite: [`congruent::conformance`](crate::conformance), feature `conformance`.
//! 5. What takes long is overridden: `attention`, `linear`, the norms, `softmax` and `cross_entropy` most of all, and
//!    `binary_scalar`, `update_slice` and `fused`, whose defaults copy more than they need to. A default may be called for
//!    the cases that are left, as by `composed::attention`.
//!
//! This is a small one (`tests/naive` in the repository). The suite runs on it, and so do layers.
//!
//! ```ignore
#![doc = include_str!("../../tests/naive/engine.rs")]
// The file beside it, `tape.rs`: its gradients.
#![doc = include_str!("../../tests/naive/tape.rs")]
//! ```

mod attention;
mod autodiff;
mod blocks;
mod bytes;
mod collective;
pub mod composed;
mod data_type;
mod element;
mod engine;
mod failure;
mod numbers;
mod operations;
mod ops;
mod per_sequence;
mod primitives;
mod program;
mod recording;
mod rounding;
mod windows;

pub use attention::{AcrossRanks, AttentionMask, AttentionOptions};
pub use autodiff::{Autodiff, CustomFunctions};
pub use blocks::{BlockFormat, Blocks};
pub use bytes::Bytes;
pub(crate) use bytes::Same;
pub use collective::Collective;
pub(crate) use composed::{elements, positions, slice, try_elements};
pub use data_type::DataType;
pub use element::{AnyBits, Element, Float, Number, Primitive, Real, Value};
pub(crate) use element::{OfFloat, Proven, constant};
pub(crate) use engine::made_of;
pub use engine::{ArrayOf, DeviceOf, Engine, MAX_RANK, MaskIn, MaskOf, OptionsOf, PrimitiveOf, With};
pub use failure::Failure;
pub use operations::Backend;
pub use ops::{Binary, Compare, Epilogue, Order, Reduce, RotaryLayout, Scan, Unary};
pub use per_sequence::PerSequence;
pub(crate) use primitives::read_numbers;
pub use program::{Program, Step};
pub(crate) use recording::recorded;
pub use recording::{is_recording, no_grad};
pub use windows::Windows;

pub use crate::mesh_axes::{MeshAxes, MeshAxis};
