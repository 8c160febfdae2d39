//! What an operation does to all positions of a dimension, so that its message names the remedy that is right for it.
//!
//! A [`Dense`] dimension is all of these: generic code asks for that one. So is a [`Shard`](super::Shard) of one: that it is a part is
//! not a matter of padding, but of [`Whole`](super::Whole), which operations ask for beside these.

use super::{Dense, Dim, Filled, Plus, Ragged};
use crate::sealed::Sealed;

/// A dimension that may be summed over: by a sum, a product of matrices, a linear layer.
#[diagnostic::on_unimplemented(
    message = "`{Self}` may hold padding, and this operation would read it",
    label = "the padding of `{Self}` would be added up",
    note = "the sum of the valid positions is `x.masked_sum(&lengths)`; for a product, or a layer along `{Self}`, zeros add nothing: `x.fill_padding(&lengths, 0.0)`",
    note = "a layer that is meant for the features has them last: `x.permute((..))`; packed texts get a row each: `segments.unpack(&x, Texts, Ragged(Seq))?`",
    note = "in generic code, ask for a dimension without padding: `S: Dense`",
    note = "explained in `congruent::errors::C50`: https://docs.rs/congruent/latest/congruent/errors/C50/"
)]
pub trait Summed: Dim {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<D: Filled> Summed for D {
    fn sealed(_: Sealed) {}
}

/// A dimension whose positions may be multiplied with each other.
#[diagnostic::on_unimplemented(
    message = "`{Self}` may hold padding, and this operation would read it",
    label = "the padding of `{Self}` would be a factor",
    note = "ones change no product: `x.fill_padding(&lengths, 1.0)`; packed texts get a row each: `segments.unpack(&x, Texts, Ragged(Seq))?`",
    note = "in generic code, ask for a dimension without padding: `S: Dense`",
    note = "explained in `congruent::errors::C86`: https://docs.rs/congruent/latest/congruent/errors/C86/"
)]
pub trait Multiplied: Dim {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<D: Filled> Multiplied for D {
    fn sealed(_: Sealed) {}
}

/// A dimension whose positions are counted as well as summed: by a mean, a variance, a norm.
#[diagnostic::on_unimplemented(
    message = "`{Self}` may hold padding, and this operation would read it",
    label = "the padding of `{Self}` would be counted",
    note = "take the valid positions: `x.masked_mean(&lengths)`, `x.masked_var(&lengths)`, whose root is the standard deviation; of all sequences together `mean_of_valid(&x, &lengths)`",
    note = "of packed texts, the mean of all losses is `segments.mean(&losses)`; else each text gets a row: `segments.unpack(&x, Texts, Ragged(Seq))?`",
    note = "a norm is taken along features, which are last: `x.permute((..))`",
    note = "in generic code, ask for a dimension without padding: `S: Dense`",
    note = "explained in `congruent::errors::C51`: https://docs.rs/congruent/latest/congruent/errors/C51/"
)]
pub trait Averaged: Dim {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<D: Filled> Averaged for D {
    fn sealed(_: Sealed) {}
}

/// A dimension whose positions are held against each other: by the largest, a softmax, a cross-entropy.
#[diagnostic::on_unimplemented(
    message = "`{Self}` may hold padding, and this operation would read it",
    label = "the padding of `{Self}` would be compared",
    note = "the largest and the smallest of the valid positions are `x.masked_max(&lengths)` and `x.masked_min(&lengths)`",
    note = "for `argmax`, `top_k`, `softmax` and what is made of it, fill in what never counts: `x.fill_padding(&lengths, f32::NEG_INFINITY)` (for `argmin`, `f32::INFINITY`), and `false` for `any` and `count`, `true` for `all`; scores are masked by `attention(.., &lengths)` and `attention_with_bias`; packed texts get a row each: `segments.unpack(&x, Texts, Ragged(Seq))?`",
    note = "in generic code, ask for a dimension without padding: `S: Dense`",
    note = "explained in `congruent::errors::C52`: https://docs.rs/congruent/latest/congruent/errors/C52/"
)]
pub trait Compared: Dim {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<D: Filled> Compared for D {
    fn sealed(_: Sealed) {}
}

/// A dimension of which a position may be taken, wherever it is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` may hold padding, and this operation would read it",
    label = "what is taken may be padding",
    note = "the last valid position of each sequence is `x.masked_last(&lengths)`",
    note = "any other is taken after the padding got a value: `x.fill_padding(&lengths, 0.0)`; packed texts get a row each: `segments.unpack(&x, Texts, Ragged(Seq))?`",
    note = "in generic code, ask for a dimension without padding: `S: Dense`",
    note = "explained in `congruent::errors::C53`: https://docs.rs/congruent/latest/congruent/errors/C53/"
)]
pub trait Picked: Dim {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<D: Filled> Picked for D {
    fn sealed(_: Sealed) {}
}

/// A dimension along which a state may go from each position to the next, to the last of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` may hold padding, and this operation would read it",
    label = "the state would go on through the padding of `{Self}`",
    note = "each sequence ends at its own length, and begins there in the other direction: `x.masked_scan(&lengths, state, step)` and `x.masked_scan_reverse(..)`; of a layer, `forward_masked` and `forward_masked_reverse`",
    note = "packed texts get a row each: `segments.unpack(&x, Texts, Ragged(Seq))?`",
    note = "in generic code, ask for a dimension without padding: `S: Dense`",
    note = "explained in `congruent::errors::C91`: https://docs.rs/congruent/latest/congruent/errors/C91/"
)]
pub trait Scanned: Dim {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<D: Filled> Scanned for D {
    fn sealed(_: Sealed) {}
}

/// A dimension along which windows may slide: those of a convolution, and of pooling.
#[diagnostic::on_unimplemented(
    message = "`{Self}` may hold padding, and this operation would read it",
    label = "windows would reach into the padding of `{Self}`",
    note = "say what the padding becomes while the positions stand behind the batch, and let the channels stand there then: `x.fill_padding(&lengths, 0.0).permute((Batch, Channels, Time))`; for `max_pool`, `f32::NEG_INFINITY`",
    note = "packed texts get a row each: `segments.unpack(&x, Texts, Ragged(Seq))?`",
    note = "in generic code, ask for a dimension without padding: `S: Dense`",
    note = "explained in `congruent::errors::C106`: https://docs.rs/congruent/latest/congruent/errors/C106/"
)]
pub trait Windowed: Dim {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<D: Filled> Windowed for D {
    fn sealed(_: Sealed) {}
}

/// A dimension whose padding, if it has any, is all at the end of each sequence: one length says which positions are valid.
#[diagnostic::on_unimplemented(
    message = "a length does not say what is padding in `{Self}`",
    label = "the padding of `{Self}` is not known to be all at the end",
    note = "lengths are those of `Ragged<D>`, or of `Plus<Past, Ragged<D>>`, where `Past` has no padding",
    note = "keys behind padded ones of the past: `cache.step_ragged(&lengths, ..)` appends each sequence where it ends, and `step.mask()` is their mask",
    note = "of other parts, use each with its own lengths before `concat`, or after `unconcat`",
    note = "in generic code, ask for a dimension without padding: `S: Dense`, and `Ragged<S>` for that with padding",
    note = "explained in `congruent::errors::C54`: https://docs.rs/congruent/latest/congruent/errors/C54/"
)]
pub trait PaddedAtEnd: Dim {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<D: Dense> PaddedAtEnd for D {
    fn sealed(_: Sealed) {}
}
#[diagnostic::do_not_recommend]
impl<D: Dim> PaddedAtEnd for Ragged<D> {
    fn sealed(_: Sealed) {}
}
#[diagnostic::do_not_recommend]
impl<Past: Dense, D: Dim> PaddedAtEnd for Plus<Past, Ragged<D>> {
    fn sealed(_: Sealed) {}
}
