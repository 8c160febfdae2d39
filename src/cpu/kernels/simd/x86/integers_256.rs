//! Products of integers by AVX2.

use super::super::integers::IntegerVector;
use super::avx2::Avx2;
use std::arch::x86_64::*;

// SAFETY of every block below: whoever calls a method promises that the processor has the instructions, and that memory
// holds what is read or written.

/// 16 bytes of each of the two blocks, this far apart.
#[inline(always)]
unsafe fn two_parts(from: *const u8, stride: usize) -> __m256i {
    // SAFETY: see above.
    unsafe { _mm256_loadu2_m128i(from.add(stride).cast(), from.cast()) }
}

/// The even bytes of two vectors, and the odd ones.
#[inline(always)]
unsafe fn words(first: __m256i, last: __m256i) -> [__m256i; 4] {
    // SAFETY: see above.
    unsafe {
        let even = _mm256_set1_epi16(255);
        [
            _mm256_and_si256(first, even),
            _mm256_and_si256(last, even),
            _mm256_srli_epi16::<8>(first),
            _mm256_srli_epi16::<8>(last),
        ]
    }
}

/// The upper 4 bits of each byte.
#[inline(always)]
unsafe fn upper_halves(x: __m256i) -> __m256i {
    // SAFETY: see above.
    unsafe { _mm256_and_si256(_mm256_srli_epi16::<4>(x), _mm256_set1_epi8(15)) }
}

/// Each of these lanes, four times.
macro_rules! four_times {
    ($a:literal, $b:literal) => {
        _mm256_set_epi32($b, $b, $b, $b, $a, $a, $a, $a)
    };
}

// SAFETY: see above.
unsafe impl IntegerVector for Avx2 {
    const OUTPUTS: usize = 1;
    type Integers = __m256i;

