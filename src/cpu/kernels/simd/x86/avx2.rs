//! Vectors by AVX2 and FMA.

use super::super::vector::{Lanes, OutlinedKernel, Vector};
use super::double::Avx2Double;
use half::{bf16, f16};
use std::arch::x86_64::*;

// SAFETY of every block below: whoever calls a method promises that the processor has the instructions, and
// that slices are long enough.

/// 8 numbers, by AVX2 and FMA.
#[derive(Clone, Copy)]
pub struct Avx2(pub(super) __m256);

// SAFETY: it holds its lanes, and nothing else.
unsafe impl Lanes for Avx2 {
    const TILE: usize = 6;
    type HalfLanes = Self;

    lanes_of_x86! {
        8 lanes of f32;
        _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_add_ps, _mm256_fmadd_ps, transpose_4x4
    }
    #[inline(always)]
    unsafe fn load_partial(from: &[f32], fill: f32) -> Self {
        debug_assert!(from.len() < 8);
        /// Eight lanes of it, from the right place on, are a mask of the first so many.
        const LANES: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
        // SAFETY: see above; lanes behind the slice are not read, and a mask begins inside the array.
        unsafe {
            let mask = _mm256_loadu_si256(LANES.as_ptr().add(8 - from.len()).cast());
            let part = _mm256_maskload_ps(from.as_ptr(), mask);
            Avx2(_mm256_blendv_ps(_mm256_set1_ps(fill), part, _mm256_castsi256_ps(mask)))
        }
    }
    // In four, two and one: to store by a mask is slow on many processors.
    #[inline(always)]
    unsafe fn store_partial(self, to: &mut [f32]) {
        debug_assert!(to.len() < 8);
        let (mut at, len) = (to.as_mut_ptr(), to.len());
        // SAFETY: see above; as many lanes are written as the slice has.
        unsafe {
            let mut rest = _mm256_castps256_ps128(self.0);
            if len & 4 != 0 {
                _mm_storeu_ps(at, rest);
                (at, rest) = (at.add(4), _mm256_extractf128_ps::<1>(self.0));
            }
            if len & 2 != 0 {
                _mm_storel_pd(at.cast(), _mm_castps_pd(rest));
                (at, rest) = (at.add(2), _mm_movehl_ps(rest, rest));
            }
            if len & 1 != 0 {
                _mm_store_ss(at, rest);
            }
        }
    }
    #[inline(always)]
    unsafe fn load_groups(from: [&[f32]; 4]) -> Self {
        debug_assert!(from[..2].iter().all(|from| from.len() >= 4));
        // SAFETY: see above.
        Avx2(unsafe { _mm256_loadu2_m128(from[1].as_ptr(), from[0].as_ptr()) })
    }
    #[inline(always)]
    unsafe fn sums(four: [Self; 4]) -> [f32; 4] {
        // SAFETY: see above.
        unsafe { fold_256!(Self::group_sums(four).0, _mm_add_ps) }
    }
    transpose_groups!(_mm256_unpacklo_ps, _mm256_unpackhi_ps, _mm256_shuffle_ps);
}

// SAFETY: its lanes are those above.
unsafe impl Vector for Avx2 {
    type Half = Self;
    type Double = Avx2Double;

