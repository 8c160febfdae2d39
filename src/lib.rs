//! Tensors whose shapes the compiler proves: batch, sequence, embedding and heads are types, and what does not fit does not compile.
//!
//! ```
//! use congruent::prelude::*;
//!
//! dims! { Batch = 2; Seq = 5; Embed = 12; Heads = 3; HeadDim = 4; }
//!
//! let x = Tensor::ones((Batch, Seq, Embed));
//! let heads = x.relabel(Embed, Times(Heads, HeadDim)).split_heads();
//! let y: Tensor<(Batch, Seq, Times<Heads, HeadDim>)> = attention(&heads, &heads, &heads, &Causal).merge_heads();
//! ```
//!
//! With `HeadDim = 5` it does not compile, and the first line says why: "`Embed` and `Times<Heads, HeadDim>` differ in size". Every message
//! has a page in [`errors`].
//!
//! The guide (the folder `guide` of the repository) begins at the beginning, and has a line for each operation of PyTorch.
//!
//! # Where to find what
//!
//! | | |
//! |---|---|
//! | dimensions | [`dims!`] declares them, [`bind!`] gives one a size in a scope; [`Times`], [`Plus`], [`N`], [`Ragged`], [`Packed`]; all of it: [`dim`] |
//! | tensors | [`Tensor`], made by [`Create`]; ids of a table: [`Ids`] |
//! | patterns | [`einsum!`], [`rearrange!`] |
//! | layers, losses, attention | [`nn`] |
//! | padding and masks | [`mask`] |
//! | training | [`Module`](trait@Module), [`optim`], [`checkpoint`](fn@checkpoint), [`custom`](fn@custom), [`no_grad`] |
//! | caches, generation | [`nn::KeyValueCache`], [`generate`] |
//! | files of weights | [`io`] |
//! | engines and devices | [`backend`], [`cpu`], [`threads`] |
//! | many machines | [`mesh`] |
//! | derivatives along a direction, and of gradients | [`dual`] |
//!
//! # Operations of a tensor
//!
//! | looking for | methods |
//! |---|---|
//! | making one | [`zeros`](Tensor::zeros), [`ones`](Tensor::ones), [`full`](Tensor::full), [`arange`](Tensor::arange), [`linspace`](Tensor::linspace), [`normal`](Tensor::normal), [`uniform`](Tensor::uniform), [`from_vec`](Tensor::from_vec), [`from_slice`](Tensor::from_slice), [`from_nested`](Tensor::from_nested), [`from_fn`](Tensor::from_fn); of other elements: [`Create`] |
//! | what it is | [`shape`](Tensor::shape), [`sizes`](Tensor::sizes), [`dim`](Tensor::dim), [`to_vec`](Tensor::to_vec), [`to_nested`](Tensor::to_nested), [`scalar`](Tensor::scalar), [`as_slice`](Tensor::as_slice) |
//! | names of axes | [`relabel`](Tensor::relabel), [`relabel_by`](Tensor::relabel_by), [`split`](Tensor::split), [`merge`](Tensor::merge), [`split_heads`](Tensor::split_heads), [`merge_heads`](Tensor::merge_heads) |
//! | order of axes | [`transpose`](Tensor::transpose), [`permute`](Tensor::permute), [`flip`](Tensor::flip), [`roll`](Tensor::roll) |
//! | more of an axis | [`expand`](Tensor::expand), [`expand_as`](Tensor::expand_as), [`repeat`](Tensor::repeat), [`repeat_interleave`](Tensor::repeat_interleave), [`pad`](Tensor::pad) |
//! | parts | [`at`](Tensor::at), [`narrow`](Tensor::narrow), [`prefix`](Tensor::prefix), [`piece`](Tensor::piece), [`chunks`](Tensor::chunks), [`unstack`](Tensor::unstack), [`unstack_vec`](Tensor::unstack_vec), [`unfold`](Tensor::unfold), [`next`](Tensor::next), [`without_last`](Tensor::without_last) |
//! | joining | [`concat`](Tensor::concat), [`unconcat`](Tensor::unconcat), [`stack`](Tensor::stack), [`try_stack`](Tensor::try_stack), [`try_concat`](Tensor::try_concat) |
//! | numbers | operators; [`exp`](Tensor::exp), [`ln`](Tensor::ln), [`sqrt`](Tensor::sqrt), [`pow`](Tensor::pow), [`clamp`](Tensor::clamp), [`maximum`](Tensor::maximum), [`minimum`](Tensor::minimum), [`lerp`](Tensor::lerp), [`relu`](Tensor::relu), [`gelu`](Tensor::gelu), [`silu`](Tensor::silu), [`sigmoid`](Tensor::sigmoid), [`tanh`](Tensor::tanh) and others; several in one pass: [`fuse`](fn@fuse) |
//! | products | [`matmul`](Tensor::matmul), [`einsum!`], [`linear_recurrence`](Tensor::linear_recurrence) |
//! | sums and the like | [`sum`](Tensor::sum), [`mean`](Tensor::mean), [`var`](Tensor::var), [`std`](Tensor::std), [`mean_variance`](Tensor::mean_variance), [`norm`](Tensor::norm), [`prod`](Tensor::prod), [`max`](Tensor::max), [`min`](Tensor::min), [`median`](Tensor::median), [`quantile`](Tensor::quantile), [`logsumexp`](Tensor::logsumexp), [`sum_all`](Tensor::sum_all), [`mean_all`](Tensor::mean_all) |
//! | along an axis | [`softmax`](Tensor::softmax), [`log_softmax`](Tensor::log_softmax), [`normalize`](Tensor::normalize), [`cumsum`](Tensor::cumsum), [`cumprod`](Tensor::cumprod), [`scan`](Tensor::scan) |
//! | order of elements | [`argmax`](Tensor::argmax), [`argmin`](Tensor::argmin), [`top_k`](Tensor::top_k), [`sort`](Tensor::sort), [`argsort`](Tensor::argsort), [`search_sorted`](Tensor::search_sorted), [`unique`](Tensor::unique) |
//! | by ids | [`lookup`](Tensor::lookup), [`gather`](Tensor::gather), [`take_along`](Tensor::take_along), [`put_along`](Tensor::put_along), [`scatter_add`](Tensor::scatter_add), [`one_hot`](Tensor::one_hot) |
//! | conditions | [`equal`](Tensor::equal), [`less`](Tensor::less), [`greater`](Tensor::greater), [`greater_than`](Tensor::greater_than), [`select`](Tensor::select), [`masked_fill`](Tensor::masked_fill), [`any`](Tensor::any), [`all`](Tensor::all), [`count`](Tensor::count), [`nonzero`](Tensor::nonzero), [`tril`](Tensor::tril), [`triu`](Tensor::triu), [`diagonal`](Tensor::diagonal) |
//! | padded sequences | [`masked_mean`](Tensor::masked_mean), [`masked_sum`](Tensor::masked_sum), [`masked_var`](Tensor::masked_var), [`masked_max`](Tensor::masked_max), [`masked_last`](Tensor::masked_last), [`masked_scan`](Tensor::masked_scan), [`fill_padding`](Tensor::fill_padding) |
//! | images and signals | [`conv`](Tensor::conv), [`conv_transpose`](Tensor::conv_transpose), [`max_pool`](Tensor::max_pool), [`avg_pool`](Tensor::avg_pool), [`adaptive_avg_pool`](Tensor::adaptive_avg_pool), [`interpolate`](Tensor::interpolate) |
//! | gradients | [`tracked`](Tensor::tracked), [`backward`](Tensor::backward), [`detach`](Tensor::detach), [`is_tracked`](Tensor::is_tracked) |
//! | elements, engines | [`cast`](Tensor::cast), [`to_engine`](Tensor::to_engine), [`to_device`](Tensor::to_device), [`device`](Tensor::device) |
//!
//! # Features
//!
//! `avx512`, which has `avx2` with it, and `threads` are on by default; `gguf`, `pytorch` and `safetensors` read files; `conformance` has the suite that an engine
//! of one's own is tested with. Without optimization kernels are slow: a project whose debug builds calculate has
//! `[profile.dev.package.congruent] opt-level = 3` in its `Cargo.toml`.

