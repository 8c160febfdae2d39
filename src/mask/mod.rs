//! Masks: which keys a query may attend to, as types that know their dimensions.

mod allowed;
mod lengths;
mod lengths_of;
mod packed;
mod padded;
mod positions;
mod prepared;
mod scan;
mod tokenized;
mod window;

pub use allowed::{Allowed, TrueOrFalse};
pub use lengths::Lengths;
pub(crate) use lengths::fill_behind;
pub use lengths_of::{LengthsOf, PaddedPositions};
pub use packed::{PackedTexts, Segments, Unpacked, pack};
pub use padded::{Padded, by_length, longest};
pub(crate) use positions::slopes_of;
pub use positions::{alibi, alibi_slopes, relative_ids, t5_bucket};
pub use prepared::PreparedMask;
pub use scan::SequenceState;
pub use window::SlidingWindow;

use crate::backend::{AttentionMask, Backend, Engine, MaskIn};
use crate::cpu::Processor;
use crate::dim::{Dim, Filled, Plus, Whole};
use crate::sealed::Sealed;
use crate::shape::Shape;

/// Which keys `K` the queries `Q` of a batch `B` may attend to.
///
/// A mask covers the padding of its keys, or asks for keys that have none. Masks combine by
/// [`and`](Combine::and): a key is attended to where all of them allow it.
///
/// ```
/// use congruent::prelude::*;
/// dims! { Batch = 2; Heads = 1; Seq = 4; HeadDim = 8; }
/// let q = Tensor::ones((Batch, Heads, Ragged(Seq), HeadDim));
/// let lengths = Lengths::new(Batch, Ragged(Seq), &[4, 2]).unwrap();
/// let y = attention(&q, &q, &q, &Causal.and(lengths));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not mask attention from `{Q}` to `{K}`",
    label = "not a mask for queries `{Q}` and keys `{K}` of the batch `{B}`",
    note = "`Causal` and `SlidingWindow` are for queries that are the last part of the keys: keys `Q` or `Plus<Past, Q>` for queries `Q`",
    note = "`Lengths` are those of this batch and of all of the keys, and keys behind padded ones have none: a cache's `step_ragged` has their mask; `Allowed` is `(batch, queries, keys)` or `(queries, keys)`",
    note = "`RingAttention` and `AllToAllAttention` are for queries and keys in parts along one mesh axis, `Shard<Q, M>` and `Shard<K, M>`: they are given the dimension of the keys, heads in parts along the same axis, and the mask of the whole sequences, from `Q` to `K`",
    note = "explained in `congruent::errors::C08`: https://docs.rs/congruent/latest/congruent/errors/C08/"
)]
pub trait Mask<B, Q, K, En: Engine = Processor>: Restrict<B, Q, K> {
    /// What the backend is told.
    fn describe(&self, device: &En::Device) -> MaskIn<En>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
impl<B, Q, K, M, En: Engine> Mask<B, Q, K, En> for M
where
    M: Restrict<B, Q, K, Itself: OnEngine<En>>,
    K: ReachedBy<M::Itself>,
    // Of a mask that the engine does not take, nothing more is asked.
    K: PaddingCovered<<M::Itself as OnEngine<En>>::Padding>,
{
    fn describe(&self, device: &En::Device) -> MaskIn<En> {
        self.itself().described(device)
    }
    fn sealed(_: Sealed) {}
}

/// A mask by its role: whether it has padding to cover is the matter of [`Mask`].
///
/// The masks are those of this crate. One of another rule is an [`Allowed`], which has it pair by pair.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not mask attention from `{Q}` to `{K}`",
    label = "not a mask for queries `{Q}` and keys `{K}` of the batch `{B}`",
    note = "`Causal` and `SlidingWindow` are for queries that are the last part of the keys: keys `Q` or `Plus<Past, Q>` for queries `Q`",
    note = "`Lengths` are those of this batch and of all of the keys, and keys behind padded ones have none: a cache's `step_ragged` has their mask; `Allowed` is `(batch, queries, keys)` or `(queries, keys)`",
    note = "`RingAttention` and `AllToAllAttention` are for queries and keys in parts along one mesh axis, `Shard<Q, M>` and `Shard<K, M>`: they are given the dimension of the keys, heads in parts along the same axis, and the mask of the whole sequences, from `Q` to `K`",
    note = "explained in `congruent::errors::C08`: https://docs.rs/congruent/latest/congruent/errors/C08/"
)]
pub trait Restrict<B, Q, K> {
    /// The mask: whether an engine takes it is asked of what is one alone.
    #[doc(hidden)]
    type Itself;
    #[doc(hidden)]
    fn itself(&self) -> &Self::Itself;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

/// That a mask, whatever its dimensions, can be given to an engine: those by hand are arrays of one.
#[diagnostic::on_unimplemented(
    message = "the mask is not known to be one on the engine of the tensors",
    label = "expected a mask on `{En}`",
    note = "in code that is generic over the backend, ask for a mask on its engine: `mask: &impl Mask<Batch, Queries, Keys, B::Engine>`",
    note = "attention across the ranks of a mesh is that of tensors on it: `x.to_engine::<OnMesh<Cpu<f32>>>(&mesh.device())`",
    note = "explained in `congruent::errors::C08`: https://docs.rs/congruent/latest/congruent/errors/C08/"
)]
pub trait OnEngine<En: Engine> {
    /// [`Covers`] or [`Ignores`].
    type Padding: Covering;
    /// What the backend is told.
    fn described(&self, device: &En::Device) -> MaskIn<En>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

/// Masks together: a key is attended to where both allow it.
pub trait Combine: Sized {
    /// The mask that allows what this one and another allow.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::attention_weights;
    /// dims! { Batch = 1; Heads = 1; Seq = 2; HeadDim = 4; }
    /// let x = Tensor::ones((Batch, Heads, Ragged(Seq), HeadDim));
    /// let mask = Causal.and(Lengths::new(Batch, Ragged(Seq), &[1])?);
    /// assert_eq!(attention_weights(&x, &x, &mask).to_vec(), [1.0, 0.0, 1.0, 0.0]);
    /// # Ok::<(), Error>(())
    /// ```
    fn and<M: Combine>(self, other: M) -> And<Self, M> {
        And(self, other)
    }
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
impl Combine for Full {
    fn sealed(_: Sealed) {}
}
impl Combine for Causal {
    fn sealed(_: Sealed) {}
}
impl<B, K> Combine for Lengths<B, K> {
    fn sealed(_: Sealed) {}
}
impl<S: Shape, En: Engine> Combine for Allowed<S, En> {
    fn sealed(_: Sealed) {}
}
impl<M, N> Combine for And<M, N> {
    fn sealed(_: Sealed) {}
}

/// Of a mask: it says where the padding of the keys is.
#[derive(Clone, Copy, Debug)]
pub struct Covers;
/// Of a mask: it knows of no padding.
#[derive(Clone, Copy, Debug)]
pub struct Ignores;

/// [`Covers`] or [`Ignores`].
pub trait Covering {
    /// What two masks do together.
    type Or<Other: Covering>: Covering;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
impl Covering for Covers {
    type Or<Other: Covering> = Covers;
    fn sealed(_: Sealed) {}
}
impl Covering for Ignores {
    type Or<Other: Covering> = Other;
    fn sealed(_: Sealed) {}
}

/// That a mask covers the padding of the keys, or that they have none.
#[diagnostic::on_unimplemented(
    message = "`{Self}` may hold padding or other texts, and the mask does not cover them",
    label = "what is not of the sequence would be attended to",
    note = "of padded sequences (`Ragged`) give the lengths: `&lengths`, or together with another mask `&Causal.and(lengths)`",
    note = "of packed texts (`Packed`) give the segments: `&segments`, or `&Causal.and(segments)`",
    note = "in generic code, ask for a dimension without padding: `S: Dense`",
    note = "explained in `congruent::errors::C07`: https://docs.rs/congruent/latest/congruent/errors/C07/"
)]
pub trait PaddingCovered<Padding>: Dim {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<K: Dim> PaddingCovered<Covers> for K {
    fn sealed(_: Sealed) {}
}
#[diagnostic::do_not_recommend]
impl<K: Filled> PaddingCovered<Ignores> for K {
    fn sealed(_: Sealed) {}
}

/// That a mask reaches all keys: those that other ranks of a mesh have too, or there are none.
#[diagnostic::on_unimplemented(
    message = "`{Self}` may be one rank's part of the keys, and `{Mask}` leaves out those of the other ranks",
    label = "the keys of the other ranks would not be attended to",
    note = "keys and values go around all ranks by `&RingAttention::new(seq, mask)` of `congruent::mesh`, where `seq` is this dimension, and the mask that of the whole sequence",
    note = "or each rank gets all positions of some heads: `&AllToAllAttention::new(seq, mesh.shard(key_heads, axis), mask)`",
    note = "in generic code, ask for a dimension that is whole: `S: Whole`, or whole and without padding: `S: Dense`",
    note = "explained in `congruent::errors::C98`: https://docs.rs/congruent/latest/congruent/errors/C98/"
)]
pub trait ReachedBy<Mask>: Dim {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<K: Whole, M> ReachedBy<M> for K {
    fn sealed(_: Sealed) {}
}

/// Every query attends to every key.
#[derive(Clone, Copy, Debug, Default)]
pub struct Full;

/// A query attends to the keys up to its own: the queries are all keys, or the last part of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Causal;

/// Both of two masks.
#[derive(Clone, Debug)]
pub struct And<M, N>(M, N);

/// That the keys are the queries, or end in them.
#[diagnostic::on_unimplemented(
    message = "where queries `{Q}` stand among keys `{Self}` is not known",
    label = "expected keys `{Q}` or `Plus<Past, {Q}>`",
    note = "positions are known of queries that are all keys, or the last part of them: keys `{Q}` or `Plus<Past, {Q}>`, as the step of a cache lends them; a step of sequences of different lengths has `step.relative_ids` and `step.alibi`",
    note = "explained in `congruent::errors::C73`: https://docs.rs/congruent/latest/congruent/errors/C73/"
)]
pub trait EndsWith<Q> {
    #[doc(hidden)]
    fn sealed(_: Sealed);
    /// Which key is that of the first query.
    fn first_query(self) -> usize;
}
#[diagnostic::do_not_recommend]
impl<Q: Dim> EndsWith<Q> for Q {
    fn sealed(_: Sealed) {}
    fn first_query(self) -> usize {
        0
    }
}
#[diagnostic::do_not_recommend]
impl<Past: Dim, Q: Dim> EndsWith<Q> for Plus<Past, Q> {
    fn sealed(_: Sealed) {}
    fn first_query(self) -> usize {
        self.0.size()
    }
}

