//! Vectors of x86-64: AVX-512, and AVX2 with FMA.

use super::vector::Vector;
use std::arch::x86_64::*;

// SAFETY of every block below: whoever calls a method promises that the processor has the instructions, and
// that slices are long enough.

/// 16 numbers, by AVX-512.
#[derive(Clone, Copy)]
pub struct Avx512(__m512);

/// The first lanes.
#[inline(always)]
fn first(count: usize) -> __mmask16 {
    !(u16::MAX << count)
}

/// [`Vector::turn`] by SSE, which every processor of the architecture has.
#[inline(always)]
unsafe fn turn(rows: [&[f32]; 4], factor: f32, to: &mut [f32], stride: usize) {
    debug_assert!(rows.iter().all(|row| row.len() >= 4) && to.len() >= 3 * stride + 4);
    // SAFETY: see above.
    unsafe {
        let factor = _mm_set1_ps(factor);
        let x = _mm_mul_ps(_mm_loadu_ps(rows[0].as_ptr()), factor);
        let y = _mm_mul_ps(_mm_loadu_ps(rows[1].as_ptr()), factor);
        let z = _mm_mul_ps(_mm_loadu_ps(rows[2].as_ptr()), factor);
        let w = _mm_mul_ps(_mm_loadu_ps(rows[3].as_ptr()), factor);
        let (xy, zw) = (_mm_unpacklo_ps(x, y), _mm_unpacklo_ps(z, w));
        let (xy_end, zw_end) = (_mm_unpackhi_ps(x, y), _mm_unpackhi_ps(z, w));
        let to = to.as_mut_ptr();
        _mm_storeu_ps(to, _mm_movelh_ps(xy, zw));
        _mm_storeu_ps(to.add(stride), _mm_movehl_ps(zw, xy));
        _mm_storeu_ps(to.add(2 * stride), _mm_movelh_ps(xy_end, zw_end));
        _mm_storeu_ps(to.add(3 * stride), _mm_movehl_ps(zw_end, xy_end));
    }
}

impl Vector for Avx512 {
    const LANES: usize = 16;
    const TILE: usize = 12;
    type Half = Avx2;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_set1_ps(x) })
    }
    #[inline(always)]
    unsafe fn load(from: &[f32]) -> Self {
        debug_assert!(from.len() >= 16);
        // SAFETY: see above.
        Avx512(unsafe { _mm512_loadu_ps(from.as_ptr()) })
    }
    #[inline(always)]
    unsafe fn store(self, to: &mut [f32]) {
        debug_assert!(to.len() >= 16);
        // SAFETY: see above.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), self.0) }
    }
    #[inline(always)]
    unsafe fn load_part(from: &[f32], fill: f32) -> Self {
        debug_assert!(from.len() < 16);
        // SAFETY: see above; lanes behind the slice are not read.
        Avx512(unsafe { _mm512_mask_loadu_ps(_mm512_set1_ps(fill), first(from.len()), from.as_ptr()) })
    }
    #[inline(always)]
    unsafe fn store_part(self, to: &mut [f32]) {
        debug_assert!(to.len() < 16);
        // SAFETY: see above; lanes behind the slice are not written.
        unsafe { _mm512_mask_storeu_ps(to.as_mut_ptr(), first(to.len()), self.0) }
    }
    #[inline(always)]
    unsafe fn turn(rows: [&[f32]; 4], factor: f32, to: &mut [f32], stride: usize) {
        // SAFETY: see above.
        unsafe { turn(rows, factor, to, stride) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_add_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_sub_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_mul_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_div_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_fmadd_ps(self.0, factor.0, addend.0) })
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_max_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_min_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn abs(self) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_abs_ps(self.0) })
    }
    #[inline(always)]
    unsafe fn with_sign_of(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe {
            let sign = _mm512_set1_epi32(i32::MIN);
            // Bit by bit: the second where the first is set, else the third.
            let (x, y) = (_mm512_castps_si512(self.0), _mm512_castps_si512(other.0));
            Avx512(_mm512_castsi512_ps(_mm512_ternarylogic_epi32::<0xCA>(sign, y, x)))
        }
    }
    #[inline(always)]
    unsafe fn round(self) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0) })
    }
    #[inline(always)]
    unsafe fn scale(self, n: Self) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_scalef_ps(self.0, n.0) })
    }
    #[inline(always)]
    unsafe fn if_less(self, limit: Self, then: Self, otherwise: Self) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_LT_OQ>(self.0, limit.0), otherwise.0, then.0) })
    }
    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        // SAFETY: see above.
        unsafe { _mm512_reduce_add_ps(self.0) }
    }
    #[inline(always)]
    unsafe fn largest(self) -> f32 {
        // SAFETY: see above.
        unsafe { _mm512_reduce_max_ps(self.0) }
    }
}

