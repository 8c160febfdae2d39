//! Vectors of AArch64, which always has them: NEON.

pub mod pairs;

use super::pair::Pair;
use super::vector::{Lanes, OutlinedKernel, Vector};
use half::bf16;
use std::arch::aarch64::*;

// SAFETY of every block below: every processor of the architecture has the instructions, and whoever calls a
// method promises that slices are long enough.

/// 4 numbers, by NEON.
#[derive(Clone, Copy)]
pub struct Neon(float32x4_t);

/// Methods that are one instruction each.
macro_rules! by_instruction { ($(fn $name:ident($($other:ident),*) = $instruction:ident;)*) => {$(
    #[inline(always)]
    unsafe fn $name(self, $($other: Self),*) -> Self {
        // SAFETY: see above.
        Neon(unsafe { $instruction(self.0, $($other.0),*) })
    }
)*} }

// SAFETY: it holds its lanes, and nothing else.
unsafe impl Lanes for Neon {
    type Element = f32;
    const LANES: usize = 4;
    const TILE: usize = 12;
    type HalfLanes = Self;

    by_instruction! {
        fn add(other) = vaddq_f32;
    }
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        // SAFETY: see above.
        Neon(unsafe { vdupq_n_f32(x) })
    }
    #[inline(always)]
    unsafe fn load(from: &[f32]) -> Self {
        debug_assert!(from.len() >= 4);
        // SAFETY: see above.
        Neon(unsafe { vld1q_f32(from.as_ptr()) })
    }
    #[inline(always)]
    unsafe fn store(self, to: &mut [f32]) {
        debug_assert!(to.len() >= 4);
        // SAFETY: see above.
        unsafe { vst1q_f32(to.as_mut_ptr(), self.0) }
    }
    #[inline(always)]
    unsafe fn transpose_4x4(rows: [&[f32]; 4], factor: f32, to: &mut [f32], stride: usize) {
        debug_assert!(rows.iter().all(|row| row.len() >= 4) && to.len() >= 3 * stride + 4);
        // SAFETY: see above.
        unsafe {
            let x = vmulq_n_f32(vld1q_f32(rows[0].as_ptr()), factor);
            let y = vmulq_n_f32(vld1q_f32(rows[1].as_ptr()), factor);
            let z = vmulq_n_f32(vld1q_f32(rows[2].as_ptr()), factor);
            let w = vmulq_n_f32(vld1q_f32(rows[3].as_ptr()), factor);
            // Of each pair of rows, the even columns of both, and the odd ones.
            let (xy, zw) = (vtrnq_f32(x, y), vtrnq_f32(z, w));
            let to = to.as_mut_ptr();
            vst1q_f32(to, vcombine_f32(vget_low_f32(xy.0), vget_low_f32(zw.0)));
            vst1q_f32(to.add(stride), vcombine_f32(vget_low_f32(xy.1), vget_low_f32(zw.1)));
            vst1q_f32(to.add(2 * stride), vcombine_f32(vget_high_f32(xy.0), vget_high_f32(zw.0)));
            vst1q_f32(to.add(3 * stride), vcombine_f32(vget_high_f32(xy.1), vget_high_f32(zw.1)));
        }
    }
    #[inline(always)]
    unsafe fn accumulate(self, factor: Self, addend: Self) -> Self {
        // SAFETY: see above.
        Neon(unsafe { vfmaq_f32(addend.0, self.0, factor.0) })
    }
    #[inline(always)]
    unsafe fn sums([a, b, c, d]: [Self; 4]) -> [f32; 4] {
        let mut sums = [0.0; 4];
        // SAFETY: see above.
        unsafe { Neon(vpaddq_f32(vpaddq_f32(a.0, b.0), vpaddq_f32(c.0, d.0))).store(&mut sums) };
        sums
    }
}

// SAFETY: its lanes are those above.
unsafe impl Vector for Neon {
    type Half = Self;
    type Double = Pair<NeonDouble, NeonDouble>;

