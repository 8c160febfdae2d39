//! What is added to the scores of attention, or in the softmax beside them.

use crate::backend::{ArrayOf, Backend, Engine, With};
use crate::dim::{Dim, Whole};
use crate::mask::Allowed;
use crate::sealed::Sealed;
use crate::shape::Shape;
use crate::tensor::{SameBackend, Tensor};

/// That weights `(B, H, Q, K)` take this for a bias: a tensor `(B, H, Q, K)`, `(H, Q, K)`, `(Q, K)` or `(B, Q, K)`; or, as a mask
/// for each head, [`Allowed`] of one of these. `HeadsOrBatch` says which of three dimensions the first one is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no bias for attention weights `{Weights}`",
    label = "expected a bias of heads, queries and keys, in this order",
    note = "weights are `(batch, heads, queries, keys)`: a bias is of all four, of the last three, of queries and keys alone, or of these and the batch",
    note = "of a part of the queries and of the keys, no rank has the pairs: attention across ranks takes none; in generic code, ask for keys that each rank has all of: `S: Whole`",
    note = "explained in `congruent::errors::C72`: https://docs.rs/congruent/latest/congruent/errors/C72/"
)]
pub trait PairBias<Weights, HeadsOrBatch> {
    /// The bias: whether a backend takes it is asked of what is one alone.
    #[doc(hidden)]
    type Itself;
    #[doc(hidden)]
    fn itself(&self) -> &Self::Itself;
    /// Its sizes as `(batch, heads, queries, keys)`.
    #[doc(hidden)]
    fn sizes(&self) -> [usize; 4];
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

/// That weights `(B, H, Q, K)` take this for sinks: a tensor `(H,)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no tensor of sinks for attention weights `{Weights}`",
    label = "expected sinks `(heads,)`",
    note = "weights are `(batch, heads, queries, keys)`: there is a sink for each head of the queries",
    note = "explained in `congruent::errors::C80`: https://docs.rs/congruent/latest/congruent/errors/C80/"
)]
pub trait HeadSinks<Weights> {
    /// The sinks: whether a backend takes them is asked of what are some alone.
    #[doc(hidden)]
    type Itself;
    #[doc(hidden)]
    fn itself(&self) -> &Self::Itself;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

/// That there is no bias.
#[derive(Clone, Copy, Debug)]
pub struct NoBias;

/// That there are no sinks.
#[derive(Clone, Copy, Debug)]
pub struct NoSinks;

/// That a bias, or sinks, whatever their dimensions, are on this backend.
///
/// It has one impl, so that where it is unclear which bias is meant, the compiler has nothing to list here and says so of
/// [`PairBias`] alone.
pub trait AddedOn<B: Backend> {
    #[doc(hidden)]
    fn added(&self) -> Added<'_, ArrayOf<B>, ArrayOf<B, bool>>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
impl<X: AddedAs<B>, B: Backend> AddedOn<B> for X {
    fn added(&self) -> Added<'_, ArrayOf<B>, ArrayOf<B, bool>> {
        self.kind()
    }
    fn sealed(_: Sealed) {}
}

/// What a bias, or sinks, are on this backend.
#[doc(hidden)]
pub trait AddedAs<B: Backend> {
    fn kind(&self) -> Added<'_, ArrayOf<B>, ArrayOf<B, bool>>;
    fn sealed(_: Sealed);
}
impl<S: Shape, B: Backend, C: SameBackend<B>> AddedAs<B> for Tensor<S, C> {
    fn kind(&self) -> Added<'_, ArrayOf<B>, ArrayOf<B, bool>> {
        Added::Numbers(self.array())
    }
    fn sealed(_: Sealed) {}
}
impl<S: Shape, B: Backend, E: Engine> AddedAs<B> for Allowed<S, E>
where
    E::Backend<bool>: SameBackend<With<B, bool>>,
{
    fn kind(&self) -> Added<'_, ArrayOf<B>, ArrayOf<B, bool>> {
        Added::Allowed(self.tensor().array())
    }
    fn sealed(_: Sealed) {}
}

/// What scores get: numbers, or which of them count.
#[doc(hidden)]
#[derive(Debug)]
pub enum Added<'a, A, M> {
    Numbers(&'a A),
    Allowed(&'a M),
    Nothing,
}

/// Of a bias of three dimensions: the first one is that of the heads.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct OfHeads;
impl OfHeads {
    fn by_axes(sizes: &[usize]) -> [usize; 4] {
        std::array::from_fn(|axis| (axis + sizes.len()).checked_sub(4).map_or(1, |at| sizes[at]))
    }
}

/// Of a bias of three dimensions: the first one is the batch.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct OfBatch;
impl OfBatch {
    fn by_axes(sizes: &[usize]) -> [usize; 4] {
        [sizes[0], 1, sizes[1], sizes[2]]
    }
}

macro_rules! bias { ($($Which:ident ($($D:ident)*))*) => {$(
    bias! { @of $Which [Bk: Backend] (Tensor<($($D,)*), Bk>) }
    bias! { @of $Which [En: Engine] (Allowed<($($D,)*), En>) }
)*};
(@of $Which:ident [$($On:tt)*] ($Bias:ty)) => {
    #[diagnostic::do_not_recommend]
    impl<B: Dim, H: Dim, Q: Dim, K: Whole, $($On)*> PairBias<(B, H, Q, K), $Which> for $Bias {
        type Itself = Self;
        fn itself(&self) -> &Self {
            self
        }
        fn sizes(&self) -> [usize; 4] {
            $Which::by_axes(self.shape().sizes().as_ref())
        }
        fn sealed(_: Sealed) {}
    }
} }
bias! { OfHeads (B H Q K) OfHeads (H Q K) OfHeads (Q K) OfBatch (B Q K) }

#[diagnostic::do_not_recommend]
impl<B: Dim, H: Dim, Q: Dim, K: Dim> PairBias<(B, H, Q, K), OfHeads> for NoBias {
    type Itself = Self;
    fn itself(&self) -> &Self {
        self
    }
    fn sizes(&self) -> [usize; 4] {
        [1; 4]
    }
    fn sealed(_: Sealed) {}
}
impl<B: Backend> AddedAs<B> for NoBias {
    fn kind(&self) -> Added<'_, ArrayOf<B>, ArrayOf<B, bool>> {
        Added::Nothing
    }
    fn sealed(_: Sealed) {}
}

#[diagnostic::do_not_recommend]
impl<B: Dim, H: Dim, Q: Dim, K: Dim, Bk: Backend> HeadSinks<(B, H, Q, K)> for Tensor<(H,), Bk> {
    type Itself = Self;
    fn itself(&self) -> &Self {
        self
    }
    fn sealed(_: Sealed) {}
}
#[diagnostic::do_not_recommend]
impl<Weights> HeadSinks<Weights> for NoSinks {
    type Itself = Self;
    fn itself(&self) -> &Self {
        self
    }
    fn sealed(_: Sealed) {}
}
impl<B: Backend> AddedAs<B> for NoSinks {
    fn kind(&self) -> Added<'_, ArrayOf<B>, ArrayOf<B, bool>> {
        Added::Nothing
    }
    fn sealed(_: Sealed) {}
}
