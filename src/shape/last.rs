//! The last dimension.

use super::{Append, Broadcast, Never, Nothing, Shape};
use crate::dim::Dim;
use crate::sealed::Sealed;

/// That the last dimension of the shape is `D`.
#[diagnostic::on_unimplemented(
    message = "the last dimension of `{Self}` is not `{D}`",
    label = "expected a shape that ends in `{D}`",
    note = "move an axis to the end by `x.permute((..))`; rename one of the same size by `x.relabel(from, to)`",
    note = "explained in `congruent::errors::C11`"
)]
pub trait Last<D: Dim>: Shape + Broadcast<(D,), Larger = Self> {
    /// The shape with `X` in its place. With `D` in place of that, it is this one again: what two layers make of `D` and back
    /// has the shape that went in.
    type With<X: Dim>: Last<X, With<D> = Self>;
    /// The shape with `x` in its place.
    fn with_last<X: Dim>(self, x: X) -> Self::With<X>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

/// As [`Last`], where an argument says which dimension it is to be: what is said of that argument is asked for before the
/// compiler takes the last dimension for granted.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the last dimension of `{Self}` is not `{D}`",
    label = "expected a shape that ends in `{D}`",
    note = "move an axis to the end by `x.permute((..))`; rename one of the same size by `x.relabel(from, to)`",
    note = "explained in `congruent::errors::C11`"
)]
pub trait EndsIn<D>: Shape {
    type With<X: Dim>: Shape;
    fn with_end<X: Dim>(self, x: X) -> Self::With<X>;
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<S: Last<D>, D: Dim> EndsIn<D> for S {
    type With<X: Dim> = <S as Last<D>>::With<X>;
    fn with_end<X: Dim>(self, x: X) -> Self::With<X> {
        self.with_last(x)
    }
    fn sealed(_: Sealed) {}
}
macro_rules! never { ($($Never:ident)*) => {$(
    #[diagnostic::do_not_recommend]
    impl<S: Shape> EndsIn<$Never> for S {
        type With<X: Dim> = S;
        fn with_end<X: Dim>(self, _: X) -> S {
            self
        }
        fn sealed(_: Sealed) {}
    }
)*} }
never!(Never Nothing);

/// That the shape is that of `Ids`, and behind it `D`.
#[diagnostic::on_unimplemented(
    message = "ids `{Ids}` of `{D}` do not choose from `{Self}`",
    label = "expected the shape of the ids, and behind it `{D}`",
    note = "one id is chosen for each row: ids `(Batch, Seq)` of `Vocab` choose from `(Batch, Seq, Vocab)`",
    note = "explained in `congruent::errors::C31`"
)]
pub trait Rows<Ids, D>: Shape {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<S: Shape, Ids: Append<D, Output = S>, D> Rows<Ids, D> for S {
    fn sealed(_: Sealed) {}
}

macro_rules! last { ($($($Before:ident)*;)*) => {$(
    #[diagnostic::do_not_recommend]
    #[allow(non_snake_case)]
    impl<$($Before: Dim,)* Z: Dim> Last<Z> for ($($Before,)* Z,) {
        type With<X: Dim> = ($($Before,)* X,);
        fn with_last<X: Dim>(self, x: X) -> Self::With<X> {
            let ($($Before,)* _,) = self;
            ($($Before,)* x,)
        }
        fn sealed(_: Sealed) {}
    }
)*} }
last! {
   ;
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
}