    #[inline(never)]
    unsafe fn call<W: Vector, R: OutlinedKernel>(routine: R) -> R::Output {
        // SAFETY: the caller's.
        unsafe { routine.run::<W>() }
    }
    by_instruction! {
        fn sub(other) = vsubq_f32;
        fn mul(other) = vmulq_f32;
        fn div(other) = vdivq_f32;
        fn sqrt() = vsqrtq_f32;
        fn abs() = vabsq_f32;
        fn round() = vrndnq_f32;
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
        // SAFETY: see above.
        Neon(unsafe { vfmaq_f32(addend.0, self.0, factor.0) })
    }
    // By comparison: `vmaxq_f32` would keep a NaN of `self` too.
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: see above.
        Neon(unsafe { vbslq_f32(vcgtq_f32(self.0, other.0), self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: see above.
        Neon(unsafe { vbslq_f32(vcltq_f32(self.0, other.0), self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn copysign(self, other: Self) -> Self {
        // SAFETY: see above.
        Neon(unsafe { vbslq_f32(vdupq_n_u32(1 << 31), other.0, self.0) })
    }
    #[inline(always)]
    unsafe fn ldexp(self, n: Self) -> Self {
        /// 2ⁿ for `n` from -126 to 127.
        #[inline(always)]
        unsafe fn power_of_two(n: int32x4_t) -> Neon {
            // SAFETY: see above.
            unsafe { Neon(vreinterpretq_f32_s32(vshlq_n_s32::<23>(vaddq_s32(n, vdupq_n_s32(127))))) }
        }
        // In two steps, the first of which does not leave the normal numbers.
        // SAFETY: see above.
        unsafe {
            let n = vcvtnq_s32_f32(n.0);
            let half = vshrq_n_s32::<1>(n);
            self.mul(power_of_two(half)).mul(power_of_two(vsubq_s32(n, half)))
        }
    }
    #[inline(always)]
    unsafe fn select_less(self, limit: Self, then: Self, otherwise: Self) -> Self {
        // SAFETY: see above.
        Neon(unsafe { vbslq_f32(vcltq_f32(self.0, limit.0), then.0, otherwise.0) })
    }
    #[inline(always)]
    unsafe fn select_nan(self, then: Self, otherwise: Self) -> Self {
        // SAFETY: see above.
        Neon(unsafe { vbslq_f32(vceqq_f32(self.0, self.0), otherwise.0, then.0) })
    }
    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        // SAFETY: see above.
        unsafe { vaddvq_f32(self.0) }
    }
    #[inline(always)]
    unsafe fn largest([a, b, c, d]: [Self; 4]) -> [f32; 4] {
        let mut largest = [0.0; 4];
        // SAFETY: see above.
        unsafe { Neon(vpmaxq_f32(vpmaxq_f32(a.0, b.0), vpmaxq_f32(c.0, d.0))).store(&mut largest) };
        largest
    }

    #[inline(always)]
    unsafe fn load_bf16(from: &[bf16]) -> Self {
        debug_assert!(from.len() >= 4);
        // SAFETY: see above.
        Neon(unsafe { vreinterpretq_f32_u32(vshll_n_u16::<16>(vld1_u16(from.as_ptr().cast()))) })
    }
    #[inline(always)]
    unsafe fn store_bf16(self, to: &mut [bf16]) {
        debug_assert!(to.len() >= 4);
        // SAFETY: see above.
        unsafe {
            let bits = vreinterpretq_u32_f32(self.0);
            let upper = vshrq_n_u32::<16>(bits);
            // More than a half carries, and a half does if the last bit that stays is odd.
            let half = vaddq_u32(vandq_u32(upper, vdupq_n_u32(1)), vdupq_n_u32(0x7fff));
            let rounded = vshrq_n_u32::<16>(vaddq_u32(bits, half));
            // A NaN could lose all its digits, and be infinity: one of them is set.
            let nan = vorrq_u32(upper, vdupq_n_u32(0x40));
            let rounded = vbslq_u32(vceqq_f32(self.0, self.0), rounded, nan);
            vst1_u16(to.as_mut_ptr().cast(), vmovn_u32(rounded));
        }
    }

    #[inline(always)]
    unsafe fn load_i8(from: &[u8]) -> Self {
        // SAFETY: see above.
        unsafe {
            let wide = vmovl_s8(vreinterpret_s8_u8(four_bytes(from)));
            Neon(vcvtq_f32_s32(vmovl_s16(vget_low_s16(wide))))
        }
    }
    #[inline(always)]
    unsafe fn load_bits(from: &[u8], shift: u32, mask: u8) -> Self {
        // SAFETY: see above.
        unsafe {
            let bytes = vmovl_u16(vget_low_u16(vmovl_u8(four_bytes(from))));
            // By a negative number is down.
            let shifted = vshlq_u32(bytes, vdupq_n_s32(-(shift as i32)));
            Neon(vcvtq_f32_u32(vandq_u32(shifted, vdupq_n_u32(mask as u32))))
        }
    }
    #[inline(always)]
    unsafe fn masked_add(self, bits: u32, addend: Self) -> Self {
        const LANES: [u32; 4] = [1, 2, 4, 8];
        // SAFETY: see above.
        unsafe {
            let set = vtstq_u32(vdupq_n_u32(bits), vld1q_u32(LANES.as_ptr()));
            Neon(vbslq_f32(set, vaddq_f32(self.0, addend.0), self.0))
        }
    }
}

/// 2 numbers of double precision, by NEON.
#[derive(Clone, Copy)]
pub struct NeonDouble(float64x2_t);

// SAFETY: it holds its lanes, and nothing else.
unsafe impl Lanes for NeonDouble {
    type Element = f64;
    const LANES: usize = 2;
    // Of pairs of these vectors.
    const TILE: usize = 6;
    type HalfLanes = Self;

    #[inline(always)]
    unsafe fn splat(x: f64) -> Self {
        // SAFETY: see above.
        NeonDouble(unsafe { vdupq_n_f64(x) })
    }
    #[inline(always)]
    unsafe fn load(from: &[f64]) -> Self {
        debug_assert!(from.len() >= 2);
        // SAFETY: see above.
        NeonDouble(unsafe { vld1q_f64(from.as_ptr()) })
    }
    #[inline(always)]
    unsafe fn store(self, to: &mut [f64]) {
        debug_assert!(to.len() >= 2);
        // SAFETY: see above.
        unsafe { vst1q_f64(to.as_mut_ptr(), self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: see above.
        NeonDouble(unsafe { vaddq_f64(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn accumulate(self, factor: Self, addend: Self) -> Self {
        // SAFETY: see above.
        NeonDouble(unsafe { vfmaq_f64(addend.0, self.0, factor.0) })
    }
}

/// The first four bytes of a slice, and zeros.
#[inline(always)]
unsafe fn four_bytes(from: &[u8]) -> uint8x8_t {
    debug_assert!(from.len() >= 4);
    // SAFETY: see above.
    unsafe { vcreate_u8(from.as_ptr().cast::<u32>().read_unaligned() as u64) }
}
