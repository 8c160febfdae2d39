//! Vectors of plain numbers: for every processor, and for Miri.

use super::vector::{Routine, Vector};

/// Four numbers, which the compiler may put into vectors of the processor.
#[derive(Clone, Copy)]
pub struct Portable([f32; 4]);

// Arrays are written out: what iterates over them takes a third of the time to compile all kernels.
impl Portable {
    #[inline(always)]
    fn map(self, f: impl Fn(f32) -> f32) -> Self {
        let [a, b, c, d] = self.0;
        Portable([f(a), f(b), f(c), f(d)])
    }

    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        let ([a, b, c, d], [x, y, z, w]) = (self.0, other.0);
        Portable([f(a, x), f(b, y), f(c, z), f(d, w)])
    }

    #[inline(always)]
    fn choose(self, limit: Self, then: Self, otherwise: Self, f: impl Fn(f32, f32) -> bool) -> Self {
        let of = |i: usize| if f(self.0[i], limit.0[i]) { then.0[i] } else { otherwise.0[i] };
        Portable([of(0), of(1), of(2), of(3)])
    }
}

/// 2ⁿ for `n` from -126 to 127.
#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits(((n + 127) as u32) << 23)
}

// SAFETY: it holds its lanes, and nothing else.
unsafe impl Vector for Portable {
    const LANES: usize = 4;
    const TILE: usize = 2;
    type Half = Self;

    #[inline(never)]
    unsafe fn call<W: Vector, R: Routine>(routine: R) -> R::Output {
        // SAFETY: the caller's.
        unsafe { routine.run::<W>() }
    }
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Portable([x; 4])
    }
    #[inline(always)]
    unsafe fn load(from: &[f32]) -> Self {
        Portable(*from.first_chunk().expect("a vector of numbers"))
    }
    #[inline(always)]
    unsafe fn store(self, to: &mut [f32]) {
        to[..4].copy_from_slice(&self.0);
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self.zip(other, |x, y| x + y)
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        self.zip(other, |x, y| x - y)
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        self.zip(other, |x, y| x * y)
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        self.zip(other, |x, y| x / y)
    }
    // In double precision the product is exact. Without the instruction, a fused one would be a call.
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
        let of = |i: usize| (self.0[i] as f64 * factor.0[i] as f64 + addend.0[i] as f64) as f32;
        Portable([of(0), of(1), of(2), of(3)])
    }
    #[inline(always)]
    unsafe fn sqrt(self) -> Self {
        self.map(f32::sqrt)
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        self.zip(other, |x, y| if x > y { x } else { y })
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        self.zip(other, |x, y| if x < y { x } else { y })
    }
    #[inline(always)]
    unsafe fn abs(self) -> Self {
        self.map(f32::abs)
    }
    #[inline(always)]
    unsafe fn with_sign_of(self, other: Self) -> Self {
        self.zip(other, f32::copysign)
    }
    #[inline(always)]
    unsafe fn round(self) -> Self {
        self.map(f32::round_ties_even)
    }
    #[inline(always)]
    unsafe fn scale(self, n: Self) -> Self {
        self.zip(n, |x, n| {
            // In two steps, the first of which does not leave the normal numbers.
            let n = n as i32;
            x * power_of_two(n >> 1) * power_of_two(n - (n >> 1))
        })
    }
    #[inline(always)]
    unsafe fn if_less(self, limit: Self, then: Self, otherwise: Self) -> Self {
        self.choose(limit, then, otherwise, |x, limit| x < limit)
    }
    #[inline(always)]
    unsafe fn if_nan(self, then: Self, otherwise: Self) -> Self {
        self.choose(self, then, otherwise, |x, _| x.is_nan())
    }
    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        let [a, b, c, d] = self.0;
        (a + c) + (b + d)
    }
    #[inline(always)]
    unsafe fn sums(four: [Self; 4]) -> [f32; 4] {
        // SAFETY: plain numbers need no instructions.
        four.map(|vector| unsafe { vector.sum() })
    }
    #[inline(always)]
    unsafe fn largest(four: [Self; 4]) -> [f32; 4] {
        four.map(|vector| vector.0.into_iter().fold(f32::NEG_INFINITY, f32::max))
    }
}
