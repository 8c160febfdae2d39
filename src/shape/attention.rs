//! The shapes of attention.

use super::{Never, Nothing, Shape};
use crate::dim::{Dim, N, Shard, Times, Whole};
use crate::sealed::Sealed;

/// That `Self` query heads share `KeyHeads` key heads: as many, or `Group` queries for each key head.
#[diagnostic::on_unimplemented(
    message = "`{Self}` query heads cannot share `{KeyHeads}` key heads",
    label = "expected `{KeyHeads}` or `Times<{KeyHeads}, _>`",
    note = "grouped queries are `Times<KeyHeads, Group>`",
    note = "explained in `congruent::errors::C23`: https://docs.rs/congruent/latest/congruent/errors/C23/"
)]
pub trait SharesHeads<KeyHeads>: Dim {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<H: Dim> SharesHeads<H> for H {
    fn sealed(_: Sealed) {}
}
#[diagnostic::do_not_recommend]
impl<H: Dim, G: Dim> SharesHeads<H> for Times<H, G> {
    fn sealed(_: Sealed) {}
}

/// That a step of a cache appends keys of the shape and values of the shape `Values`: both are `(B, H, S, D)`.
#[diagnostic::on_unimplemented(
    message = "a cache of heads `{H}` of size `{D}` for the batch `{B}` does not append keys `{Self}` and values `{Values}` at `{S}`",
    label = "expected keys and values `({B}, {H}, {S}, {D})`",
    note = "the batch, the key heads and their size are those that the cache was made with, the length is that of the step",
    note = "explained in `congruent::errors::C40`: https://docs.rs/congruent/latest/congruent/errors/C40/"
)]
pub trait Appends<Values, B, H, S, D>: Shape {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<B: Dim, H: Dim, S: Dim, D: Dim> Appends<Self, B, H, S, D> for (B, H, S, D) {
    fn sealed(_: Sealed) {}
}

/// That positions of the shape are those of the sequences `L` of the batch `B`: `(B, L)`. Of sequences of which each rank has a
/// part, they are those of the whole sequences, and each rank takes its own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` are not the positions of `{L}` in the batch `{B}`",
    label = "expected `({B}, {L})`; of one rank's part, the positions of the whole sequence",
    note = "of a `Shard<Seq, _>`, give the positions of the whole sequence, `({B}, Seq)`: each rank takes its own, which do not begin at 0",
    note = "in generic code, ask for a sequence that is whole: `S: Whole`, or whole and without padding: `S: Dense`",
    note = "explained in `congruent::errors::C99`: https://docs.rs/congruent/latest/congruent/errors/C99/"
)]
pub trait PositionsOf<B, L>: Shape {
    /// The first of the positions that this rank has, and how many it has; nothing if it has all.
    #[doc(hidden)]
    fn own(sequence: L) -> Option<[usize; 2]>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<B: Dim, L: Whole> PositionsOf<B, L> for (B, L) {
    fn own(_: L) -> Option<[usize; 2]> {
        None
    }
    fn sealed(_: Sealed) {}
}
#[diagnostic::do_not_recommend]
impl<B: Dim, L: Dim, M: Dim> PositionsOf<B, Shard<L, M>> for (B, L) {
    fn own(sequence: Shard<L, M>) -> Option<[usize; 2]> {
        let size = sequence.size();
        Some([sequence.rank() * size, size])
    }
    fn sealed(_: Sealed) {}
}

/// That positions of the shape, `(sequence,)` or `(batch, sequence)`, are those of whole sequences.
#[diagnostic::on_unimplemented(
    message = "positions `{Self}` may be those that one rank made for its part of a sequence",
    label = "the last dimension may be a rank's part: its positions would begin at 0 on each rank",
    note = "`positions.forward(&x)` adds to each rank's part the vectors of its own positions",
    note = "others are looked up for the whole sequence, of which each rank takes its part: `x + positions.weight.lookup(&ids).shard(seq)`",
    note = "in generic code, ask for a sequence that is whole: `S: Whole`, or whole and without padding: `S: Dense`",
    note = "explained in `congruent::errors::C109`: https://docs.rs/congruent/latest/congruent/errors/C109/"
)]
pub trait AllPositions: Shape {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
macro_rules! all_positions { ($($($Before:ident)*;)*) => {$(
    #[diagnostic::do_not_recommend]
    impl<$($Before: Dim,)* S: Whole> AllPositions for ($($Before,)* S,) {
        fn sealed(_: Sealed) {}
    }
)*} }
all_positions! {
   ;
    A;
    A B;
    A B C;
    A B C D;
}

/// That positions of the shape, `(batch, sequence)`, turn heads of size `D`: `(batch, heads, sequence, D)`.
#[diagnostic::on_unimplemented(
    message = "positions `{Self}` do not turn heads `{Heads}` of size `{D}`",
    label = "expected `(batch, sequence)` for heads `(batch, heads, sequence, {D})`",
    note = "positions and heads are of one batch and one sequence; the size is that of the table of angles",
    note = "where heads are of a `Shard<Seq, _>`, positions are those of the whole sequence, `(batch, Seq)`: each rank takes its own, which do not begin at 0",
    note = "in generic code, ask for a sequence that is whole: `S: Whole`, or whole and without padding: `S: Dense`",
    note = "explained in `congruent::errors::C41`: https://docs.rs/congruent/latest/congruent/errors/C41/"
)]
pub trait Turns<Heads, D>: Shape {
    /// As [`PositionsOf::own`].
    #[doc(hidden)]
    fn own(heads: Heads) -> Option<[usize; 2]>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<B: Dim, H: Dim, S: Dim, D: Dim, R: PositionsOf<B, S>> Turns<(B, H, S, D), D> for R {
    fn own((_, _, sequence, _): (B, H, S, D)) -> Option<[usize; 2]> {
        R::own(sequence)
    }
    fn sealed(_: Sealed) {}
}

macro_rules! heads_never { ($($Never:ident)*) => {$(
    #[diagnostic::do_not_recommend]
    impl<H: Dim> SharesHeads<$Never> for H {
        fn sealed(_: Sealed) {}
    }
    #[diagnostic::do_not_recommend]
    impl<S: Shape, B, H, L, D> Appends<$Never, B, H, L, D> for S {
        fn sealed(_: Sealed) {}
    }
    #[diagnostic::do_not_recommend]
    impl<S: Shape> PositionsOf<$Never, $Never> for S {
        fn own(_: $Never) -> Option<[usize; 2]> {
            None
        }
        fn sealed(_: Sealed) {}
    }
    #[diagnostic::do_not_recommend]
    impl<S: Shape, D> Turns<$Never, D> for S {
        fn own(_: $Never) -> Option<[usize; 2]> {
            None
        }
        fn sealed(_: Sealed) {}
    }
)*} }
heads_never!(Never Nothing);

/// That queries of the shape attend to keys of shape `Keys` and values of shape `Values`:
/// `(B, H, Q, D)` to `(B, KeyHeads, K, D)` and `(B, KeyHeads, K, V)`.
#[diagnostic::on_unimplemented(
    message = "queries `{Self}` cannot attend to keys `{Keys}` and values `{Values}`",
    label = "queries, keys and values disagree",
    note = "attention takes queries `(B, H, Q, D)`, keys `(B, H, K, D)` and values `(B, H, K, V)` of one batch, and heads `H` or, grouped, `Times<H, Group>` for the queries",
    note = "`x.split_heads()` makes `(B, H, S, D)` of `(B, S, Times<H, D>)`",
    note = "explained in `congruent::errors::C22`: https://docs.rs/congruent/latest/congruent/errors/C22/"
)]
pub trait Attends<Keys, Values>: Shape {
    /// The batch.
    type Batch: Dim;
    /// The query positions.
    type Queries: Dim;
    /// The key positions.
    type Keys: Dim;
    /// The size of a head, which is summed over.
    type HeadDim: Dim;
    /// The shape of the result.
    type Output: Shape;
    /// The shape of the weights.
    type Weights: Shape;
    /// The shape of the result.
    fn output(self, values: Values) -> Self::Output;
    /// The shape of the weights.
    fn weights(self, keys: Keys) -> Self::Weights;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<B: Dim, H: SharesHeads<G>, G: Dim, Q: Dim, K: Dim, D: Dim, V: Dim> Attends<(B, G, K, D), (B, G, K, V)>
    for (B, H, Q, D)
{
    type Batch = B;
    type Queries = Q;
    type Keys = K;
    type HeadDim = D;
    type Output = (B, H, Q, V);
    type Weights = (B, H, Q, K);
    fn output(self, values: (B, G, K, V)) -> Self::Output {
        (self.0, self.1, self.2, values.3)
    }
    fn weights(self, keys: (B, G, K, D)) -> Self::Weights {
        (self.0, self.1, self.2, keys.2)
    }
    fn sealed(_: Sealed) {}
}

macro_rules! attends_never { ($($Never:ident)*) => {$(
    attends_never! { @impl $Never: $Never }
    attends_never! { @impl $Never, K: K }
)*};
(@impl $Never:ident $(, $K:ident)?: $Keys:ty) => {
    #[diagnostic::do_not_recommend]
    impl<S: Shape, $($K: Shape)?> Attends<$Keys, $Never> for S {
        type Batch = N<0>;
        type Queries = N<0>;
        type Keys = N<0>;
        type HeadDim = N<0>;
        type Output = S;
        type Weights = S;
        fn output(self, values: $Never) -> S {
            match values {}
        }
        fn weights(self, _: $Keys) -> S {
            self
        }
        fn sealed(_: Sealed) {}
    }
} }
attends_never!(Never Nothing);

/// That the shape is `(batch, sequence, Times<heads, head_dim>)`.
#[diagnostic::on_unimplemented(
    message = "cannot split `{Self}` into heads",
    label = "expected `(batch, sequence, Times<heads, head_dim>)`",
    note = "name the factors of the last dimension first: `x.relabel(Embed, Times(Heads, HeadDim)).split_heads()`",
    note = "explained in `congruent::errors::C24`: https://docs.rs/congruent/latest/congruent/errors/C24/"
)]
pub trait SplitHeads: Shape {
    /// `(batch, heads, sequence, head_dim)`.
    type Output: Shape;
    /// The sizes of `(batch, sequence, heads, head_dim)`, and the shape with the heads before the sequence.
    fn split_heads(self) -> ([usize; 4], Self::Output);
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<B: Dim, S: Dim, H: Dim, D: Dim> SplitHeads for (B, S, Times<H, D>) {
    type Output = (B, H, S, D);
    fn split_heads(self) -> ([usize; 4], (B, H, S, D)) {
        let (b, s, Times(h, d)) = self;
        ((b, s, h, d).sizes().into_array(), (b, h, s, d))
    }
    fn sealed(_: Sealed) {}
}

/// That the shape is `(batch, heads, sequence, head_dim)`.
#[diagnostic::on_unimplemented(
    message = "cannot merge the heads of `{Self}`",
    label = "expected `(batch, heads, sequence, head_dim)`",
    note = "`x.merge_heads()` makes `(batch, sequence, Times<heads, head_dim>)`",
    note = "explained in `congruent::errors::C25`: https://docs.rs/congruent/latest/congruent/errors/C25/"
)]
pub trait MergeHeads: Shape {
    /// `(batch, sequence, Times<heads, head_dim>)`.
    type Output: Shape;
    /// The shape with the heads merged into the last dimension.
    fn merge_heads(self) -> Self::Output;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<B: Dim, H: Dim, S: Dim, D: Dim> MergeHeads for (B, H, S, D) {
    type Output = (B, S, Times<H, D>);
    fn merge_heads(self) -> Self::Output {
        let (b, h, s, d) = self;
        (b, s, Times(h, d))
    }
    fn sealed(_: Sealed) {}
}

/// That the shape is `(batch, sequence, E)`: what a layer of a transformer takes and gives.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `(batch, sequence, {E})`",
    label = "expected `(batch, sequence, {E})`",
    note = "one sequence gets a batch by `x.expand(Batch)`; another width becomes `{E}` by a `Linear`",
    note = "explained in `congruent::errors::C26`: https://docs.rs/congruent/latest/congruent/errors/C26/"
)]
pub trait Sequence<E>: Shape {
    /// The batch.
    type Batch: Dim;
    /// The positions of the sequence.
    type Length: Dim;
    /// `(batch, E)`: a vector for each sequence.
    type One: Shape;
    /// The dimensions, one by one.
    fn dims(self) -> (Self::Batch, Self::Length, E);
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<B: Dim, S: Dim, E: Dim> Sequence<E> for (B, S, E) {
    type Batch = B;
    type Length = S;
    type One = (B, E);
    fn dims(self) -> Self {
        self
    }
    fn sealed(_: Sealed) {}
}

/// That the shape is `(batch, Shard<sequence, M>, E)`: what a sequence-parallel layer takes and gives.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `(batch, Shard<sequence, {M}>, {E})`",
    label = "expected one rank's part of a sequence, along the mesh axis `{M}` of the layer's heads",
    note = "each rank takes its part of a whole sequence by `x.shard(mesh.shard(seq, axis))`, of what has another part, by `x.all_gather(..)` before",
    note = "where each rank has the whole sequence, it is `layer.forward(..)`",
    note = "explained in `congruent::errors::C116`: https://docs.rs/congruent/latest/congruent/errors/C116/"
)]
pub trait SequencePart<E, M>: Sequence<E, Length = Shard<Self::Whole, M>> {
    /// The sequence of which the ranks have parts.
    type Whole: Dim;
}
#[diagnostic::do_not_recommend]
impl<B: Dim, S: Dim, M: Dim, E: Dim> SequencePart<E, M> for (B, Shard<S, M>, E) {
    type Whole = S;
}

