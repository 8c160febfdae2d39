//! Vectors by AVX-512.

use super::super::vector::{Lanes, OutlinedKernel, Vector};
use super::avx2::Avx2;
use super::double::Avx512Double;
use half::{bf16, f16};
use std::arch::x86_64::*;

// SAFETY of every block below: whoever calls a method promises that the processor has the instructions, and
// that slices are long enough.

/// 16 numbers, by AVX-512.
#[derive(Clone, Copy)]
pub struct Avx512(pub(super) __m512);

/// The first lanes.
#[inline(always)]
fn first(count: usize) -> __mmask16 {
    !(u16::MAX << count)
}

macro_rules! fold_512 {
    ($vector:expr, $put_256:ident, $put_128:ident) => {{
        let vector = $vector.0;
        let upper = _mm256_castpd_ps(_mm512_extractf64x4_pd::<1>(_mm512_castps_pd(vector)));
        fold_256!($put_256(_mm512_castps512_ps256(vector), upper), $put_128)
    }};
}

// SAFETY: it holds its lanes, and nothing else.
unsafe impl Lanes for Avx512 {
    const TILE: usize = 12;
    type HalfLanes = Avx2;

    lanes_of_x86! {
        16 lanes of f32;
        _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_add_ps, _mm512_fmadd_ps, transpose_4x4
    }
    #[inline(always)]
    unsafe fn load_partial(from: &[f32], fill: f32) -> Self {
        debug_assert!(from.len() < 16);
        // SAFETY: see above; lanes behind the slice are not read.
        Avx512(unsafe { _mm512_mask_loadu_ps(_mm512_set1_ps(fill), first(from.len()), from.as_ptr()) })
    }
    #[inline(always)]
    unsafe fn store_partial(self, to: &mut [f32]) {
        debug_assert!(to.len() < 16);
        // SAFETY: see above; lanes behind the slice are not written.
        unsafe { _mm512_mask_storeu_ps(to.as_mut_ptr(), first(to.len()), self.0) }
    }
    #[inline(always)]
    unsafe fn load_groups(from: [&[f32]; 4]) -> Self {
        debug_assert!(from.iter().all(|from| from.len() >= 4));
        let [a, b, c, d] = from;
        // SAFETY: see above.
        unsafe {
            let lower = _mm256_castps_pd(_mm256_loadu2_m128(b.as_ptr(), a.as_ptr()));
            let upper = _mm256_castps_pd(_mm256_loadu2_m128(d.as_ptr(), c.as_ptr()));
            Avx512(_mm512_castpd_ps(_mm512_insertf64x4::<1>(_mm512_castpd256_pd512(lower), upper)))
        }
    }
    #[inline(always)]
    unsafe fn sums(four: [Self; 4]) -> [f32; 4] {
        // SAFETY: see above.
        unsafe { fold_512!(Self::group_sums(four), _mm256_add_ps, _mm_add_ps) }
    }
    transpose_groups!(_mm512_unpacklo_ps, _mm512_unpackhi_ps, _mm512_shuffle_ps);
}

// SAFETY: its lanes are those above.
unsafe impl Vector for Avx512 {
    type Half = Avx2;
    type Double = Avx512Double;

