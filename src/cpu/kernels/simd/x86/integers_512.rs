//! Products of integers by AVX-512 with BW and VNNI.

use super::super::integers::IntegerVector;
use super::avx512::Avx512;
use std::arch::x86_64::*;

// SAFETY of every block below: whoever calls a method promises that the processor has the instructions, and that memory
// holds what is read or written.

/// Which 32 bits of two vectors, one of the first bytes of four blocks and one of the last, are the 16 bytes at `at` of each.
const fn places(stride: usize, at: usize) -> [i32; 16] {
    let (mut places, mut index) = ([0; 16], 0);
    while index < 16 {
        let byte = index / 4 * stride + at + index % 4 * 4;
        let place = if byte + 4 <= 64 { byte } else { byte + 128 - end(stride, at) };
        places[index] = (place / 4) as i32;
        index += 1;
    }
    places
}

/// As [`places`], of 16 bits.
const fn narrow_places(stride: usize, at: usize) -> [i16; 32] {
    let (mut places, mut index) = ([0; 32], 0);
    while index < 32 {
        let byte = index / 8 * stride + at + index % 8 * 2;
        let place = if byte + 2 <= 64 { byte } else { byte + 128 - end(stride, at) };
        places[index] = (place / 2) as i16;
        index += 1;
    }
    places
}

/// The end of the 16 bytes at `at` of the last of four blocks.
const fn end(stride: usize, at: usize) -> usize {
    3 * stride + at + 16
}

/// Each of these lanes of 4 or 8, four times.
macro_rules! four_times {
    ($a:literal, $b:literal, $c:literal, $d:literal) => {
        _mm512_set_epi32($d, $d, $d, $d, $c, $c, $c, $c, $b, $b, $b, $b, $a, $a, $a, $a)
    };
}

// SAFETY: see above.
unsafe impl IntegerVector for Avx512 {
    const OUTPUTS: usize = 2;
    type Integers = __m512i;

    #[inline(always)]
    unsafe fn load_integers(from: *const u32) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_loadu_si512(from.cast()) }
    }
    #[inline(always)]
    unsafe fn store_integers(x: __m512i, to: *mut u32) {
        // SAFETY: see above.
        unsafe { _mm512_storeu_si512(to.cast(), x) }
    }
    #[inline(always)]
    unsafe fn splat_words(x: i16) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_set1_epi16(x) }
    }
    #[inline(always)]
    unsafe fn subtract_words(x: __m512i, y: __m512i) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_sub_epi16(x, y) }
    }
    #[inline(always)]
    unsafe fn dot_words(x: __m512i, y: __m512i, sums: __m512i) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_dpwssd_epi32(sums, x, y) }
    }
    #[inline(always)]
    unsafe fn to_floats(x: __m512i) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_cvtepi32_ps(x) })
    }
    #[inline(always)]
    unsafe fn nibbles<const STRIDE: usize, const AT: usize>(blocks: *const u8) -> [__m512i; 4] {
        // SAFETY: see above.
        unsafe {
            let vector = |at: usize| _mm512_loadu_si512(blocks.add(at).cast());
            let (first, last) = (vector(0), vector(const { end(STRIDE, AT) - 64 }));
            let all = if const { STRIDE.is_multiple_of(4) && AT.is_multiple_of(4) } {
                let places = const { places(STRIDE, AT) };
                _mm512_permutex2var_epi32(first, _mm512_loadu_si512(places.as_ptr().cast()), last)
            } else {
                let places = const { narrow_places(STRIDE, AT) };
                _mm512_permutex2var_epi16(first, _mm512_loadu_si512(places.as_ptr().cast()), last)
            };
            let low = _mm512_set1_epi16(15);
            [
                _mm512_and_si512(all, low),
                _mm512_and_si512(_mm512_srli_epi16::<4>(all), low),
                _mm512_and_si512(_mm512_srli_epi16::<8>(all), low),
                _mm512_srli_epi16::<12>(all),
            ]
        }
    }
    #[inline(always)]
    unsafe fn bytes<const STRIDE: usize, const AT: usize>(blocks: *const u8) -> [__m512i; 4] {
        // SAFETY: see above.
        unsafe {
            let part = |block: usize| _mm256_loadu_si256(blocks.add(block * STRIDE + AT).cast());
            let pair = |block| _mm512_inserti64x4::<1>(_mm512_castsi256_si512(part(block)), part(block + 1));
            let (ab, cd) = (pair(0), pair(2));
            let first = _mm512_shuffle_i32x4::<0b10_00_10_00>(ab, cd);
            let last = _mm512_shuffle_i32x4::<0b11_01_11_01>(ab, cd);
            [
                _mm512_srai_epi16::<8>(_mm512_slli_epi16::<8>(first)),
                _mm512_srai_epi16::<8>(_mm512_slli_epi16::<8>(last)),
                _mm512_srai_epi16::<8>(first),
                _mm512_srai_epi16::<8>(last),
            ]
        }
    }
    #[inline(always)]
    unsafe fn first_halves<const STRIDE: usize>(blocks: *const u8) -> Self {
        // SAFETY: see above.
        unsafe {
            let four = if const { STRIDE.is_multiple_of(2) && 3 * STRIDE + 2 <= 64 } {
                let place = const { STRIDE as i16 / 2 };
                let places = _mm512_castsi128_si512(_mm_set_epi16(0, 0, 0, 0, 3 * place, 2 * place, place, 0));
                _mm512_castsi512_si128(_mm512_permutexvar_epi16(places, _mm512_loadu_si512(blocks.cast())))
            } else {
                let half = |block: usize| blocks.add(block * STRIDE).cast::<i16>().read_unaligned();
                _mm_set_epi16(0, 0, 0, 0, half(3), half(2), half(1), half(0))
            };
            let numbers = _mm_cvtph_ps(four);
            Avx512(_mm512_permutexvar_ps(four_times!(0, 1, 2, 3), _mm512_castps128_ps512(numbers)))
        }
    }
    #[inline(always)]
    unsafe fn first_two_halves<const STRIDE: usize>(blocks: *const u8) -> [Self; 2] {
        // SAFETY: see above.
        unsafe {
            const { assert!(STRIDE.is_multiple_of(4) && 3 * STRIDE + 4 <= 64) };
            let place = const { STRIDE as i32 / 4 };
            let places = _mm512_castsi128_si512(_mm_set_epi32(3 * place, 2 * place, place, 0));
            let all = _mm512_permutexvar_epi32(places, _mm512_loadu_si512(blocks.cast()));
            let numbers = _mm512_castps256_ps512(_mm256_cvtph_ps(_mm512_castsi512_si128(all)));
            [
                Avx512(_mm512_permutexvar_ps(four_times!(0, 2, 4, 6), numbers)),
                Avx512(_mm512_permutexvar_ps(four_times!(1, 3, 5, 7), numbers)),
            ]
        }
    }
}
