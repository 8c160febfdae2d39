//! Two vectors as one.

use super::vector::Vector;

/// The lanes of two vectors, one after the other.
#[derive(Clone, Copy)]
pub struct Pair<A, B>(A, B);

/// Each of the methods on both vectors.
macro_rules! on_both { ($(fn $name:ident($($other:ident),*);)*) => {$(
    #[inline(always)]
    unsafe fn $name(self, $($other: Self),*) -> Self {
        // SAFETY: the caller's.
        unsafe { Pair(self.0.$name($($other.0),*), self.1.$name($($other.1),*)) }
    }
)*} }

impl<A: Vector, B: Vector> Vector for Pair<A, B> {
    const LANES: usize = A::LANES + B::LANES;
    const TILE: usize = A::TILE;
    type Half = A;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        // SAFETY: the caller's.
        unsafe { Pair(A::splat(x), B::splat(x)) }
    }
    #[inline(always)]
    unsafe fn load(from: &[f32]) -> Self {
        debug_assert!(from.len() >= Self::LANES);
        // SAFETY: the caller's; the slice has the lanes of both.
        unsafe { Pair(A::load(from), B::load(from.get_unchecked(A::LANES..))) }
    }
    #[inline(always)]
    unsafe fn store(self, to: &mut [f32]) {
        debug_assert!(to.len() >= Self::LANES);
        // SAFETY: the caller's; the slice has the lanes of both.
        unsafe {
            self.0.store(to);
            self.1.store(to.get_unchecked_mut(A::LANES..));
        }
    }
    on_both! {
        fn add(other);
        fn sub(other);
        fn mul(other);
        fn div(other);
        fn mul_add(factor, addend);
        fn max(other);
        fn min(other);
        fn abs();
        fn with_sign_of(other);
        fn round();
        fn scale(n);
        fn shrink(n);
        fn if_less(limit, then, otherwise);
    }
    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        // SAFETY: the caller's.
        unsafe { self.0.sum() + self.1.sum() }
    }
    #[inline(always)]
    unsafe fn largest(self) -> f32 {
        // SAFETY: the caller's.
        unsafe { self.0.largest().max(self.1.largest()) }
    }
}