    of_x86! {
        16 lanes by "avx512f,avx512vl";
        _mm512_broadcastss_ps;
        _mm256_loadu_si256, _mm_loadu_si128;
        _mm512_cvtph_ps, _mm512_cvtepu16_epi32, _mm512_slli_epi32, _mm512_castsi512_ps;
        _mm512_cvtepi8_epi32, _mm512_cvtepi32_ps;
        fn sub(other) = _mm512_sub_ps;
        fn mul(other) = _mm512_mul_ps;
        fn div(other) = _mm512_div_ps;
        fn mul_add(factor, addend) = _mm512_fmadd_ps;
        fn sqrt() = _mm512_sqrt_ps;
        fn max(other) = _mm512_max_ps;
        fn min(other) = _mm512_min_ps;
    }
    #[inline(always)]
    unsafe fn abs(self) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_abs_ps(self.0) })
    }
    #[inline(always)]
    unsafe fn copysign(self, other: Self) -> Self {
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
    unsafe fn ldexp(self, n: Self) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_scalef_ps(self.0, n.0) })
    }
    #[inline(always)]
    unsafe fn ldexp_saturating(self, n: Self) -> Self {
        // SAFETY: see above; the instruction takes any number.
        unsafe {
            // Not less than -126, or NaN.
            let left = _mm512_cmp_ps_mask::<_CMP_NLT_UQ>(n.0, _mm512_set1_ps(-126.0));
            Avx512(_mm512_maskz_scalef_ps(left, self.0, n.0))
        }
    }
    #[inline(always)]
    unsafe fn select_less(self, limit: Self, then: Self, otherwise: Self) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_LT_OQ>(self.0, limit.0), otherwise.0, then.0) })
    }
    #[inline(always)]
    unsafe fn select_nan(self, then: Self, otherwise: Self) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_UNORD_Q>(self.0, self.0), otherwise.0, then.0) })
    }
    #[inline(always)]
    unsafe fn splat_group(from: &[f32]) -> Self {
        debug_assert!(from.len() >= 4);
        // SAFETY: see above.
        Avx512(unsafe { _mm512_broadcast_f32x4(_mm_loadu_ps(from.as_ptr())) })
    }
    on_groups! {
        _mm512_unpacklo_ps, _mm512_unpackhi_ps, _mm512_shuffle_ps;
        fn group_sums = _mm512_add_ps;
        fn group_maxima = _mm512_max_ps;
    }
    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        // SAFETY: see above.
        unsafe { _mm512_reduce_add_ps(self.0) }
    }
    #[inline(always)]
    unsafe fn largest(four: [Self; 4]) -> [f32; 4] {
        // SAFETY: see above.
        unsafe { fold_512!(Self::group_maxima(four), _mm256_max_ps, _mm_max_ps) }
    }

    #[inline(always)]
    unsafe fn store_f16(self, to: &mut [f16]) {
        debug_assert!(to.len() >= 16);
        // SAFETY: see above.
        unsafe {
            let rounded = _mm512_cvtps_ph::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0);
            _mm256_storeu_si256(to.as_mut_ptr().cast(), rounded);
        }
    }
    #[inline(always)]
    unsafe fn store_bf16(self, to: &mut [bf16]) {
        debug_assert!(to.len() >= 16);
        // SAFETY: see above.
        unsafe {
            let bits = _mm512_castps_si512(self.0);
            let upper = _mm512_srli_epi32::<16>(bits);
            // More than a half carries, and a half does if the last bit that stays is odd.
            let half = _mm512_add_epi32(_mm512_and_epi32(upper, _mm512_set1_epi32(1)), _mm512_set1_epi32(0x7fff));
            let rounded = _mm512_srli_epi32::<16>(_mm512_add_epi32(bits, half));
            // A NaN could lose all its digits, and be infinity: one of them is set.
            let nan = _mm512_or_epi32(upper, _mm512_set1_epi32(0x40));
            let rounded = _mm512_mask_mov_epi32(rounded, _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(self.0, self.0), nan);
            _mm256_storeu_si256(to.as_mut_ptr().cast(), _mm512_cvtepi32_epi16(rounded));
        }
    }

    #[inline(always)]
    unsafe fn load_bits(from: &[u8], shift: u32, mask: u8) -> Self {
        // SAFETY: see above.
        unsafe {
            let bits = _mm512_and_si512(shifted(from, shift), _mm512_set1_epi32(mask as i32));
            Avx512(_mm512_cvtepi32_ps(bits))
        }
    }
    // Of a table of what each of the 16 becomes: it is made once for both halves of the bytes.
    #[inline(always)]
    unsafe fn load_nibbles(from: &[u8], shift: u32, scale: Self, offset: Self) -> Self {
        // SAFETY: see above; of an index, no more than four bits count.
        unsafe {
            let all =
                _mm512_set_ps(15.0, 14.0, 13.0, 12.0, 11.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.0);
            let table = Avx512(all).mul_add(scale, offset);
            Avx512(_mm512_permutexvar_ps(shifted(from, shift), table.0))
        }
    }
    #[inline(always)]
    unsafe fn masked_add(self, bits: u32, addend: Self) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_mask_add_ps(self.0, bits as __mmask16, self.0, addend.0) })
    }
}

/// The first 16 bytes of a slice, shifted down.
///
/// # Safety
/// As of [`Avx512`].
#[inline(always)]
unsafe fn shifted(from: &[u8], shift: u32) -> __m512i {
    debug_assert!(from.len() >= 16);
    // SAFETY: see above.
    unsafe {
        let bytes = _mm512_cvtepu8_epi32(_mm_loadu_si128(from.as_ptr().cast()));
        _mm512_srlv_epi32(bytes, _mm512_set1_epi32(shift as i32))
    }
}
