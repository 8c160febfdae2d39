//! Vectors of `f64` by AVX2 and by AVX-512.

use super::super::vector::Lanes;
use std::arch::x86_64::*;

// SAFETY of every block below: whoever calls a method promises that the processor has the instructions, and
// that slices are long enough.

/// 4 numbers of double precision, by AVX2 and FMA.
#[derive(Clone, Copy)]
pub struct Avx2Double(__m256d);

// SAFETY: it holds its lanes, and nothing else.
unsafe impl Lanes for Avx2Double {
    const TILE: usize = 6;
    type HalfLanes = Self;

    lanes_of_x86! {
        4 lanes of f64;
        _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_add_pd, _mm256_fmadd_pd, transpose_4x4_double
    }
    #[inline(always)]
    unsafe fn load_groups(from: [&[f64]; 4]) -> Self {
        // SAFETY: see above.
        unsafe { Self::load(from[0]) }
    }
    #[inline(always)]
    unsafe fn transpose_groups([a, b, c, d]: [Self; 4]) -> [Self; 4] {
        // SAFETY: see above.
        unsafe {
            let (ab, cd) = (_mm256_unpacklo_pd(a.0, b.0), _mm256_unpacklo_pd(c.0, d.0));
            let (ab_odd, cd_odd) = (_mm256_unpackhi_pd(a.0, b.0), _mm256_unpackhi_pd(c.0, d.0));
            [
                Avx2Double(_mm256_permute2f128_pd::<0x20>(ab, cd)),
                Avx2Double(_mm256_permute2f128_pd::<0x20>(ab_odd, cd_odd)),
                Avx2Double(_mm256_permute2f128_pd::<0x31>(ab, cd)),
                Avx2Double(_mm256_permute2f128_pd::<0x31>(ab_odd, cd_odd)),
            ]
        }
    }
}

/// 8 numbers of double precision, by AVX-512.
#[cfg(feature = "avx512")]
#[derive(Clone, Copy)]
pub struct Avx512Double(__m512d);

/// The first lanes.
#[cfg(feature = "avx512")]
#[inline(always)]
fn first(count: usize) -> __mmask8 {
    !(u8::MAX << count)
}

// SAFETY: it holds its lanes, and nothing else.
#[cfg(feature = "avx512")]
unsafe impl Lanes for Avx512Double {
    const TILE: usize = 12;
    type HalfLanes = Avx2Double;

    lanes_of_x86! {
        8 lanes of f64;
        _mm512_set1_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_add_pd, _mm512_fmadd_pd, transpose_4x4_double
    }
    #[inline(always)]
    unsafe fn load_partial(from: &[f64], fill: f64) -> Self {
        debug_assert!(from.len() < 8);
        // SAFETY: see above; lanes behind the slice are not read.
        Avx512Double(unsafe { _mm512_mask_loadu_pd(_mm512_set1_pd(fill), first(from.len()), from.as_ptr()) })
    }
    #[inline(always)]
    unsafe fn store_partial(self, to: &mut [f64]) {
        debug_assert!(to.len() < 8);
        // SAFETY: see above; lanes behind the slice are not written.
        unsafe { _mm512_mask_storeu_pd(to.as_mut_ptr(), first(to.len()), self.0) }
    }
    #[inline(always)]
    unsafe fn load_groups(from: [&[f64]; 4]) -> Self {
        debug_assert!(from[..2].iter().all(|from| from.len() >= 4));
        // SAFETY: see above.
        unsafe {
            let (lower, upper) = (_mm256_loadu_pd(from[0].as_ptr()), _mm256_loadu_pd(from[1].as_ptr()));
            Avx512Double(_mm512_insertf64x4::<1>(_mm512_castpd256_pd512(lower), upper))
        }
    }
    #[inline(always)]
    unsafe fn transpose_groups([a, b, c, d]: [Self; 4]) -> [Self; 4] {
        // SAFETY: see above.
        unsafe {
            let (ab, cd) = (_mm512_unpacklo_pd(a.0, b.0), _mm512_unpacklo_pd(c.0, d.0));
            let (ab_odd, cd_odd) = (_mm512_unpackhi_pd(a.0, b.0), _mm512_unpackhi_pd(c.0, d.0));
            // Of both vectors the first two lanes of each four, and the last two.
            let first = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
            let last = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
            [
                Avx512Double(_mm512_permutex2var_pd(ab, first, cd)),
                Avx512Double(_mm512_permutex2var_pd(ab_odd, first, cd_odd)),
                Avx512Double(_mm512_permutex2var_pd(ab, last, cd)),
                Avx512Double(_mm512_permutex2var_pd(ab_odd, last, cd_odd)),
            ]
        }
    }
    #[inline(always)]
    unsafe fn sums(four: [Self; 4]) -> [f64; 4] {
        let mut sums = [0.0; 4];
        // SAFETY: see above.
        unsafe {
            let [a, b, c, d] = Self::transpose_groups(four);
            let all = a.add(c).add(b.add(d)).0;
            let folded = _mm256_add_pd(_mm512_castpd512_pd256(all), _mm512_extractf64x4_pd::<1>(all));
            _mm256_storeu_pd(sums.as_mut_ptr(), folded);
        }
        sums
    }
}
