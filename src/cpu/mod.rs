//! The native backend: the processor.

mod array;
mod autodiff;
mod backend;
mod compiled;
mod engine;
mod environment;
mod gradient;
pub(crate) mod kernels;
mod memory;
mod ops;
mod parallel;
#[cfg(test)]
mod testing;

pub use array::Array;
#[doc(hidden)]
pub use compiled::compiled;
pub use engine::{Device, Processor};
pub use gradient::Gradients;
pub use memory::{packed_weights, release_memory};
pub use parallel::threads;
/// Kernels for `benches/static_sizes.rs`.
#[doc(hidden)]
pub mod static_sizes {
    pub use super::kernels::simd::{StaticSizes, multiply_dynamic, multiply_static};
}

use std::marker::PhantomData;

/// The backend that calculates on the processor, with elements of type `T`.
#[derive(Clone, Copy, Debug)]
pub struct Cpu<T>(PhantomData<fn() -> T>);
