//! Dimensions that ids choose from.

use super::{Dense, Dim, Filled, Shard, Whole};
use crate::mesh_axes::MeshAxis;
use crate::sealed::Sealed;

/// A dimension that ids choose from: the rows of an embedding, the classes of logits. Each rank has all of its positions, or a
/// [`Shard`] of them.
///
/// Ids are of all positions in both cases, those of [`Whole`](Self::Whole), on each rank. Generic code asks for a [`Vocabulary`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not known to be a dimension that ids choose from",
    label = "neither what each rank has all of, nor a `Shard` of that",
    note = "in generic code, ask for a vocabulary, whose ids are `Ids<_, V::Whole>`: `V: Vocabulary`; or for a dimension that each rank has all of: `V: Dense`",
    note = "what is divided along two axes of a mesh is gathered along one of them before: `x.all_gather(axis)`",
    note = "explained in `congruent::errors::C94`: https://docs.rs/congruent/latest/congruent/errors/C94/"
)]
pub trait Table: Dim {
    /// What the ids are of: the positions that all ranks have together.
    type Whole: Whole;
    /// What the ids are of: the positions that all ranks have together.
    fn whole(self) -> Self::Whole;
    /// The part that this rank has; nothing if each rank has all.
    #[doc(hidden)]
    fn table_part(self) -> Option<TablePart>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<D: Whole> Table for D {
    type Whole = D;
    fn whole(self) -> D {
        self
    }
    fn table_part(self) -> Option<TablePart> {
        None
    }
    fn sealed(_: Sealed) {}
}
#[diagnostic::do_not_recommend]
impl<D: Whole, M: Dim> Table for Shard<D, M> {
    type Whole = D;
    fn whole(self) -> D {
        Shard::whole(self)
    }
    fn table_part(self) -> Option<TablePart> {
        let (first, whole) = (self.whole_position(0), self.whole_size());
        Some(TablePart { first, size: self.size(), whole, axis: self.axis() })
    }
    fn sealed(_: Sealed) {}
}

/// The positions of a table that a rank has.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct TablePart {
    /// Where they begin among those of all ranks.
    pub first: usize,
    /// How many they are.
    pub size: usize,
    /// How many those of all ranks are.
    pub whole: usize,
    /// The mesh axis along which the others have theirs.
    pub axis: MeshAxis,
}

/// A vocabulary without padding, of which each rank has all tokens, or a [`Shard`] of them: what generic code asks for.
///
/// Embedding, logits and cross-entropy are the same code for both.
///
/// ```
/// use congruent::dim::Vocabulary;
/// use congruent::nn::{Embedding, cross_entropy};
/// use congruent::prelude::*;
///
/// /// How well each token says the one after it.
/// fn losses<N: Dim, V: Vocabulary, E: Dense>(
///     table: &Embedding<V, E>,
///     [tokens, next]: [&Ids<(N,), V::Whole>; 2],
/// ) -> Tensor<(N,)> {
///     let logits: Tensor<(N, V)> = table.logits(&table.forward(tokens));
///     cross_entropy(&logits, next)
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not known to be a vocabulary",
    label = "expected a dimension without padding, or a `Shard` of one",
    note = "in generic code, ask for one: `V: Vocabulary`, whose ids are `Ids<_, V::Whole>`",
    note = "explained in `congruent::errors::C95`: https://docs.rs/congruent/latest/congruent/errors/C95/"
)]
pub trait Vocabulary: Table<Whole: Dense> + Filled {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<D: Table<Whole: Dense> + Filled> Vocabulary for D {
    fn sealed(_: Sealed) {}
}
