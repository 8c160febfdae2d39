//! Products of pairs of `bf16` by AVX-512: `vdpbf16ps` multiplies two along the inner dimension, and adds them to a sum of `f32`.

use super::super::terms::{Bf16Pairs, PairKernel, Terms};
use super::super::vector::Lanes;
use super::avx512::Avx512;
use half::bf16;
use std::arch::x86_64::*;

// SAFETY of every block below: whoever calls a method promises that the processor has the instructions, and
// that slices are long enough.

/// Pairs of numbers, the first in the lower bits.
pub struct Pairs;

impl Terms for Pairs {
    type Lanes = Avx512;
    type Number = bf16;
    type Term = u32;
    type Vector = __m512i;
    const DEPTH: usize = 2;

    #[inline(always)]
    unsafe fn splat(term: u32) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_set1_epi32(term as i32) }
    }
    #[inline(always)]
    unsafe fn load(from: &[u32]) -> __m512i {
        debug_assert!(from.len() >= 16);
        // SAFETY: see above.
        unsafe { _mm512_loadu_si512(from.as_ptr().cast()) }
    }
    #[inline(always)]
    unsafe fn accumulate(x: __m512i, y: __m512i, sums: Avx512) -> Avx512 {
        // SAFETY: see above; the types are of the same bits.
        unsafe {
            let (x, y) = (std::mem::transmute::<__m512i, __m512bh>(x), std::mem::transmute::<__m512i, __m512bh>(y));
            Avx512(_mm512_dpbf16_ps(sums.0, x, y))
        }
    }
    #[inline(always)]
    unsafe fn term(from: &[bf16], stride: usize, left: usize) -> u32 {
        let second = if left > 1 { from[stride].to_bits() } else { 0 };
        from[0].to_bits() as u32 | (second as u32) << 16
    }
    #[inline(always)]
    unsafe fn load_row(from: &[bf16], stride: usize, left: usize) -> __m512i {
        debug_assert!(from.len() >= if left > 1 { stride + 16 } else { 16 });
        // SAFETY: see above; of the second row no more is read than there is.
        unsafe {
            let first = _mm512_cvtepu16_epi32(_mm256_loadu_si256(from.as_ptr().cast()));
            if left < 2 {
                return first;
            }
            let second = _mm512_cvtepu16_epi32(_mm256_loadu_si256(from.as_ptr().add(stride).cast()));
            _mm512_or_si512(first, _mm512_slli_epi32::<16>(second))
        }
    }
    #[inline(always)]
    unsafe fn load_groups(from: [&[bf16]; 4]) -> __m512i {
        debug_assert!(from.iter().all(|from| from.len() >= 8));
        let [a, b, c, d] = from;
        // SAFETY: see above.
        unsafe {
            let lower = _mm256_loadu2_m128i(b.as_ptr().cast(), a.as_ptr().cast());
            let upper = _mm256_loadu2_m128i(d.as_ptr().cast(), c.as_ptr().cast());
            _mm512_inserti64x4::<1>(_mm512_castsi256_si512(lower), upper)
        }
    }
    #[inline(always)]
    unsafe fn transpose_groups([a, b, c, d]: [__m512i; 4]) -> [__m512i; 4] {
        // SAFETY: see above; to move lanes changes none.
        unsafe {
            let lanes = [
                Avx512(_mm512_castsi512_ps(a)),
                Avx512(_mm512_castsi512_ps(b)),
                Avx512(_mm512_castsi512_ps(c)),
                Avx512(_mm512_castsi512_ps(d)),
            ];
            let [a, b, c, d] = Avx512::transpose_groups(lanes);
            [_mm512_castps_si512(a.0), _mm512_castps_si512(b.0), _mm512_castps_si512(c.0), _mm512_castps_si512(d.0)]
        }
    }
}

impl Bf16Pairs for Pairs {
    #[inline(always)]
    unsafe fn call<R: PairKernel>(kernel: R) -> R::Output {
        #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512bf16")]
        unsafe fn call<R: PairKernel>(kernel: R) -> R::Output {
            // SAFETY: this function has the instructions; the rest is the caller's.
            unsafe { kernel.run::<Pairs>() }
        }
        // SAFETY: the caller's.
        unsafe { call(kernel) }
    }
    #[inline(always)]
    unsafe fn of_two(first: Avx512, second: Avx512) -> __m512i {
        /// Of the first vector and of the second, number by number.
        const ORDER: [u16; 32] = {
            let mut order = [0; 32];
            let mut at = 0;
            while at < 32 {
                order[at] = (at / 2 + at % 2 * 16) as u16;
                at += 1;
            }
            order
        };
        // SAFETY: see above; the types are of the same bits.
        unsafe {
            let one_behind_another = _mm512_cvtne2ps_pbh(second.0, first.0);
            let order = _mm512_loadu_si512(ORDER.as_ptr().cast());
            _mm512_permutexvar_epi16(order, std::mem::transmute::<__m512bh, __m512i>(one_behind_another))
        }
    }
    #[inline(always)]
    unsafe fn without_second(pairs: __m512i) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_and_si512(pairs, _mm512_set1_epi32(0xffff)) }
    }
    #[inline(always)]
    unsafe fn store(pairs: __m512i, to: &mut [u32]) {
        debug_assert!(to.len() >= 16);
        // SAFETY: see above.
        unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), pairs) }
    }
}
