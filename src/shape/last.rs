//! The last dimension.

use super::{Append, Broadcast, Never, Nothing, Shape};
use crate::dim::Dim;

/// That the last dimension of the shape is `D`.
#[diagnostic::on_unimplemented(
    message = "the last dimension of `{Self}` is not `{D}`",
    label = "expected a shape that ends in `{D}`",
    note = "move an axis to the end by `x.permute((..))`; rename one of the same size by `x.relabel(from, to)`",
    note = "explained in `congruent::errors::C11`"
)]
pub trait Last<D>: Shape + Broadcast<(D,), Larger = Self> {
    /// The shape with `X` in its place.
    type With<X: Dim>: Last<X>;
    /// The shape with `x` in its place.
    fn with_last<X: Dim>(self, x: X) -> Self::With<X>;
}

/// That the shape is that of `Ids`, and behind it `D`.
#[diagnostic::on_unimplemented(
    message = "ids `{Ids}` of `{D}` do not choose from `{Self}`",
    label = "expected the shape of the ids, and behind it `{D}`",
    note = "one id is chosen for each row: ids `(Batch, Seq)` of `Vocab` choose from `(Batch, Seq, Vocab)`",
    note = "explained in `congruent::errors::C31`"
)]
pub trait Rows<Ids, D>: Shape {}
#[diagnostic::do_not_recommend]
impl<S: Shape, Ids: Append<D, Output = S>, D> Rows<Ids, D> for S {}

macro_rules! never { ($($Never:ident)*) => {$(
    #[diagnostic::do_not_recommend]
    impl<S: Shape> Last<$Never> for S {
        type With<X: Dim> = (X,);
        fn with_last<X: Dim>(self, x: X) -> (X,) {
            (x,)
        }
    }
)*} }
never!(Never Nothing);

macro_rules! last { ($($($Before:ident)*;)*) => {$(
    #[diagnostic::do_not_recommend]
    #[allow(non_snake_case)]
    impl<$($Before: Dim,)* Z: Dim> Last<Z> for ($($Before,)* Z,) {
        type With<X: Dim> = ($($Before,)* X,);
        fn with_last<X: Dim>(self, x: X) -> Self::With<X> {
            let ($($Before,)* _,) = self;
            ($($Before,)* x,)
        }
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
