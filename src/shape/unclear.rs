//! What holds of everything, but for what can be meant in two ways.
//!
//! Each relation has one impl for all, and another, with another `Meant`, for what is unclear: there the compiler finds both, cannot
//! infer which is meant, and lists them. The name of the method's type parameter says what it is between. No bound could say so, since
//! code that is generic over dimensions would have to ask for it.
//! The types of `Meant` have no path outside: named, one of them would be the other impl, and the message gone.

use super::{At, Shape};
use crate::dim::{Dim, N, Next, Plus, Ragged, Times};
use crate::sealed::Sealed;

/// Implements a relation at each axis beside at most four others.
macro_rules! at_each_axis {
    ($implement:ident) => {
        $implement! {
            () () at 0;
            () (A) at 0;
            (A) () at 1;
            () (A B) at 0;
            (A) (B) at 1;
            (A B) () at 2;
            () (A B C) at 0;
            (A) (B C) at 1;
            (A B) (C) at 2;
            (A B C) () at 3;
            () (A B C D) at 0;
            (A) (B C D) at 1;
            (A B) (C D) at 2;
            (A B C) (D) at 3;
            (A B C D) () at 4;
        }
    };
}

/// That a softmax goes along the axis at `Position`.
///
/// Where two neighbours have one name, as in the scores of self-attention, they are queries and keys, in this order. A softmax along
/// the first would make weights that are not one together for any query.
pub trait SoftmaxAlong<Position, Meant>: Shape {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[doc(hidden)]
pub enum OneAxis {}
#[doc(hidden)]
pub enum QueriesOfSelfAttention {}

impl<S: Shape, Position> SoftmaxAlong<Position, OneAxis> for S {
    fn sealed(_: Sealed) {}
}
macro_rules! queries { ($(($($Before:ident)*) ($($After:ident)*) at $i:tt;)*) => {$(
    impl<$($Before: Dim,)* S: Dim, $($After: Dim,)*> SoftmaxAlong<At<$i>, QueriesOfSelfAttention>
        for ($($Before,)* S, S, $($After,)*)
    {
        fn sealed(_: Sealed) {}
    }
)*} }
at_each_axis!(queries);

/// That the loss of the next token may cut the positions itself.
///
/// Logits and tokens that were cut before are of `Next<D>`: cut once more, they would be those of the token after the next one.
pub trait CutByTheLoss<Meant>: Dim {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[doc(hidden)]
pub enum CutOnce {}
#[doc(hidden)]
pub enum CutTwice {}

impl<D: Dim> CutByTheLoss<CutOnce> for D {
    fn sealed(_: Sealed) {}
}
impl<D: Dim> CutByTheLoss<CutTwice> for Next<D> {
    fn sealed(_: Sealed) {}
}
impl<D: Dim> CutByTheLoss<CutTwice> for Ragged<Next<D>> {
    fn sealed(_: Sealed) {}
}

/// That a mask of the shape may be made by hand.
///
/// For queries `Q` and keys `Plus<Past, Q>`, as beside a cache, the queries stand behind the past. A mask by hand knows them by
/// their number among themselves; [`Allowed::by_position`](crate::Allowed::by_position) gives the positions of both, and
/// [`Allowed::by_position_of_each`](crate::Allowed::by_position_of_each) those of each sequence, or of each head.
pub trait PairsByHand<Meant>: Shape {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[doc(hidden)]
pub enum ByTheirNumbers {}
#[doc(hidden)]
pub enum BesideAPastByPosition {}
#[doc(hidden)]
pub enum BesideAPastByPositionOfEach {}

impl<S: Shape> PairsByHand<ByTheirNumbers> for S {
    fn sealed(_: Sealed) {}
}
impl<Past: Dim, Q: Dim> PairsByHand<BesideAPastByPosition> for (Q, Plus<Past, Q>) {
    fn sealed(_: Sealed) {}
}
impl<Each: Dim, Past: Dim, Q: Dim> PairsByHand<BesideAPastByPositionOfEach> for (Each, Q, Plus<Past, Q>) {
    fn sealed(_: Sealed) {}
}
impl<B: Dim, H: Dim, Past: Dim, Q: Dim> PairsByHand<BesideAPastByPositionOfEach> for (B, H, Q, Plus<Past, Q>) {
    fn sealed(_: Sealed) {}
}

/// That the positions of the dimension are those of `To`, in the order in which both count them.
///
/// `Plus<D, D>`, two halves one behind the other, is `Times<N<2>, D>`. Of `Times<D, _>` what belongs to one position of `D` stands side by
/// side, which it does after the halves were split and transposed.
pub trait CountedAs<To, Meant>: Dim {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[doc(hidden)]
pub enum InOneOrder {}
#[doc(hidden)]
pub enum HalvesAreTimesTwoOfThem {}

impl<D: Dim, To> CountedAs<To, InOneOrder> for D {
    fn sealed(_: Sealed) {}
}
impl<Half: Dim, X: Dim> CountedAs<Times<Half, X>, HalvesAreTimesTwoOfThem> for Plus<Half, Half> {
    fn sealed(_: Sealed) {}
}
impl<Half: Dim, X: Dim> CountedAs<Plus<Half, Half>, HalvesAreTimesTwoOfThem> for Times<Half, X> {
    fn sealed(_: Sealed) {}
}

/// That a number says which positions of the axis at `Position` are meant, as many as `Part` has.
///
/// In `Plus<D, D>`, two tensors of one shape one behind the other, what belongs together stands a whole `D` apart. Neighbours, `N<2>`
/// of them, or one position alone are taken of the halves that [`unconcat`](crate::Tensor::unconcat) gives; a half is not unclear.
pub trait TakenByNumber<Position, Part, Meant>: Shape {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[doc(hidden)]
pub enum AsAWhole {}
#[doc(hidden)]
pub enum HalvesByUnconcat {}

impl<S: Shape, Position, Part> TakenByNumber<Position, Part, AsAWhole> for S {
    fn sealed(_: Sealed) {}
}
macro_rules! halves { ($(($($Before:ident)*) ($($After:ident)*) at $i:tt;)*) => {$(
    impl<$($Before: Dim,)* Half: Dim, $($After: Dim,)* const SIZE: usize>
        TakenByNumber<At<$i>, N<SIZE>, HalvesByUnconcat> for ($($Before,)* Plus<Half, Half>, $($After,)*)
    {
        fn sealed(_: Sealed) {}
    }
)*} }
at_each_axis!(halves);
halves! {
    () (A B C D E) at 0;
    (A) (B C D E) at 1;
    (A B) (C D E) at 2;
    (A B C) (D E) at 3;
    (A B C D) (E) at 4;
    (A B C D E) () at 5;
}
