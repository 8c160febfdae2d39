//! Products of pairs of `bf16` by NEON: `bfdot` multiplies two along the inner dimension, and adds them to a sum of `f32`.
//!
//! Rust has no stable functions for these instructions, so they stand as assembly. Each is inlined into a function that has them.

use super::super::terms::{Bf16Pairs, PairKernel, Terms};
use super::Neon;
use half::bf16;
use std::arch::aarch64::*;
use std::arch::asm;

// SAFETY of every block below: whoever calls a method promises that the processor has the instructions, and
// that slices are long enough.

/// Pairs of numbers, the first in the lower bits.
pub struct Pairs;

impl Terms for Pairs {
    type Lanes = Neon;
    type Number = bf16;
    type Term = u32;
    type Vector = uint32x4_t;
    const DEPTH: usize = 2;

    #[inline(always)]
    unsafe fn splat(term: u32) -> uint32x4_t {
        // SAFETY: see above.
        unsafe { vdupq_n_u32(term) }
    }
    #[inline(always)]
    unsafe fn load(from: &[u32]) -> uint32x4_t {
        debug_assert!(from.len() >= 4);
        // SAFETY: see above.
        unsafe { vld1q_u32(from.as_ptr()) }
    }
    #[inline(always)]
    unsafe fn accumulate(x: uint32x4_t, y: uint32x4_t, sums: Neon) -> Neon {
        let mut sums = sums.0;
        // SAFETY: see above; it reads and writes registers alone.
        unsafe {
            asm!(
                "bfdot {sums:v}.4s, {x:v}.8h, {y:v}.8h",
                sums = inout(vreg) sums, x = in(vreg) x, y = in(vreg) y,
                options(pure, nomem, nostack, preserves_flags)
            );
        }
        Neon(sums)
    }
    #[inline(always)]
    unsafe fn term(from: &[bf16], stride: usize, left: usize) -> u32 {
        let second = if left > 1 { from[stride].to_bits() } else { 0 };
        from[0].to_bits() as u32 | (second as u32) << 16
    }
    #[inline(always)]
    unsafe fn load_row(from: &[bf16], stride: usize, left: usize) -> uint32x4_t {
        debug_assert!(from.len() >= if left > 1 { stride + 4 } else { 4 });
        // SAFETY: see above; of the second row no more is read than there is.
        unsafe {
            let first = vmovl_u16(vld1_u16(from.as_ptr().cast()));
            if left < 2 {
                return first;
            }
            vorrq_u32(first, vshll_n_u16::<16>(vld1_u16(from.as_ptr().add(stride).cast())))
        }
    }
    #[inline(always)]
    unsafe fn load_groups(from: [&[bf16]; 4]) -> uint32x4_t {
        debug_assert!(from[0].len() >= 8);
        // SAFETY: see above.
        unsafe { vreinterpretq_u32_u16(vld1q_u16(from[0].as_ptr().cast())) }
    }
    #[inline(always)]
    unsafe fn transpose_groups([a, b, c, d]: [uint32x4_t; 4]) -> [uint32x4_t; 4] {
        // SAFETY: see above.
        unsafe {
            // Of each pair of rows, the even columns of both, and the odd ones.
            let (ab, cd) = (vtrnq_u32(a, b), vtrnq_u32(c, d));
            [
                vcombine_u32(vget_low_u32(ab.0), vget_low_u32(cd.0)),
                vcombine_u32(vget_low_u32(ab.1), vget_low_u32(cd.1)),
                vcombine_u32(vget_high_u32(ab.0), vget_high_u32(cd.0)),
                vcombine_u32(vget_high_u32(ab.1), vget_high_u32(cd.1)),
            ]
        }
    }
}

impl Bf16Pairs for Pairs {
    #[inline(always)]
    unsafe fn call<R: PairKernel>(kernel: R) -> R::Output {
        #[target_feature(enable = "neon,bf16")]
        unsafe fn call<R: PairKernel>(kernel: R) -> R::Output {
            // SAFETY: this function has the instructions; the rest is the caller's.
            unsafe { kernel.run::<Pairs>() }
        }
        // SAFETY: the caller's.
        unsafe { call(kernel) }
    }
    #[inline(always)]
    unsafe fn of_two(first: Neon, second: Neon) -> uint32x4_t {
        /// Each number rounded, in the lower half.
        #[inline(always)]
        unsafe fn rounded(x: Neon) -> uint16x8_t {
            let rounded: uint16x8_t;
            // SAFETY: see above; it reads and writes registers alone.
            unsafe {
                asm!(
                    "bfcvtn {rounded:v}.4h, {x:v}.4s",
                    rounded = out(vreg) rounded, x = in(vreg) x.0,
                    options(pure, nomem, nostack, preserves_flags)
                );
            }
            rounded
        }
        // SAFETY: see above.
        unsafe { vreinterpretq_u32_u16(vzip1q_u16(rounded(first), rounded(second))) }
    }
    #[inline(always)]
    unsafe fn without_second(pairs: uint32x4_t) -> uint32x4_t {
        // SAFETY: see above.
        unsafe { vandq_u32(pairs, vdupq_n_u32(0xffff)) }
    }
    #[inline(always)]
    unsafe fn store(pairs: uint32x4_t, to: &mut [u32]) {
        debug_assert!(to.len() >= 4);
        // SAFETY: see above.
        unsafe { vst1q_u32(to.as_mut_ptr(), pairs) }
    }
}
