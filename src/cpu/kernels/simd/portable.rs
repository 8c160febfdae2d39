//! Vectors of plain numbers: for every processor, and for Miri.

use super::vector::{OutlinedKernel, Vector};

/// Four numbers, which the compiler may put into vectors of the processor.
#[derive(Clone, Copy)]
pub struct Portable([f32; 4]);

impl Portable {
    /// Written out: of `array::from_fn` and `map`, the compiler has much more to read.
    #[inline(always)]
    fn lanes(f: impl Fn(usize) -> f32) -> Self {
        Portable([f(0), f(1), f(2), f(3)])
    }

    #[inline(always)]
    fn map(self, f: impl Fn(f32) -> f32) -> Self {
        Self::lanes(|i| f(self.0[i]))
    }

    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Self::lanes(|i| f(self.0[i], other.0[i]))
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
    const UNROLLS: bool = false;
    type Half = Self;

    #[inline(never)]
    unsafe fn call<W: Vector, R: OutlinedKernel>(routine: R) -> R::Output {
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
        Self::lanes(|i| (self.0[i] as f64 * factor.0[i] as f64 + addend.0[i] as f64) as f32)
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
    unsafe fn copysign(self, other: Self) -> Self {
        self.zip(other, f32::copysign)
    }
    #[inline(always)]
    unsafe fn round(self) -> Self {
        self.map(f32::round_ties_even)
    }
    #[inline(always)]
    unsafe fn ldexp(self, n: Self) -> Self {
        self.zip(n, |x, n| {
            // In two steps, the first of which does not leave the normal numbers.
            let n = n as i32;
            x * power_of_two(n >> 1) * power_of_two(n - (n >> 1))
        })
    }
    #[inline(always)]
    unsafe fn select_less(self, limit: Self, then: Self, otherwise: Self) -> Self {
        Self::lanes(|i| if self.0[i] < limit.0[i] { then.0[i] } else { otherwise.0[i] })
    }
    #[inline(always)]
    unsafe fn select_nan(self, then: Self, otherwise: Self) -> Self {
        Self::lanes(|i| if self.0[i].is_nan() { then.0[i] } else { otherwise.0[i] })
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
