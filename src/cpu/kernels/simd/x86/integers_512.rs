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

/// The upper 4 bits of each byte.
#[inline(always)]
unsafe fn upper_halves(x: __m512i) -> __m512i {
    // SAFETY: see above.
    unsafe { _mm512_and_si512(_mm512_srli_epi16::<4>(x), _mm512_set1_epi8(15)) }
}

/// The even bytes of two vectors, and the odd ones.
#[inline(always)]
unsafe fn words(first: __m512i, last: __m512i) -> [__m512i; 4] {
    // SAFETY: see above.
    unsafe {
        let even = _mm512_set1_epi16(255);
        [
            _mm512_and_si512(first, even),
            _mm512_and_si512(last, even),
            _mm512_srli_epi16::<8>(first),
            _mm512_srli_epi16::<8>(last),
        ]
    }
}

/// The 16 bytes at `AT` of each of four blocks.
#[inline(always)]
unsafe fn parts<const STRIDE: usize, const AT: usize>(blocks: *const u8) -> __m512i {
    // SAFETY: see above.
    unsafe {
        let vector = |at: usize| _mm512_loadu_si512(blocks.add(at).cast());
        let (first, last) = (vector(0), vector(const { end(STRIDE, AT) - 64 }));
        if const { STRIDE.is_multiple_of(4) && AT.is_multiple_of(4) } {
            let places = const { places(STRIDE, AT) };
            _mm512_permutex2var_epi32(first, _mm512_loadu_si512(places.as_ptr().cast()), last)
        } else {
            let places = const { narrow_places(STRIDE, AT) };
            _mm512_permutex2var_epi16(first, _mm512_loadu_si512(places.as_ptr().cast()), last)
        }
    }
}

