//! The same dimensions in another order.

use super::{Axis, Never, Nothing, Shape};
use crate::sealed::Sealed;

/// That `Target` has the dimensions of the shape in another order.
#[diagnostic::on_unimplemented(
    message = "`{Target}` is not `{Self}` in another order",
    label = "these are not the same dimensions",
    note = "name every dimension of the tensor once; `rearrange!` also splits and merges axes",
    note = "explained in `congruent::errors::C19`: https://docs.rs/congruent/latest/congruent/errors/C19/"
)]
pub trait Permute<Target, Positions>: Shape {
    /// Which axis of the shape becomes each axis of `Target`.
    fn order() -> impl AsRef<[usize]>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

macro_rules! never { ($($Never:ident)*) => {$(
    #[diagnostic::do_not_recommend]
    impl<S: Shape> Permute<$Never, ()> for S {
        fn order() -> impl AsRef<[usize]> {
            []
        }
        fn sealed(_: Sealed) {}
    }
)*} }
never!(Never Nothing);

/// Turns positions among the axes that are left into positions among all.
fn among_all<const RANK: usize>(among_left: [usize; RANK]) -> [usize; RANK] {
    let mut left: Vec<usize> = (0..RANK).collect();
    among_left.map(|position| left.remove(position))
}

macro_rules! permute {
    ($(($($D:ident)*): $($T:ident $P:ident of $Left:ty;)*)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($D,)* $($T,)* $($P,)*> Permute<($($T,)*), ($($P,)*)> for ($($D,)*)
        where
            Self: Shape,
            $($Left: Axis<$T, $P, Dim = $T>,)*
        {
            fn order() -> impl AsRef<[usize]> {
                among_all([$(<$Left as Axis<$T, $P>>::INDEX),*])
            }
            fn sealed(_: Sealed) {}
        }
    )*};
}
permute! {
    (A):
        T0 P0 of Self;
    (A B):
        T0 P0 of Self;
        T1 P1 of <Self as Axis<T0, P0>>::Removed;
    (A B C):
        T0 P0 of Self;
        T1 P1 of <Self as Axis<T0, P0>>::Removed;
        T2 P2 of <<Self as Axis<T0, P0>>::Removed as Axis<T1, P1>>::Removed;
    (A B C D):
        T0 P0 of Self;
        T1 P1 of <Self as Axis<T0, P0>>::Removed;
        T2 P2 of <<Self as Axis<T0, P0>>::Removed as Axis<T1, P1>>::Removed;
        T3 P3 of <<<Self as Axis<T0, P0>>::Removed as Axis<T1, P1>>::Removed as Axis<T2, P2>>::Removed;
    (A B C D E):
        T0 P0 of Self;
        T1 P1 of <Self as Axis<T0, P0>>::Removed;
        T2 P2 of <<Self as Axis<T0, P0>>::Removed as Axis<T1, P1>>::Removed;
        T3 P3 of <<<Self as Axis<T0, P0>>::Removed as Axis<T1, P1>>::Removed as Axis<T2, P2>>::Removed;
        T4 P4 of <<<<Self as Axis<T0, P0>>::Removed as Axis<T1, P1>>::Removed as Axis<T2, P2>>::Removed as Axis<T3, P3>>::Removed;
    (A B C D E F):
        T0 P0 of Self;
        T1 P1 of <Self as Axis<T0, P0>>::Removed;
        T2 P2 of <<Self as Axis<T0, P0>>::Removed as Axis<T1, P1>>::Removed;
        T3 P3 of <<<Self as Axis<T0, P0>>::Removed as Axis<T1, P1>>::Removed as Axis<T2, P2>>::Removed;
        T4 P4 of <<<<Self as Axis<T0, P0>>::Removed as Axis<T1, P1>>::Removed as Axis<T2, P2>>::Removed as Axis<T3, P3>>::Removed;
        T5 P5 of <<<<<Self as Axis<T0, P0>>::Removed as Axis<T1, P1>>::Removed as Axis<T2, P2>>::Removed as Axis<T3, P3>>::Removed as Axis<T4, P4>>::Removed;
}
