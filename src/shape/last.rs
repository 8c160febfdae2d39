//! The last dimension.

use super::Shape;
use crate::dim::Dim;

/// That the last dimension of the shape is `D`.
#[diagnostic::on_unimplemented(
    message = "the last dimension of `{Self}` is not `{D}`",
    label = "expected a shape that ends in `{D}`",
    note = "move an axis to the end by `x.permute((..))`; rename one of the same size by `x.relabel(from, to)`"
)]
pub trait Last<D>: Shape {
    /// The shape with `X` in its place.
    type With<X: Dim>: Shape;
    /// The last dimension.
    fn last(self) -> D;
    /// The shape with `x` in its place.
    fn with_last<X: Dim>(self, x: X) -> Self::With<X>;
}

macro_rules! last { ($($($Before:ident)* : $i:tt;)*) => {$(
    #[diagnostic::do_not_recommend]
    #[allow(non_snake_case)]
    impl<$($Before: Dim,)* Z: Dim> Last<Z> for ($($Before,)* Z,) {
        type With<X: Dim> = ($($Before,)* X,);
        fn last(self) -> Z {
            self.$i
        }
        fn with_last<X: Dim>(self, x: X) -> Self::With<X> {
            let ($($Before,)* _,) = self;
            ($($Before,)* x,)
        }
    }
)*} }
last! {
    : 0;
    A : 1;
    A B : 2;
    A B C : 3;
    A B C D : 4;
    A B C D E : 5;
}