/// The first 16 of the bytes at `AT` of each of four blocks, and the next 16.
#[inline(always)]
unsafe fn halves<const STRIDE: usize, const AT: usize>(blocks: *const u8) -> [__m512i; 2] {
    // SAFETY: see above.
    unsafe {
        let part = |block: usize| _mm256_loadu_si256(blocks.add(block * STRIDE + AT).cast());
        let pair = |block| _mm512_inserti64x4::<1>(_mm512_castsi256_si512(part(block)), part(block + 1));
        let (ab, cd) = (pair(0), pair(2));
        [_mm512_shuffle_i32x4::<0b10_00_10_00>(ab, cd), _mm512_shuffle_i32x4::<0b11_01_11_01>(ab, cd)]
    }
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
    unsafe fn round_to_integers(self) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_cvtps_epi32(self.0) }
    }
    #[inline(always)]
    unsafe fn pair_words(low: __m512i, high: __m512i) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_mask_blend_epi16(0xaaaa_aaaa, low, _mm512_slli_epi32::<16>(high)) }
    }
    #[inline(always)]
    unsafe fn pair_bytes(even: __m512i, odd: __m512i) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_mask_blend_epi8(0xaaaa_aaaa_aaaa_aaaa, even, _mm512_slli_epi16::<8>(odd)) }
    }
    #[inline(always)]
    unsafe fn dot_bytes(bytes: __m512i, x: __m512i, sums: __m512i, _are_wide: bool) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_dpbusd_epi32(sums, bytes, x) }
    }
    #[inline(always)]
    unsafe fn shift_left(x: __m512i, bits: u32) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_sll_epi32(x, _mm_cvtsi32_si128(bits as i32)) }
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
            let (all, low) = (parts::<STRIDE, AT>(blocks), _mm512_set1_epi16(15));
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
            let [first, last] = halves::<STRIDE, AT>(blocks);
            [
                _mm512_srai_epi16::<8>(_mm512_slli_epi16::<8>(first)),
                _mm512_srai_epi16::<8>(_mm512_slli_epi16::<8>(last)),
                _mm512_srai_epi16::<8>(first),
                _mm512_srai_epi16::<8>(last),
            ]
        }
    }
    #[inline(always)]
    unsafe fn nibbles_of_pairs(bytes: *const u8, block: usize) -> [__m512i; 4] {
        // SAFETY: see above.
        unsafe {
            let [first, last] = Self::nibble_bytes_of_pairs(bytes, block);
            words(first, last)
        }
    }
    #[inline(always)]
    unsafe fn nibble_bytes_of_pairs(bytes: *const u8, _block: usize) -> [__m512i; 2] {
        // SAFETY: see above.
        unsafe {
            let all = _mm512_loadu_si512(bytes.cast());
            let (low, high) = (_mm512_and_si512(all, _mm512_set1_epi8(15)), upper_halves(all));
            // The lanes of 16 bytes: two of a block, and two of the second one behind it.
            [
                _mm512_permutex2var_epi64(low, _mm512_set_epi64(13, 12, 5, 4, 9, 8, 1, 0), high),
                _mm512_permutex2var_epi64(low, _mm512_set_epi64(15, 14, 7, 6, 11, 10, 3, 2), high),
            ]
        }
    }
    #[inline(always)]
    unsafe fn six_bits(low: *const u8, high: *const u8, _block: usize) -> [__m512i; 2] {
        // SAFETY: see above.
        unsafe {
            let all = _mm512_loadu_si512(low.cast());
            let (lower, upper) = (_mm512_and_si512(all, _mm512_set1_epi8(15)), upper_halves(all));
            let shifts = _mm512_set_epi64(6, 6, 4, 4, 2, 2, 0, 0);
            let last_bits = |at: usize| {
                let bits = _mm512_srlv_epi64(_mm512_broadcast_i32x4(_mm_loadu_si128(high.add(at).cast())), shifts);
                _mm512_slli_epi16::<4>(_mm512_and_si512(bits, _mm512_set1_epi8(3)))
            };
            [
                _mm512_or_si512(_mm512_shuffle_i32x4::<0b10_00_10_00>(lower, upper), last_bits(0)),
                _mm512_or_si512(_mm512_shuffle_i32x4::<0b11_01_11_01>(lower, upper), last_bits(16)),
            ]
        }
    }
    #[inline(always)]
    unsafe fn scaled_six_bits(low: *const u8, high: *const u8, scales: *const i8, block: usize) -> [__m512i; 4] {
        // SAFETY: see above.
        unsafe {
            let [first, last] = Self::six_bits(low, high, block);
            let scales = _mm512_castsi128_si512(_mm_cvtepi8_epi16(_mm_loadl_epi64(scales.cast())));
            // The same in both words of 32 bits.
            let places = four_times!(0, 0x0002_0002, 0x0004_0004, 0x0006_0006);
            let next_places = _mm512_or_si512(places, _mm512_set1_epi16(1));
            let scales = [_mm512_permutexvar_epi16(places, scales), _mm512_permutexvar_epi16(next_places, scales)];
            let mut all = words(first, last);
            for vector in 0..4 {
                let around_zero = _mm512_sub_epi16(all[vector], _mm512_set1_epi16(32));
                all[vector] = _mm512_mullo_epi16(around_zero, scales[vector % 2]);
            }
            all
        }
    }
    #[inline(always)]
    unsafe fn nibble_bytes<const STRIDE: usize, const AT: usize>(blocks: *const u8) -> [__m512i; 2] {
        // SAFETY: see above.
        unsafe {
            let all = parts::<STRIDE, AT>(blocks);
            [_mm512_and_si512(all, _mm512_set1_epi8(15)), upper_halves(all)]
        }
    }
    #[inline(always)]
    unsafe fn raised_bytes<const STRIDE: usize, const AT: usize>(blocks: *const u8) -> [__m512i; 2] {
        // SAFETY: see above.
        unsafe { halves::<STRIDE, AT>(blocks).map(|half| _mm512_xor_si512(half, _mm512_set1_epi8(-128))) }
    }
    #[inline(always)]
    unsafe fn half_scales(scales: *const i8) -> [Self; 2] {
        // SAFETY: see above.
        unsafe {
            let numbers = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(scales.cast())));
            let numbers = _mm512_castps256_ps512(numbers);
            [
                Avx512(_mm512_permutexvar_ps(four_times!(0, 2, 4, 6), numbers)),
                Avx512(_mm512_permutexvar_ps(four_times!(1, 3, 5, 7), numbers)),
            ]
        }
    }
    #[inline(always)]
    unsafe fn splat_bytes(bytes: u32) -> Self {
        // SAFETY: see above.
        unsafe {
            let numbers = _mm_cvtepi32_ps(_mm_cvtepu8_epi32(_mm_cvtsi32_si128(bytes as i32)));
            Avx512(_mm512_permutexvar_ps(four_times!(0, 1, 2, 3), _mm512_castps128_ps512(numbers)))
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