    of_x86! {
        8 lanes by "avx2,fma,f16c";
        _mm256_broadcastss_ps;
        _mm_loadu_si128, _mm_loadl_epi64;
        _mm256_cvtph_ps, _mm256_cvtepu16_epi32, _mm256_slli_epi32, _mm256_castsi256_ps;
        _mm256_cvtepi8_epi32, _mm256_cvtepi32_ps;
        fn sub(other) = _mm256_sub_ps;
        fn mul(other) = _mm256_mul_ps;
        fn div(other) = _mm256_div_ps;
        fn mul_add(factor, addend) = _mm256_fmadd_ps;
        fn sqrt() = _mm256_sqrt_ps;
        fn max(other) = _mm256_max_ps;
        fn min(other) = _mm256_min_ps;
    }
    #[inline(always)]
    unsafe fn abs(self) -> Self {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_andnot_ps(_mm256_set1_ps(-0.0), self.0) })
    }
    #[inline(always)]
    unsafe fn copysign(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe {
            let sign = _mm256_set1_ps(-0.0);
            Avx2(_mm256_or_ps(_mm256_andnot_ps(sign, self.0), _mm256_and_ps(sign, other.0)))
        }
    }
    #[inline(always)]
    unsafe fn round(self) -> Self {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0) })
    }
    #[inline(always)]
    unsafe fn ldexp(self, n: Self) -> Self {
        /// 2ⁿ for `n` from -126 to 127.
        #[inline(always)]
        unsafe fn power_of_two(n: __m256i) -> Avx2 {
            // SAFETY: see above.
            unsafe {
                let exponent = _mm256_add_epi32(n, _mm256_set1_epi32(127));
                Avx2(_mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponent)))
            }
        }
        // In two steps, the first of which does not leave the normal numbers.
        // SAFETY: see above.
        unsafe {
            let n = _mm256_cvtps_epi32(n.0);
            let half = _mm256_srai_epi32::<1>(n);
            self.mul(power_of_two(half)).mul(power_of_two(_mm256_sub_epi32(n, half)))
        }
    }
    #[inline(always)]
    unsafe fn ldexp_saturating(self, n: Self) -> Self {
        // SAFETY: see above.
        unsafe {
            let n = Self::splat(127.0).min(n);
            let exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n.0), _mm256_set1_epi32(127));
            let scaled = _mm256_mul_ps(self.0, _mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponent)));
            // Not less than -126, or NaN.
            Avx2(_mm256_and_ps(scaled, _mm256_cmp_ps::<_CMP_NLT_UQ>(n.0, _mm256_set1_ps(-126.0))))
        }
    }
    #[inline(always)]
    unsafe fn select_less(self, limit: Self, then: Self, otherwise: Self) -> Self {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_blendv_ps(otherwise.0, then.0, _mm256_cmp_ps::<_CMP_LT_OQ>(self.0, limit.0)) })
    }
    #[inline(always)]
    unsafe fn select_nan(self, then: Self, otherwise: Self) -> Self {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_blendv_ps(otherwise.0, then.0, _mm256_cmp_ps::<_CMP_UNORD_Q>(self.0, self.0)) })
    }
    #[inline(always)]
    unsafe fn splat_group(from: &[f32]) -> Self {
        debug_assert!(from.len() >= 4);
        // SAFETY: see above.
        Avx2(unsafe { _mm256_broadcast_ps(&*from.as_ptr().cast()) })
    }
    on_groups! {
        _mm256_unpacklo_ps, _mm256_unpackhi_ps, _mm256_shuffle_ps;
        fn group_sums = _mm256_add_ps;
        fn group_maxima = _mm256_max_ps;
    }
    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        // SAFETY: see above.
        unsafe {
            let four = _mm_add_ps(_mm256_castps256_ps128(self.0), _mm256_extractf128_ps::<1>(self.0));
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
        }
    }
    #[inline(always)]
    unsafe fn largest(four: [Self; 4]) -> [f32; 4] {
        // SAFETY: see above.
        unsafe { fold_256!(Self::group_maxima(four).0, _mm_max_ps) }
    }

    #[inline(always)]
    unsafe fn store_f16(self, to: &mut [f16]) {
        debug_assert!(to.len() >= 8);
        // SAFETY: see above.
        unsafe {
            let rounded = _mm256_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(self.0);
            _mm_storeu_si128(to.as_mut_ptr().cast(), rounded);
        }
    }
    // As of `Avx512`.
    #[inline(always)]
    unsafe fn store_bf16(self, to: &mut [bf16]) {
        debug_assert!(to.len() >= 8);
        // SAFETY: see above.
        unsafe {
            let bits = _mm256_castps_si256(self.0);
            let upper = _mm256_srli_epi32::<16>(bits);
            let half = _mm256_add_epi32(_mm256_and_si256(upper, _mm256_set1_epi32(1)), _mm256_set1_epi32(0x7fff));
            let rounded = _mm256_srli_epi32::<16>(_mm256_add_epi32(bits, half));
            let nan = _mm256_or_si256(upper, _mm256_set1_epi32(0x40));
            let is_nan = _mm256_castps_si256(_mm256_cmp_ps::<_CMP_UNORD_Q>(self.0, self.0));
            let rounded = _mm256_blendv_epi8(rounded, nan, is_nan);
            // Each half of the vector is packed for itself, into a quarter of the bits.
            let packed = _mm256_permute4x64_epi64::<0b1000>(_mm256_packus_epi32(rounded, rounded));
            _mm_storeu_si128(to.as_mut_ptr().cast(), _mm256_castsi256_si128(packed));
        }
    }

    #[inline(always)]
    unsafe fn load_bits(from: &[u8], shift: u32, mask: u8) -> Self {
        debug_assert!(from.len() >= 8);
        // SAFETY: see above.
        unsafe {
            let bytes = _mm256_cvtepu8_epi32(_mm_loadl_epi64(from.as_ptr().cast()));
            let shifted = _mm256_srlv_epi32(bytes, _mm256_set1_epi32(shift as i32));
            Avx2(_mm256_cvtepi32_ps(_mm256_and_si256(shifted, _mm256_set1_epi32(mask as i32))))
        }
    }
    #[inline(always)]
    unsafe fn masked_add(self, bits: u32, addend: Self) -> Self {
        // SAFETY: see above.
        unsafe {
            let lanes = _mm256_set_epi32(128, 64, 32, 16, 8, 4, 2, 1);
            let set = _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32(bits as i32), lanes), lanes);
            Avx2(_mm256_blendv_ps(self.0, _mm256_add_ps(self.0, addend.0), _mm256_castsi256_ps(set)))
        }
    }
}
