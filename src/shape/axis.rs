//! An axis of a shape, chosen by its dimension or by its position.

use super::Shape;
use crate::dim::{Dim, N, Never, Nothing};
use crate::sealed::Sealed;

/// The axis at position `I`, counted from 0: for shapes in which a dimension occurs twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct At<const I: usize>;

/// That the shape has the axis `D`: a dimension, or [`At<I>`].
///
/// The compiler finds the `Position`, which is `At<I>` too. Where a dimension occurs twice it cannot, and asks for the type
/// of `Position`: choose one of the two by `At::<0>`, `At::<1>`, ….
#[diagnostic::on_unimplemented(
    message = "the shape `{Self}` has no dimension `{D}`",
    label = "no dimension `{D}` in `{Self}`",
    note = "choose a dimension of the shape, or a position in it: `At::<0>`; one that was bound to a size is chosen by its variable: `seq`",
    note = "in generic code, ask for the axis: `S: Axis<D, Position, Dim = D>`, with a type parameter `Position`",
    note = "explained in `congruent::errors::C10`: https://docs.rs/congruent/latest/congruent/errors/C10/"
)]
pub trait Axis<D, Position>: Shape {
    /// The dimension of the axis.
    type Dim: Dim;
    /// Its position.
    const INDEX: usize;
    /// The shape without it.
    type Removed: Shape;
    /// The shape with `X` in its place.
    type With<X: Dim>: Shape;

    /// The dimension of the axis.
    fn dim(self) -> Self::Dim;
    /// The shape without it.
    fn removed(self) -> Self::Removed;
    /// The shape with `x` in its place.
    fn with<X: Dim>(self, x: X) -> Self::With<X>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

/// That two axes, by their positions, are two.
#[diagnostic::on_unimplemented(
    message = "one axis is named twice, and two are needed",
    label = "expected two axes of the tensor",
    note = "where a dimension occurs twice, its axes are chosen by position: `x.diagonal(At::<0>, At::<1>)`",
    note = "explained in `congruent::errors::C89`: https://docs.rs/congruent/latest/congruent/errors/C89/"
)]
pub trait OtherThan<Position> {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
macro_rules! other {
    ($($one:literal $other:literal;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl OtherThan<At<$other>> for At<$one> {
            fn sealed(_: Sealed) {}
        }
        #[diagnostic::do_not_recommend]
        impl OtherThan<At<$one>> for At<$other> {
            fn sealed(_: Sealed) {}
        }
    )*};
}
other! {
    0 1; 0 2; 0 3; 0 4; 0 5;
    1 2; 1 3; 1 4; 1 5;
    2 3; 2 4; 2 5;
    3 4; 3 5;
    4 5;
}

/// That the axis can stand at this position of the shape `Rest`: what [`Axis::Removed`] has lost.
#[diagnostic::on_unimplemented(
    message = "what a step gives is of shape `{Rest}`, which is not stacked along `{Self}`",
    label = "`{Rest}` has no place for `{Self}` where the tensor that is scanned has it",
    note = "what stands before the axis stands in what a step gives, too: along `Seq` of `(Batch, Seq, Embed)`, a step gives `(Batch, ..)`",
    note = "a shape has at most six dimensions",
    note = "explained in `congruent::errors::C83`: https://docs.rs/congruent/latest/congruent/errors/C83/"
)]
pub trait Stacks<Rest, Position>: Dim {
    /// The shape with the axis.
    type Output: Shape;
    /// The shape with the axis.
    fn insert_into(self, rest: Rest) -> Self::Output;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

macro_rules! axis {
    ($(($($Before:ident)*) $D:ident ($($After:ident)*) at $i:tt;)*) => {$(
        #[diagnostic::do_not_recommend]
        #[allow(non_snake_case, clippy::unused_unit)]
        impl<$($Before: Dim,)* $D: Dim, $($After: Dim,)*> Stacks<($($Before,)* $($After,)*), At<$i>> for $D {
            type Output = ($($Before,)* $D, $($After,)*);
            fn insert_into(self, rest: ($($Before,)* $($After,)*)) -> Self::Output {
                let ($($Before,)* $($After,)*) = rest;
                ($($Before,)* self, $($After,)*)
            }
            fn sealed(_: Sealed) {}
        }
        axis! { @key $D: ($($Before)*) $D ($($After)*) at $i }
        axis! { @key At<$i>: ($($Before)*) $D ($($After)*) at $i }
    )*};
    (@key $Key:ty: ($($Before:ident)*) $D:ident ($($After:ident)*) at $i:tt) => {
        #[diagnostic::do_not_recommend]
        #[allow(non_snake_case, unused_variables, clippy::unused_unit)]
        impl<$($Before: Dim,)* $D: Dim, $($After: Dim,)*> Axis<$Key, At<$i>> for ($($Before,)* $D, $($After,)*) {
            type Dim = $D;
            const INDEX: usize = $i;
            type Removed = ($($Before,)* $($After,)*);
            type With<X: Dim> = ($($Before,)* X, $($After,)*);
            fn dim(self) -> $D {
                self.$i
            }
            fn removed(self) -> Self::Removed {
                let ($($Before,)* $D, $($After,)*) = self;
                ($($Before,)* $($After,)*)
            }
            fn with<X: Dim>(self, x: X) -> Self::With<X> {
                let ($($Before,)* $D, $($After,)*) = self;
                ($($Before,)* x, $($After,)*)
            }
            fn sealed(_: Sealed) {}
        }
    };
}
axis! {
    () A () at 0;
    () A (B) at 0;
    (A) B () at 1;
    () A (B C) at 0;
    (A) B (C) at 1;
    (A B) C () at 2;
    () A (B C D) at 0;
    (A) B (C D) at 1;
    (A B) C (D) at 2;
    (A B C) D () at 3;
    () A (B C D E) at 0;
    (A) B (C D E) at 1;
    (A B) C (D E) at 2;
    (A B C) D (E) at 3;
    (A B C D) E () at 4;
    () A (B C D E F) at 0;
    (A) B (C D E F) at 1;
    (A B) C (D E F) at 2;
    (A B C) D (E F) at 3;
    (A B C D) E (F) at 4;
    (A B C D E) F () at 5;
}

// A number has no axis. With keys that nobody has, the compiler finds out which one was asked for, and the message names it.
macro_rules! never { ($($Never:ident)*) => {$(
    #[diagnostic::do_not_recommend]
    impl Axis<$Never, At<0>> for () {
        type Dim = N<1>;
        const INDEX: usize = 0;
        type Removed = ();
        type With<X: Dim> = (X,);
        fn dim(self) -> N<1> {
            N
        }
        fn removed(self) {}
        fn with<X: Dim>(self, x: X) -> (X,) {
            (x,)
        }
        fn sealed(_: Sealed) {}
    }
)*} }
never!(Never Nothing);
