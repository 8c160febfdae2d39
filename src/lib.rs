#![doc = include_str!("../README.md")]

extern crate self as congruent;

pub mod backend;
pub mod dim;
mod error;
pub mod io;
pub mod mask;
pub mod nn;
pub mod shape;
mod tensor;

pub use backend::cpu::Cpu;
pub use dim::{N, Plus, Ragged, Times};
pub use error::Error;
pub use fastrand::Rng;
pub use mask::{Allowed, Causal, Full, Lengths};
pub use shape::At;
pub use tensor::{AtLeast, Create, Each, IdOf, Ids, Index, Nested, Tensor, TensorOf};
pub use {generic_array, half, num_traits, typenum};

/// What model code needs: `use congruent::prelude::*;`.
pub mod prelude {
    pub use crate::dim::{Dense, Dim, Equal, N, Plus, Ragged, RuntimeDim, SameSize, StaticDim, Times};
    pub use crate::mask::{Allowed, Causal, Combine, Full, Lengths, Mask, Padded};
    pub use crate::nn::attention;
    pub use crate::shape::{At, Shape};
    pub use crate::tensor::{Create, Each, Ids, Index, Tensor, TensorOf};
    pub use crate::{Cpu, Error, Rng, bind, dims, einsum, rearrange};
}

#[doc(hidden)]
pub mod __private {
    pub use crate::tensor::{einsum, einsum_one, rearrange};
    pub use congruent_macros as macros;
    pub use generativity::make_guard;
}

/// Declares dimensions.
#[macro_export]
macro_rules! dims { ($($t:tt)*) => { $crate::__private::macros::dims! { $crate $($t)* } } }

/// Sums of products by a pattern.
#[macro_export]
macro_rules! einsum { ($($t:tt)*) => { $crate::__private::macros::einsum! { $crate $($t)* } } }

/// Axes split, permuted and merged by a pattern.
#[macro_export]
macro_rules! rearrange { ($($t:tt)*) => { $crate::__private::macros::rearrange! { $crate $($t)* } } }