    #[inline(always)]
    unsafe fn load_integers(from: *const u32) -> __m256i {
        // SAFETY: see above.
        unsafe { _mm256_loadu_si256(from.cast()) }
    }
    #[inline(always)]
    unsafe fn store_integers(x: __m256i, to: *mut u32) {
        // SAFETY: see above.
        unsafe { _mm256_storeu_si256(to.cast(), x) }
    }
    #[inline(always)]
    unsafe fn splat_words(x: i16) -> __m256i {
        // SAFETY: see above.
        unsafe { _mm256_set1_epi16(x) }
    }
    #[inline(always)]
    unsafe fn subtract_words(x: __m256i, y: __m256i) -> __m256i {
        // SAFETY: see above.
        unsafe { _mm256_sub_epi16(x, y) }
    }
    #[inline(always)]
    unsafe fn dot_words(x: __m256i, y: __m256i, sums: __m256i) -> __m256i {
        // SAFETY: see above.
        unsafe { _mm256_add_epi32(sums, _mm256_madd_epi16(x, y)) }
    }
    #[inline(always)]
    unsafe fn round_to_integers(self) -> __m256i {
        // SAFETY: see above.
        unsafe { _mm256_cvtps_epi32(self.0) }
    }
    #[inline(always)]
    unsafe fn pair_words(low: __m256i, high: __m256i) -> __m256i {
        // SAFETY: see above.
        unsafe { _mm256_blend_epi16::<0xaa>(low, _mm256_slli_epi32::<16>(high)) }
    }
    #[inline(always)]
    unsafe fn pair_bytes(even: __m256i, odd: __m256i) -> __m256i {
        // SAFETY: see above.
        unsafe { _mm256_blendv_epi8(even, _mm256_slli_epi16::<8>(odd), _mm256_set1_epi16(-256)) }
    }
    #[inline(always)]
    unsafe fn dot_bytes(bytes: __m256i, x: __m256i, sums: __m256i, are_wide: bool) -> __m256i {
        // SAFETY: see above.
        unsafe {
            // Two products of 127 or 128 by 127 are the most that fits into 16 bits.
            let dots = |bytes: __m256i| _mm256_madd_epi16(_mm256_maddubs_epi16(bytes, x), _mm256_set1_epi16(1));
            if !are_wide {
                return _mm256_add_epi32(sums, dots(bytes));
            }
            let highest = _mm256_set1_epi8(-128);
            let sums = _mm256_add_epi32(sums, dots(_mm256_and_si256(bytes, highest)));
            _mm256_add_epi32(sums, dots(_mm256_andnot_si256(highest, bytes)))
        }
    }
    #[inline(always)]
    unsafe fn shift_left(x: __m256i, bits: u32) -> __m256i {
        // SAFETY: see above.
        unsafe { _mm256_sll_epi32(x, _mm_cvtsi32_si128(bits as i32)) }
    }
    #[inline(always)]
    unsafe fn to_floats(x: __m256i) -> Self {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_cvtepi32_ps(x) })
    }
    #[inline(always)]
    unsafe fn nibbles<const STRIDE: usize, const AT: usize>(blocks: *const u8) -> [__m256i; 4] {
        // SAFETY: see above.
        unsafe {
            let (all, low) = (two_parts(blocks.add(AT), STRIDE), _mm256_set1_epi16(15));
            [
                _mm256_and_si256(all, low),
                _mm256_and_si256(_mm256_srli_epi16::<4>(all), low),
                _mm256_and_si256(_mm256_srli_epi16::<8>(all), low),
                _mm256_srli_epi16::<12>(all),
            ]
        }
    }
    #[inline(always)]
    unsafe fn bytes<const STRIDE: usize, const AT: usize>(blocks: *const u8) -> [__m256i; 4] {
        // SAFETY: see above.
        unsafe {
            let (first, last) = (two_parts(blocks.add(AT), STRIDE), two_parts(blocks.add(AT + 16), STRIDE));
            [
                _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(first)),
                _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(last)),
                _mm256_srai_epi16::<8>(first),
                _mm256_srai_epi16::<8>(last),
            ]
        }
    }
    #[inline(always)]
    unsafe fn nibbles_of_pairs(bytes: *const u8, block: usize) -> [__m256i; 4] {
        // SAFETY: see above.
        unsafe {
            let [first, last] = Self::nibble_bytes_of_pairs(bytes, block);
            words(first, last)
        }
    }
    #[inline(always)]
    unsafe fn nibble_bytes_of_pairs(bytes: *const u8, _block: usize) -> [__m256i; 2] {
        // SAFETY: see above.
        unsafe {
            let all = _mm256_loadu_si256(bytes.cast());
            let (low, high) = (_mm256_and_si256(all, _mm256_set1_epi8(15)), upper_halves(all));
            [_mm256_permute2x128_si256::<0x20>(low, high), _mm256_permute2x128_si256::<0x31>(low, high)]
        }
    }
    #[inline(always)]
    unsafe fn six_bits(low: *const u8, high: *const u8, block: usize) -> [__m256i; 2] {
        // SAFETY: see above.
        unsafe {
            // The first two blocks have the lower halves of bytes, the last two the upper ones.
            let upper = _mm_cvtsi32_si128(block as i32 / 2 * 4);
            let shifts = _mm256_add_epi64(_mm256_set_epi64x(2, 2, 0, 0), _mm256_set1_epi64x(block as i64 * 2));
            let (half, bits) = (_mm256_set1_epi8(15), _mm256_set1_epi8(3));
            let part = |at: usize| {
                let low = _mm256_and_si256(_mm256_srl_epi16(two_parts(low.add(at), 32), upper), half);
                let high = _mm256_broadcastsi128_si256(_mm_loadu_si128(high.add(at).cast()));
                let high = _mm256_and_si256(_mm256_srlv_epi64(high, shifts), bits);
                _mm256_or_si256(low, _mm256_slli_epi16::<4>(high))
            };
            [part(0), part(16)]
        }
    }
    #[inline(always)]
    unsafe fn scaled_six_bits(low: *const u8, high: *const u8, scales: *const i8, block: usize) -> [__m256i; 4] {
        // SAFETY: see above.
        unsafe {
            let [first, last] = Self::six_bits(low, high, block);
            let mut all = words(first, last);
            let scale = |index: usize| _mm_set1_epi16(scales.add(index).read() as i16);
            let scales = [_mm256_set_m128i(scale(2), scale(0)), _mm256_set_m128i(scale(3), scale(1))];
            for vector in 0..4 {
                let around_zero = _mm256_sub_epi16(all[vector], _mm256_set1_epi16(32));
                all[vector] = _mm256_mullo_epi16(around_zero, scales[vector % 2]);
            }
            all
        }
    }
    #[inline(always)]
    unsafe fn nibble_bytes<const STRIDE: usize, const AT: usize>(blocks: *const u8) -> [__m256i; 2] {
        // SAFETY: see above.
        unsafe {
            let all = two_parts(blocks.add(AT), STRIDE);
            [_mm256_and_si256(all, _mm256_set1_epi8(15)), upper_halves(all)]
        }
    }
    #[inline(always)]
    unsafe fn raised_bytes<const STRIDE: usize, const AT: usize>(blocks: *const u8) -> [__m256i; 2] {
        // SAFETY: see above.
        unsafe { [AT, AT + 16].map(|at| _mm256_xor_si256(two_parts(blocks.add(at), STRIDE), _mm256_set1_epi8(-128))) }
    }
    #[inline(always)]
    unsafe fn half_scales(scales: *const i8) -> [Self; 2] {
        // SAFETY: see above.
        unsafe {
            let numbers = _mm_cvtepi32_ps(_mm_cvtepi8_epi32(_mm_cvtsi32_si128(scales.cast::<i32>().read_unaligned())));
            let numbers = _mm256_castps128_ps256(numbers);
            [
                Avx2(_mm256_permutevar8x32_ps(numbers, four_times!(0, 2))),
                Avx2(_mm256_permutevar8x32_ps(numbers, four_times!(1, 3))),
            ]
        }
    }
    #[inline(always)]
    unsafe fn splat_bytes(bytes: u32) -> Self {
        // SAFETY: see above.
        unsafe {
            let numbers = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_cvtsi32_si128(bytes as i32)));
            Avx2(_mm256_permutevar8x32_ps(numbers, four_times!(0, 1)))
        }
    }
    #[inline(always)]
    unsafe fn first_halves<const STRIDE: usize>(blocks: *const u8) -> Self {
        // SAFETY: see above.
        unsafe {
            let half = |block: usize| blocks.add(block * STRIDE).cast::<i16>().read_unaligned();
            let numbers = _mm_cvtph_ps(_mm_set_epi16(0, 0, 0, 0, 0, 0, half(1), half(0)));
            Avx2(_mm256_permutevar8x32_ps(_mm256_castps128_ps256(numbers), four_times!(0, 1)))
        }
    }
    #[inline(always)]
    unsafe fn first_two_halves<const STRIDE: usize>(blocks: *const u8) -> [Self; 2] {
        // SAFETY: see above.
        unsafe {
            let two = |block: usize| blocks.add(block * STRIDE).cast::<i32>().read_unaligned();
            let numbers = _mm256_castps128_ps256(_mm_cvtph_ps(_mm_set_epi32(0, 0, two(1), two(0))));
            [
                Avx2(_mm256_permutevar8x32_ps(numbers, four_times!(0, 2))),
                Avx2(_mm256_permutevar8x32_ps(numbers, four_times!(1, 3))),
            ]
        }
    }
}
