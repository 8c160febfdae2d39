//! The last dimension.

use super::{Broadcast, Shape};
use crate::dim::Dim;
use crate::sealed::Sealed;

/// That the last dimension of the shape is `D`.
#[diagnostic::on_unimplemented(
    message = "the last dimension of `{Self}` is not `{D}`",
    label = "expected a shape that ends in `{D}`",
    note = "move an axis to the end by `x.permute((..))`; rename one of the same size by `x.relabel(from, to)`",
    note = "explained in `congruent::errors::C11`: https://docs.rs/congruent/latest/congruent/errors/C11/"
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
