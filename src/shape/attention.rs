//! The shapes of attention.

use super::{Never, Nothing, Shape};
use crate::dim::{Dim, N, Times};
use crate::sealed::Sealed;

/// That `Self` query heads share `KeyHeads` key heads: as many, or `Group` queries for each key head.
#[diagnostic::on_unimplemented(
    message = "`{Self}` query heads cannot share `{KeyHeads}` key heads",
    label = "expected `{KeyHeads}` or `Times<{KeyHeads}, _>`",
    note = "grouped queries are `Times<KeyHeads, Group>`",
    note = "explained in `congruent::errors::C23`"
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
    note = "explained in `congruent::errors::C40`"
)]
pub trait Appends<Values, B, H, S, D>: Shape {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<B: Dim, H: Dim, S: Dim, D: Dim> Appends<Self, B, H, S, D> for (B, H, S, D) {
    fn sealed(_: Sealed) {}
}

/// That positions of the shape, `(batch, sequence)`, turn heads of size `D`: `(batch, heads, sequence, D)`.
#[diagnostic::on_unimplemented(
    message = "positions `{Self}` do not turn heads `{Heads}` of size `{D}`",
    label = "expected `(batch, sequence)` for heads `(batch, heads, sequence, {D})`",
    note = "positions and heads are of one batch and one sequence; the size is that of the table of angles",
    note = "explained in `congruent::errors::C41`"
)]
pub trait Turns<Heads, D>: Shape {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<B: Dim, H: Dim, S: Dim, D: Dim> Turns<(B, H, S, D), D> for (B, S) {
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
    impl<S: Shape, D> Turns<$Never, D> for S {
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
    note = "explained in `congruent::errors::C22`"
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
    note = "explained in `congruent::errors::C24`"
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
    note = "explained in `congruent::errors::C25`"
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
    note = "explained in `congruent::errors::C26`"
)]
pub trait Sequence<E>: Shape {
    /// The batch.
    type Batch: Dim;
    /// The positions of the sequence.
    type Length: Dim;
    /// The dimensions, one by one.
    fn dims(self) -> (Self::Batch, Self::Length, E);
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<B: Dim, S: Dim, E: Dim> Sequence<E> for (B, S, E) {
    type Batch = B;
    type Length = S;
    fn dims(self) -> Self {
        self
    }
    fn sealed(_: Sealed) {}
}

/// That the shape is `(B, L, ..)`: the sequences `L` of the batch `B`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not hold the sequences `{L}` of the batch `{B}`",
    label = "expected `({B}, {L}, ..)`",
    note = "the lengths belong to another batch, or to other sequences, than the tensor",
    note = "explained in `congruent::errors::C28`"
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
