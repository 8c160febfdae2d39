#![doc = include_str!("../README.md")]

extern crate self as congruent;

pub mod backend;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod cpu;
pub mod dim;
pub mod dual;
mod error;
pub mod errors;
pub mod generate;
pub mod io;
pub mod mask;
pub mod module;
pub mod nn;
pub mod optim;
mod random;
mod sealed;
pub mod shape;
mod tensor;

pub use backend::{Order, no_grad};
pub use cpu::{Cpu, packed_weights, release_memory, threads};
pub use dim::{N, Packed, Plus, Ragged, Times};
pub use error::Error;
pub use mask::{Allowed, Causal, Full, Lengths, Segments};
pub use module::Module;
pub use random::Rng;
pub use shape::At;
pub use tensor::{
    AnyLength, AtLeast, ConditionOf, CountsWindows, Create, CustomInputs, Each, ElementOf, Expr, Fuse, FusedOperand,
    GoesTo, Gradients, GradientsFor, IdOf, Ids, Index, Interpolation, LogProbabilities, LogProbabilitiesAlong, Nested,
    OperandOf, PerAxis, Piece, Positions, Prediction, SameBackend, Side, Sliding, StepOf, Target, Tensor, TensorOf,
    TrackedWith, Unique, checkpoint, custom, fuse,
};
pub use {generic_array, half, num_traits, typenum};

/// What model code needs: `use congruent::prelude::*;`.
pub mod prelude {
    pub use crate::backend::{Backend, Order};
    pub use crate::dim::{Dense, Dim, Equal, N, Packed, Plus, Ragged, RuntimeDim, SameSize, StaticDim, Times};
    pub use crate::mask::{Allowed, Causal, Combine, Full, Lengths, Mask, Padded, Segments};
    pub use crate::nn::attention;
    pub use crate::shape::{At, Shape};
    pub use crate::tensor::{Create, Each, Ids, Index, Tensor, TensorOf};
    pub use crate::{Cpu, Error, Module, Rng, bind, dims, einsum, rearrange};
}

/// Makes a [`Module`](trait@Module) of a structure.
pub use congruent_macros::Module;

#[doc(hidden)]
pub use congruent_macros as macros;

#[doc(hidden)]
pub mod __private {
    pub use crate::dim::runtime::{Brand, Place};
    pub use crate::tensor::{einsum, einsum_many, einsum_one, einsum_with_rest, rearrange};
    pub use generativity::make_guard;
}

/// Declares dimensions: each is a type and a value.
///
/// ```
/// use congruent::prelude::*;
/// dims! {
///     /// Static: any number, and sums and products of others.
///     pub Embed = 384;
///     pub Heads = 12;
///     pub HeadDim = 32;
///     pub Joined = Heads * HeadDim;
///     pub Ffn = 4 * Embed + 1;
///     /// Run-time: bound to a number in a scope by `bind!` or `Seq::with`.
///     pub Seq;
///     /// Set once for the whole program, by `Width::set`.
///     pub once Width;
/// }
/// assert_eq!((Joined.size(), Ffn.size()), (384, 1537));
/// assert_eq!(Seq::with(20, |seq| Tensor::ones((seq, Embed)).sizes()), [20, 384]);
///
/// assert!(Width::get().is_none());
/// let width = Width::set(768)?;
/// assert_eq!(Width::set(512).unwrap_err().to_string(), "`Width` is set to 768 and cannot become 512");
/// # Ok::<(), congruent::Error>(())
/// ```
#[macro_export]
macro_rules! dims { ($($t:tt)*) => { $crate::macros::dims! { $crate $($t)* } } }

/// Sums of products of up to six tensors, by a pattern whose letters are dimensions. More than two are multiplied two at a time, in
/// the order that takes the fewest multiplications of numbers.
///
/// A letter stands for the same dimension wherever it appears. Letters that the output lacks are
/// summed over, and have no padding.
///
/// ```
/// use congruent::prelude::*;
/// dims! { Batch = 2; Heads = 3; Queries = 5; Keys = 7; HeadDim = 4; }
/// let q = Tensor::ones((Batch, Heads, Queries, HeadDim));
/// let k = Tensor::ones((Batch, Heads, Keys, HeadDim));
/// let scores: Tensor<(Batch, Heads, Queries, Keys)> = einsum!("b h i d, b h j d -> b h i j", q, k);
/// let total: Tensor<()> = einsum!("batch heads queries keys ->", scores);
/// assert_eq!(total.scalar(), 840.0);
/// ```
///
/// `..` stands for all dimensions of a tensor that have no letter, any number of them, in any place: a batch, heads, or none. They
/// are the same dimensions in every tensor that has `..`, and are kept.
///
/// ```
/// use congruent::prelude::*;
/// dims! { Batch = 2; Heads; Rows = 5; Inner = 7; Columns = 4; }
/// bind!(heads: Heads = 3);
/// let x = Tensor::ones((Batch, heads, Rows, Inner));
/// let y = Tensor::ones((Batch, heads, Inner, Columns));
/// let products: Tensor<(Batch, _, Rows, Columns)> = einsum!(".. i j, .. j k -> .. i k", x, y);
/// let weight = Tensor::ones((Columns, Inner));
/// let mapped: Tensor<(Batch, _, Rows, Columns)> = einsum!(".. j, k j -> .. k", x, weight);
/// ```
///
/// Of self-attention, [`Keys`](dim::Keys) keeps the two axes of the scores apart.
#[macro_export]
macro_rules! einsum { ($($t:tt)*) => { $crate::macros::einsum! { $crate $($t)* } } }

/// Axes split, permuted and merged by a pattern: a group `(h d)` is a `Times<H, D>`, and `(c h w)` a `Times<Times<C, H>, W>`.
///
/// ```
/// use congruent::prelude::*;
/// dims! { Batch = 2; Seq = 5; Heads = 3; HeadDim = 4; }
/// let x = Tensor::ones((Batch, Seq, Times(Heads, HeadDim)));
/// let heads: Tensor<(Batch, Heads, Seq, HeadDim)> = rearrange!(x, "b s (h d) -> b h s d");
/// ```
#[macro_export]
macro_rules! rearrange { ($($t:tt)*) => { $crate::macros::rearrange! { $crate $($t)* } } }
