//! Elementwise operations on two shapes.

use super::{Never, Shape};
use crate::dim::Dim;
use crate::sealed::Sealed;

/// That tensors of the two shapes go together elementwise: they are the same, or the dimensions of
/// one are the last dimensions of the other.
///
/// No axis of size 1 is stretched, and no size makes two dimensions the same.
#[diagnostic::on_unimplemented(
    message = "`{Self}` and `{Other}` do not go together elementwise",
    label = "dimensions disagree",
    note = "two shapes go together if they are the same, or if one is the end of the other: `(Batch, Seq, Embed)` and `(Seq, Embed)`",
    note = "an axis that one of them lacks, wherever it stands, comes by name: `&x + y.expand_as(&x, Seq)`, and back after `x.mean(Seq)`; a new first one: `x.expand(Batch)`",
    note = "rename an axis: `x.relabel(from, to)`; reorder: `x.permute((..))`",
    note = "explained in `congruent::errors::C13`: https://docs.rs/congruent/latest/congruent/errors/C13/; for layers of any rank see `congruent::shape`"
)]
pub trait Broadcast<Other> {
    /// The larger of the two shapes.
    type Larger: Shape;
    /// The larger of the two shapes.
    fn broadcast(self, other: Other) -> Self::Larger;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

/// [`Broadcast`] the other way round, for a shape that an operator finds out: of what it does not know yet the compiler asks
/// nothing. In generic code, where a shape is known to go with itself, it would take the other for that shape.
pub trait GoesWith<S> {
    /// The larger of the two shapes.
    type Larger: Shape;
    /// The larger of the two shapes.
    fn go_with(self, shape: S) -> Self::Larger;
}
impl<S: Broadcast<R>, R> GoesWith<S> for R {
    type Larger = <S as Broadcast<R>>::Larger;
    fn go_with(self, shape: S) -> Self::Larger {
        shape.broadcast(self)
    }
}

/// That a tensor of this shape may change one of shape `S` in its place: it is the same, or its dimensions are the last ones of
/// the other.
#[diagnostic::on_unimplemented(
    message = "a tensor of `{S}` is not changed by one of `{Self}`, elementwise",
    label = "the left side keeps its shape `{S}`",
    note = "what stands behind `+=` has the shape of the left side, or the end of it: `(Batch, Seq, Embed)` and `(Seq, Embed)`; a larger result is a new tensor, `let y = &x + &other`",
    note = "an axis that the right side lacks, wherever it stands, comes by name: `x += y.expand_as(&x, Seq)`, and back after `x.mean(Seq)`",
    note = "rename an axis: `x.relabel(from, to)`; reorder: `x.permute((..))`",
    note = "explained in `congruent::errors::C84`: https://docs.rs/congruent/latest/congruent/errors/C84/"
)]
pub trait FitsInto<S> {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

macro_rules! broadcast {
    ($(($($Before:ident)*) ($($Shared:ident)*);)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($Before: Dim,)* $($Shared: Dim,)*> Broadcast<($($Shared,)*)> for ($($Before,)* $($Shared,)*) {
            type Larger = Self;
            fn broadcast(self, _: ($($Shared,)*)) -> Self {
                self
            }
            fn sealed(_: Sealed) {}
        }
        #[diagnostic::do_not_recommend]
        impl<$($Before: Dim,)* $($Shared: Dim,)*> FitsInto<($($Before,)* $($Shared,)*)> for ($($Shared,)*) {
            fn sealed(_: Sealed) {}
        }
        #[diagnostic::do_not_recommend]
        impl<$($Before: Dim,)* $($Shared: Dim,)*> Broadcast<($($Before,)* $($Shared,)*)> for ($($Shared,)*) {
            type Larger = ($($Before,)* $($Shared,)*);
            fn broadcast(self, other: Self::Larger) -> Self::Larger {
                other
            }
            fn sealed(_: Sealed) {}
        }
    )*};
}
broadcast! {
    (A) ();
    (A) (B);
    (A B) ();
    (A) (B C);
    (A B) (C);
    (A B C) ();
    (A) (B C D);
    (A B) (C D);
    (A B C) (D);
    (A B C D) ();
    (A) (B C D E);
    (A B) (C D E);
    (A B C) (D E);
    (A B C D) (E);
    (A B C D E) ();
    (A) (B C D E F);
    (A B) (C D E F);
    (A B C) (D E F);
    (A B C D) (E F);
    (A B C D E) (F);
    (A B C D E F) ();
}

macro_rules! same {
    ($(($($D:ident)*);)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($D: Dim,)*> FitsInto<Self> for ($($D,)*) {
            fn sealed(_: Sealed) {}
        }
        #[diagnostic::do_not_recommend]
        impl<$($D: Dim,)*> Broadcast<Self> for ($($D,)*) {
            type Larger = Self;
            fn broadcast(self, _: Self) -> Self {
                self
            }
            fn sealed(_: Sealed) {}
        }
    )*};
}
same! {
    ();
    (A);
    (A B);
    (A B C);
    (A B C D);
    (A B C D E);
    (A B C D E F);
}

/// That the shape is `Whole` without its axis `D`: `Rest`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `{Whole}` without `{D}`",
    label = "expected `{Rest}`",
    note = "a tensor is repeated along one axis that the other has and it lacks; all other dimensions are the same, in the same order",
    note = "explained in `congruent::errors::C56`: https://docs.rs/congruent/latest/congruent/errors/C56/"
)]
pub trait Without<Whole, D, Rest> {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<Whole, D, Rest: Shape> Without<Whole, D, Rest> for Rest {
    fn sealed(_: Sealed) {}
}
#[diagnostic::do_not_recommend]
impl<S: Shape, Whole, D> Without<Whole, D, Never> for S {
    fn sealed(_: Sealed) {}
}
