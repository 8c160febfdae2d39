//! Two vectors as one of twice the width.

use super::vector::{Lanes, OutlinedKernel, Vector, load, store};

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

// SAFETY: `write` writes each of the two.
unsafe impl<A: Lanes, B: Lanes<Element = A::Element>> Lanes for Pair<A, B> {
    type Element = A::Element;
    const LANES: usize = A::LANES + B::LANES;
    const TILE: usize = A::TILE;
    type HalfLanes = A;

    #[inline(always)]
    fn prefetch(from: *const A::Element) {
        A::prefetch(from);
    }
    #[inline(always)]
    unsafe fn splat(x: A::Element) -> Self {
        // SAFETY: the caller's.
        unsafe { Pair(A::splat(x), B::splat(x)) }
    }
    #[inline(always)]
    unsafe fn load(from: &[A::Element]) -> Self {
        debug_assert!(from.len() >= Self::LANES);
        // SAFETY: the caller's; the slice has the lanes of both.
        unsafe { Pair(A::load(from), B::load(from.get_unchecked(A::LANES..))) }
    }
    #[inline(always)]
    unsafe fn store(self, to: &mut [A::Element]) {
        debug_assert!(to.len() >= Self::LANES);
        // SAFETY: the caller's; the slice has the lanes of both.
        unsafe {
            self.0.store(to);
            self.1.store(to.get_unchecked_mut(A::LANES..));
        }
    }
    #[inline(always)]
    unsafe fn write(self, to: *mut A::Element) {
        // SAFETY: the caller's; there is room for the lanes of both.
        unsafe {
            self.0.write(to);
            self.1.write(to.add(A::LANES));
        }
    }
    #[inline(always)]
    unsafe fn load_partial(from: &[A::Element], fill: A::Element) -> Self {
        let (left, right) = from.split_at(from.len().min(A::LANES));
        // SAFETY: the caller's; each part is as long as its vector, or shorter.
        unsafe { Pair(load(left, fill), load(right, fill)) }
    }
    #[inline(always)]
    unsafe fn store_partial(self, to: &mut [A::Element]) {
        let (left, right) = to.split_at_mut(to.len().min(A::LANES));
        // SAFETY: as above.
        unsafe {
            store(self.0, left);
            store(self.1, right);
        }
    }
    on_both! {
        fn add(other);
        fn accumulate(factor, addend);
    }
    #[inline(always)]
    unsafe fn sums(four: [Self; 4]) -> [A::Element; 4] {
        let [a, b, c, d] = four;
        // SAFETY: the caller's.
        let (left, right) = unsafe { (A::sums([a.0, b.0, c.0, d.0]), B::sums([a.1, b.1, c.1, d.1])) };
        [left[0] + right[0], left[1] + right[1], left[2] + right[2], left[3] + right[3]]
    }
}

// SAFETY: its lanes are those above.
unsafe impl<A: Vector, B: Vector> Vector for Pair<A, B> {
    type Half = A;
    type Double = Pair<A::Double, B::Double>;

    #[inline(always)]
    unsafe fn call<W: Vector, R: OutlinedKernel>(routine: R) -> R::Output {
        // SAFETY: the caller's.
        unsafe { A::call::<W, R>(routine) }
    }
    on_both! {
        fn sub(other);
        fn mul(other);
        fn div(other);
        fn mul_add(factor, addend);
        fn max(other);
        fn min(other);
        fn abs();
        fn sqrt();
        fn copysign(other);
        fn round();
        fn ldexp(n);
        fn ldexp_saturating(n);
        fn select_less(limit, then, otherwise);
        fn select_nan(then, otherwise);
    }
    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        // SAFETY: the caller's.
        unsafe { self.0.sum() + self.1.sum() }
    }
    #[inline(always)]
    unsafe fn largest(four: [Self; 4]) -> [f32; 4] {
        let [a, b, c, d] = four;
        // SAFETY: the caller's.
        let (left, right) = unsafe { (A::largest([a.0, b.0, c.0, d.0]), B::largest([a.1, b.1, c.1, d.1])) };
        [left[0].max(right[0]), left[1].max(right[1]), left[2].max(right[2]), left[3].max(right[3])]
    }
}
