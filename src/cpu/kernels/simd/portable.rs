//! Vectors of plain numbers: for every processor, and for Miri.

use super::vector::{Lanes, OutlinedKernel, Vector};

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
unsafe impl Lanes for Portable {
    type Element = f32;
    const LANES: usize = 4;
    const TILE: usize = 2;
    const UNROLLS: bool = false;
    type HalfLanes = Self;

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
    unsafe fn accumulate(self, factor: Self, addend: Self) -> Self {
        // SAFETY: plain numbers need no instructions.
        unsafe { self.mul_add(factor, addend) }
    }
    #[inline(always)]
    unsafe fn sums(four: [Self; 4]) -> [f32; 4] {
        // SAFETY: plain numbers need no instructions.
        four.map(|vector| unsafe { vector.sum() })
    }
}

// SAFETY: its lanes are those above.
unsafe impl Vector for Portable {
    type Half = Self;
    type Double = PortableDouble;

    #[inline(never)]
    unsafe fn call<W: Vector, R: OutlinedKernel>(routine: R) -> R::Output {
        // SAFETY: the caller's.
        unsafe { routine.run::<W>() }
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
    unsafe fn largest(four: [Self; 4]) -> [f32; 4] {
        four.map(|vector| vector.0.into_iter().fold(f32::NEG_INFINITY, f32::max))
    }
}

/// Four numbers of double precision.
#[derive(Clone, Copy)]
pub struct PortableDouble([f64; 4]);

// SAFETY: it holds its lanes, and nothing else.
unsafe impl Lanes for PortableDouble {
    type Element = f64;
    const LANES: usize = 4;
    const TILE: usize = 2;
    const UNROLLS: bool = false;
    type HalfLanes = Self;

    #[inline(always)]
    unsafe fn splat(x: f64) -> Self {
        PortableDouble([x; 4])
    }
    #[inline(always)]
    unsafe fn load(from: &[f64]) -> Self {
        PortableDouble(*from.first_chunk().expect("a vector of numbers"))
    }
    #[inline(always)]
    unsafe fn store(self, to: &mut [f64]) {
        to[..4].copy_from_slice(&self.0);
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        PortableDouble([a + e, b + f, c + g, d + h])
    }
    // Without the instruction, a fused one would be a call.
    #[inline(always)]
    unsafe fn accumulate(self, factor: Self, addend: Self) -> Self {
        let ([a, b, c, d], [e, f, g, h], [i, j, k, l]) = (self.0, factor.0, addend.0);
        PortableDouble([a * e + i, b * f + j, c * g + k, d * h + l])
    }
}
