//! Vectors of AArch64, which always has them: NEON.

use super::vector::Vector;
use std::arch::aarch64::*;

// SAFETY of every block below: every processor of the architecture has the instructions, and whoever calls a
// method promises that slices are long enough.

/// 4 numbers, by NEON.
#[derive(Clone, Copy)]
pub struct Neon(float32x4_t);

impl Vector for Neon {
    const LANES: usize = 4;
    const TILE: usize = 12;
    type Half = Neon;

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
    unsafe fn turn(rows: [&[f32]; 4], factor: f32, to: &mut [f32], stride: usize) {
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
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: see above.
        Neon(unsafe { vaddq_f32(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        // SAFETY: see above.
        Neon(unsafe { vsubq_f32(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        // SAFETY: see above.
        Neon(unsafe { vmulq_f32(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        // SAFETY: see above.
        Neon(unsafe { vdivq_f32(self.0, other.0) })
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
    unsafe fn abs(self) -> Self {
        // SAFETY: see above.
        Neon(unsafe { vabsq_f32(self.0) })
    }
    #[inline(always)]
    unsafe fn with_sign_of(self, other: Self) -> Self {
        // SAFETY: see above.
        Neon(unsafe { vbslq_f32(vdupq_n_u32(1 << 31), other.0, self.0) })
    }
    #[inline(always)]
    unsafe fn round(self) -> Self {
        // SAFETY: see above.
        Neon(unsafe { vrndnq_f32(self.0) })
    }
    #[inline(always)]
    unsafe fn scale(self, n: Self) -> Self {
        /// 2ⁿ for a whole number `n` from -126 to 127.
        #[inline(always)]
        unsafe fn power_of_two(n: float32x4_t) -> float32x4_t {
            // SAFETY: see above.
            unsafe { vreinterpretq_f32_s32(vshlq_n_s32::<23>(vaddq_s32(vcvtnq_s32_f32(n), vdupq_n_s32(127)))) }
        }
        // In three steps, none of which leaves the normal numbers before the result does.
        // SAFETY: see above.
        unsafe {
            let third = Neon(vmulq_f32(n.0, vdupq_n_f32(1.0 / 3.0))).round().0;
            let rest = vfmsq_f32(n.0, vdupq_n_f32(2.0), third);
            let step = power_of_two(third);
            Neon(vmulq_f32(vmulq_f32(vmulq_f32(self.0, step), step), power_of_two(rest)))
        }
    }
    #[inline(always)]
    unsafe fn if_less(self, limit: Self, then: Self, otherwise: Self) -> Self {
        // SAFETY: see above.
        Neon(unsafe { vbslq_f32(vcltq_f32(self.0, limit.0), then.0, otherwise.0) })
    }
    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        // SAFETY: see above.
        unsafe { vaddvq_f32(self.0) }
    }
    #[inline(always)]
    unsafe fn largest(self) -> f32 {
        // SAFETY: see above.
        unsafe { vmaxvq_f32(self.0) }
    }
}