/// 8 numbers, by AVX2 and FMA.
#[derive(Clone, Copy)]
pub struct Avx2(__m256);

impl Vector for Avx2 {
    const LANES: usize = 8;
    const TILE: usize = 6;
    type Half = Avx2;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_set1_ps(x) })
    }
    #[inline(always)]
    unsafe fn load(from: &[f32]) -> Self {
        debug_assert!(from.len() >= 8);
        // SAFETY: see above.
        Avx2(unsafe { _mm256_loadu_ps(from.as_ptr()) })
    }
    #[inline(always)]
    unsafe fn store(self, to: &mut [f32]) {
        debug_assert!(to.len() >= 8);
        // SAFETY: see above.
        unsafe { _mm256_storeu_ps(to.as_mut_ptr(), self.0) }
    }
    #[inline(always)]
    unsafe fn turn(rows: [&[f32]; 4], factor: f32, to: &mut [f32], stride: usize) {
        // SAFETY: see above.
        unsafe { turn(rows, factor, to, stride) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_add_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_sub_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_mul_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_div_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_fmadd_ps(self.0, factor.0, addend.0) })
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_max_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_min_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn abs(self) -> Self {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_andnot_ps(_mm256_set1_ps(-0.0), self.0) })
    }
    #[inline(always)]
    unsafe fn with_sign_of(self, other: Self) -> Self {
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
    unsafe fn scale(self, n: Self) -> Self {
        /// 2ⁿ for a whole number `n` from -126 to 127.
        #[inline(always)]
        unsafe fn power_of_two(n: __m256) -> __m256 {
            // SAFETY: see above.
            unsafe {
                let exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
                _mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponent))
            }
        }
        // In three steps, none of which leaves the normal numbers before the result does.
        // SAFETY: see above.
        unsafe {
            let third = Avx2(_mm256_mul_ps(n.0, _mm256_set1_ps(1.0 / 3.0))).round().0;
            let rest = _mm256_fnmadd_ps(_mm256_set1_ps(2.0), third, n.0);
            let step = power_of_two(third);
            Avx2(_mm256_mul_ps(_mm256_mul_ps(_mm256_mul_ps(self.0, step), step), power_of_two(rest)))
        }
    }
    #[inline(always)]
    unsafe fn shrink(self, n: Self) -> Self {
        // SAFETY: see above.
        unsafe {
            // Below -126 the exponent is zero or less: then nothing is left.
            let exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n.0), _mm256_set1_epi32(127));
            let exponent = _mm256_max_epi32(exponent, _mm256_setzero_si256());
            Avx2(_mm256_mul_ps(self.0, _mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponent))))
        }
    }
    #[inline(always)]
    unsafe fn if_less(self, limit: Self, then: Self, otherwise: Self) -> Self {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_blendv_ps(otherwise.0, then.0, _mm256_cmp_ps::<_CMP_LT_OQ>(self.0, limit.0)) })
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
    unsafe fn largest(self) -> f32 {
        // SAFETY: see above.
        unsafe {
            let four = _mm_max_ps(_mm256_castps256_ps128(self.0), _mm256_extractf128_ps::<1>(self.0));
            let two = _mm_max_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps::<1>(two, two)))
        }
    }
}