#[diagnostic::do_not_recommend]
impl<B, Q, K> Restrict<B, Q, K> for Full {
    type Itself = Self;
    fn itself(&self) -> &Self {
        self
    }
    fn sealed(_: Sealed) {}
}
impl<En: Engine> OnEngine<En> for Full {
    type Padding = Ignores;
    fn described(&self, _: &En::Device) -> MaskIn<En> {
        AttentionMask::default()
    }
    fn sealed(_: Sealed) {}
}

#[diagnostic::do_not_recommend]
impl<B, Q, K: EndsWith<Q>> Restrict<B, Q, K> for Causal {
    type Itself = Self;
    fn itself(&self) -> &Self {
        self
    }
    fn sealed(_: Sealed) {}
}
impl<En: Engine> OnEngine<En> for Causal {
    type Padding = Ignores;
    fn described(&self, _: &En::Device) -> MaskIn<En> {
        AttentionMask { causal: true, ..AttentionMask::default() }
    }
    fn sealed(_: Sealed) {}
}

#[diagnostic::do_not_recommend]
impl<B, Q, K, M: Restrict<B, Q, K>, N: Restrict<B, Q, K>> Restrict<B, Q, K> for And<M, N> {
    type Itself = Self;
    fn itself(&self) -> &Self {
        self
    }
    fn sealed(_: Sealed) {}
}
impl<En: Engine, M: OnEngine<En>, N: OnEngine<En>> OnEngine<En> for And<M, N> {
    type Padding = <M::Padding as Covering>::Or<N::Padding>;
    fn described(&self, device: &En::Device) -> MaskIn<En> {
        let (first, second) = (self.0.described(device), self.1.described(device));
        AttentionMask {
            causal: first.causal || second.causal,
            window: either(first.window, second.window, usize::min),
            first_query: first.first_query.or(second.first_query),
            lengths: either(first.lengths, second.lengths, |x, y| {
                x.iter().zip(y.iter()).map(|(&x, &y)| x.min(y)).collect()
            }),
            allowed: either(first.allowed, second.allowed, |x, y| {
                let sizes = [&x, &y].map(|mask| En::sizes(mask).to_vec());
                let sizes = sizes.iter().max_by_key(|sizes| sizes.len()).expect("there are two");
                let [x, y] = [&x, &y].map(|mask| En::Backend::<bool>::broadcast(mask, sizes));
                En::Backend::<bool>::select(&x, &y, &x)
            }),
            ranks: first.ranks.or(second.ranks),
        }
    }
    fn sealed(_: Sealed) {}
}

fn either<T>(first: Option<T>, second: Option<T>, both: impl FnOnce(T, T) -> T) -> Option<T> {
    match (first, second) {
        (Some(first), Some(second)) => Some(both(first, second)),
        (first, second) => first.or(second),
    }
}