#![cfg_attr(docsrs, feature(doc_cfg))]

/// The programs of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

extern crate self as congruent;

// Before all that adds methods to tensors: their page begins with what is here.
mod tensor;

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
pub mod mesh;
mod mesh_axes;
pub mod module;
pub mod nn;
pub mod optim;
mod random;
mod sealed;
pub mod shape;

pub use backend::{Order, no_grad};
pub use cpu::{Cpu, packed_weights, release_memory, threads};
pub use dim::{N, Packed, Plus, Ragged, Times};
pub use error::Error;
pub use mask::{Allowed, Causal, Full, Lengths, Segments};
pub use module::Module;
pub use random::Rng;
pub use shape::At;
pub use tensor::{
    AnyLength, AtLeast, CastsTo, ConditionOf, CountsWindows, Create, CustomInputs, Each, ElementOf, Expr, Fuse,
    FusedOperand, GoesTo, Gradients, GradientsFor, IdOf, Ids, Index, Interpolation, LogProbabilities,
    LogProbabilitiesAlong, Nested, OperandOf, PerAxis, Piece, Positions, Prediction, SameBackend, Side, Sliding,
    StepOf, Target, Tensor, TensorOf, TrackedWith, Unique, checkpoint, custom, fuse,
};
pub use {generic_array, half, num_traits, typenum};

/// What model code needs: `use congruent::prelude::*;`.
pub mod prelude {
    pub use crate::backend::{Backend, Order};
    pub use crate::dim::{
        Dense, Dim, Equal, Filled, N, Packed, Plus, Ragged, RuntimeDim, SameSize, StaticDim, Times, Vocabulary, Whole,
    };
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
