//! Axes joined and split: concatenation, stacking, products.

use super::{At, Never, Nothing, Shape};
use crate::dim::{Dim, Plus, Times};
use crate::sealed::Sealed;

/// That a tensor of shape `Other` can be put behind one of the shape along `D`.
#[diagnostic::on_unimplemented(
    message = "cannot concatenate `{Self}` and `{Other}` along `{D}`",
    label = "all dimensions but `{D}` have to be the same",
    note = "concatenation along an axis keeps every other axis: `(Batch, Seq, A)` and `(Batch, Seq, B)` give `(Batch, Seq, Plus<A, B>)`",
    note = "explained in `congruent::errors::C14`: https://docs.rs/congruent/latest/congruent/errors/C14/"
)]
pub trait Concat<D, Other, Position>: Shape {
    /// The shape with `Plus` of the two dimensions.
    type Output: Shape;
    /// The shape with `Plus` of the two dimensions.
    fn concat(self, other: Other) -> Self::Output;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

/// That a dimension is a sum of two: what a concatenation made.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a concatenation of two dimensions",
    label = "expected `Plus<A, B>`",
    note = "name the parts first: `x.relabel(dim, Plus(a, b))`, where the sizes add up",
    note = "explained in `congruent::errors::C15`: https://docs.rs/congruent/latest/congruent/errors/C15/"
)]
pub trait Total: Dim {
    /// The first part.
    type First: Dim;
    /// The second part.
    type Second: Dim;
    /// Both.
    fn parts(self) -> (Self::First, Self::Second);
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<A: Dim, B: Dim> Total for Plus<A, B> {
    type First = A;
    type Second = B;
    fn parts(self) -> (A, B) {
        (self.0, self.1)
    }
    fn sealed(_: Sealed) {}
}

/// That a dimension is a product of two: what a merge made.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a product of two dimensions",
    label = "expected `Times<A, B>`",
    note = "name the factors first: `x.relabel(dim, Times(Heads, HeadDim))`, where the sizes multiply",
    note = "explained in `congruent::errors::C16`: https://docs.rs/congruent/latest/congruent/errors/C16/"
)]
pub trait Product: Dim {
    /// The outer factor.
    type First: Dim;
    /// The inner factor.
    type Second: Dim;
    /// Both.
    fn factors(self) -> (Self::First, Self::Second);
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<A: Dim, B: Dim> Product for Times<A, B> {
    type First = A;
    type Second = B;
    fn factors(self) -> (A, B) {
        (self.0, self.1)
    }
    fn sealed(_: Sealed) {}
}

/// That the axis at `Position` can become two.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has six dimensions, and no room for a seventh",
    label = "a shape has at most six dimensions",
    note = "merge two axes or reduce one before",
    note = "explained in `congruent::errors::C17`: https://docs.rs/congruent/latest/congruent/errors/C17/"
)]
pub trait SplitAxis<Position>: Shape {
    /// The shape with the axis replaced by two.
    type Output<X: Dim, Y: Dim>: Shape;
    /// The shape with the axis replaced by two.
    fn split<X: Dim, Y: Dim>(self, x: X, y: Y) -> Self::Output<X, Y>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

/// That `First` and `Second`, dimensions or [`At<I>`](At), are neighbours in the shape, in this order.
#[diagnostic::on_unimplemented(
    message = "`{First}` and `{Second}` do not stand side by side in `{Self}`",
    label = "only neighbours can be merged, the outer one first",
    note = "bring them together by `x.permute((..))`, or do both at once: `rearrange!(x, \"b h s d -> b s (h d)\")`",
    note = "explained in `congruent::errors::C18`: https://docs.rs/congruent/latest/congruent/errors/C18/"
)]
pub trait Merge<First, Second, Position>: Shape {
    /// The shape with `Times` of the two in their place.
    type Output: Shape;
    /// The shape with `Times` of the two in their place.
    fn merge(self) -> Self::Output;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

/// The shape with one more dimension in front.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has six dimensions, and no room for `{D}`",
    label = "a shape has at most six dimensions",
    note = "merge two axes or reduce one before",
    note = "explained in `congruent::errors::C17`: https://docs.rs/congruent/latest/congruent/errors/C17/"
)]
pub trait Prepend<D>: Shape {
    /// The shape behind `D`.
    type Output: Shape;
    /// The shape behind `dim`.
    fn prepend(self, dim: D) -> Self::Output;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

/// The shape with one more dimension at the end.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has six dimensions, and no room for `{D}`",
    label = "a shape has at most six dimensions",
    note = "merge two axes or reduce one before",
    note = "explained in `congruent::errors::C17`: https://docs.rs/congruent/latest/congruent/errors/C17/"
)]
pub trait Append<D>: Shape {
    /// The shape before `D`.
    type Output: Shape;
    /// The shape before `dim`.
    fn append(self, dim: D) -> Self::Output;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

macro_rules! concat_never { ($($Never:ident)*) => {$(
    #[diagnostic::do_not_recommend]
    impl<S: Shape, D, Position> Concat<D, $Never, Position> for S {
        type Output = S;
        fn concat(self, other: $Never) -> S {
            match other {}
        }
        fn sealed(_: Sealed) {}
    }
)*} }
concat_never!(Never Nothing);

macro_rules! merge_never { ($($Never:ident)*) => {$(
    #[diagnostic::do_not_recommend]
    impl<S: Shape, First> Merge<First, $Never, $Never> for S {
        type Output = S;
        fn merge(self) -> S {
            self
        }
        fn sealed(_: Sealed) {}
    }
)*} }
merge_never!(Never Nothing);

macro_rules! at_axis {
    ($(($($Before:ident)*) $D:ident ($($After:ident)*) at $i:tt;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<Axis, $($Before: Dim,)* $D: Dim, $($After: Dim,)* Other: Dim>
            Concat<Axis, ($($Before,)* Other, $($After,)*), At<$i>> for ($($Before,)* $D, $($After,)*)
        {
            type Output = ($($Before,)* Plus<$D, Other>, $($After,)*);
            #[allow(non_snake_case)]
            fn concat(self, other: ($($Before,)* Other, $($After,)*)) -> Self::Output {
                let ($($Before,)* $D, $($After,)*) = self;
                ($($Before,)* Plus($D, other.$i), $($After,)*)
            }
            fn sealed(_: Sealed) {}
        }
    )*};
}
at_axis! {
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

macro_rules! two_axes {
    ($(($($Before:ident)*) ($($After:ident)*) at $i:tt $next:tt;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($Before: Dim,)* Z: Dim, $($After: Dim,)*> SplitAxis<At<$i>> for ($($Before,)* Z, $($After,)*) {
            type Output<X: Dim, Y: Dim> = ($($Before,)* X, Y, $($After,)*);
            #[allow(non_snake_case)]
            fn split<X: Dim, Y: Dim>(self, x: X, y: Y) -> Self::Output<X, Y> {
                let ($($Before,)* _, $($After,)*) = self;
                ($($Before,)* x, y, $($After,)*)
            }
            fn sealed(_: Sealed) {}
        }
        two_axes! { @merge X, Y: ($($Before)*) ($($After)*) at $i }
        two_axes! { @merge At<$i>, At<$next>: ($($Before)*) ($($After)*) at $i }
        two_axes! { @merge At<$i>, Y: ($($Before)*) ($($After)*) at $i }
        two_axes! { @merge X, At<$next>: ($($Before)*) ($($After)*) at $i }
    )*};
    (@merge $First:ty, $Second:ty: ($($Before:ident)*) ($($After:ident)*) at $i:tt) => {
        #[diagnostic::do_not_recommend]
        impl<$($Before: Dim,)* X: Dim, Y: Dim, $($After: Dim,)*> Merge<$First, $Second, At<$i>>
            for ($($Before,)* X, Y, $($After,)*)
        {
            type Output = ($($Before,)* Times<X, Y>, $($After,)*);
            #[allow(non_snake_case)]
            fn merge(self) -> Self::Output {
                let ($($Before,)* x, y, $($After,)*) = self;
                ($($Before,)* Times(x, y), $($After,)*)
            }
            fn sealed(_: Sealed) {}
        }
    };
}
two_axes! {
    () () at 0 1;
    () (A) at 0 1;
    (A) () at 1 2;
    () (A B) at 0 1;
    (A) (B) at 1 2;
    (A B) () at 2 3;
    () (A B C) at 0 1;
    (A) (B C) at 1 2;
    (A B) (C) at 2 3;
    (A B C) () at 3 4;
    () (A B C D) at 0 1;
    (A) (B C D) at 1 2;
    (A B) (C D) at 2 3;
    (A B C) (D) at 3 4;
    (A B C D) () at 4 5;
}

macro_rules! one_more_never { ($($Never:ident)*) => {$(
    #[diagnostic::do_not_recommend]
    impl<A: Dim, B: Dim, C: Dim, D: Dim, E: Dim, F: Dim> Prepend<$Never> for (A, B, C, D, E, F) {
        type Output = Self;
        fn prepend(self, dim: $Never) -> Self {
            match dim {}
        }
        fn sealed(_: Sealed) {}
    }

    #[diagnostic::do_not_recommend]
    impl<A: Dim, B: Dim, C: Dim, D: Dim, E: Dim, F: Dim> Append<$Never> for (A, B, C, D, E, F) {
        type Output = Self;
        fn append(self, dim: $Never) -> Self {
            match dim {}
        }
        fn sealed(_: Sealed) {}
    }
)*} }
one_more_never!(Never Nothing);

macro_rules! one_more {
    ($(($($D:ident)*);)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<New: Dim, $($D: Dim,)*> Prepend<New> for ($($D,)*) {
            type Output = (New, $($D,)*);
            #[allow(non_snake_case)]
            fn prepend(self, dim: New) -> Self::Output {
                let ($($D,)*) = self;
                (dim, $($D,)*)
            }
            fn sealed(_: Sealed) {}
        }
        #[diagnostic::do_not_recommend]
        impl<New: Dim, $($D: Dim,)*> Append<New> for ($($D,)*) {
            type Output = ($($D,)* New,);
            #[allow(non_snake_case)]
            fn append(self, dim: New) -> Self::Output {
                let ($($D,)*) = self;
                ($($D,)* dim,)
            }
            fn sealed(_: Sealed) {}
        }
    )*};
}
one_more! {
    ();
    (A);
    (A B);
    (A B C);
    (A B C D);
    (A B C D E);
}