/// That the shape is `(B, L, ..)`: the sequences `L` of the batch `B`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not hold the sequences `{L}` of the batch `{B}`",
    label = "expected `({B}, {L}, ..)`",
    note = "the lengths belong to another batch, or to other sequences, than the tensor; those of padded sequences are `Lengths<B, Ragged<S>>`",
    note = "explained in `congruent::errors::C28`: https://docs.rs/congruent/latest/congruent/errors/C28/"
)]
pub trait Sequences<B, L>: Shape {
    /// `(B, ..)`: one for each sequence.
    type One: Shape;
    /// `(B, X, ..)`: other positions.
    type With<X: Dim>: Shape;
    /// One for each sequence.
    fn one(self) -> Self::One;
    /// The shape with the positions `x`.
    fn with_positions<X: Dim>(self, x: X) -> Self::With<X>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

macro_rules! sequences_never { ($($Never:ident)*) => {$(
    #[diagnostic::do_not_recommend]
    impl<S: Shape> Sequences<$Never, $Never> for S {
        type One = S;
        type With<X: Dim> = S;
        fn one(self) -> S {
            self
        }
        fn with_positions<X: Dim>(self, _: X) -> S {
            self
        }
        fn sealed(_: Sealed) {}
    }
)*} }
sequences_never!(Never Nothing);

macro_rules! sequences { ($($($D:ident)*;)*) => {$(
    #[diagnostic::do_not_recommend]
    #[allow(non_snake_case)]
    impl<B: Dim, L: Dim, $($D: Dim,)*> Sequences<B, L> for (B, L, $($D,)*) {
        type One = (B, $($D,)*);
        type With<X: Dim> = (B, X, $($D,)*);
        fn one(self) -> Self::One {
            let (batch, _, $($D,)*) = self;
            (batch, $($D,)*)
        }
        fn with_positions<X: Dim>(self, x: X) -> Self::With<X> {
            let (batch, _, $($D,)*) = self;
            (batch, x, $($D,)*)
        }
        fn sealed(_: Sealed) {}
    }
)*} }
sequences! {
   ;
    C;
    C D;
    C D E;
    C D E F;
}
