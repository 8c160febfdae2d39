//! Vectors of WebAssembly, of a program that was compiled with them: `-C target-feature=+simd128`.

use super::pair::Pair;
use super::vector::{Lanes, OutlinedKernel, Vector};
use half::{bf16, f16};
use std::arch::wasm32::*;

// SAFETY of every block below: whoever calls a method promises that slices are long enough. A program with these
// instructions is not loaded where they are missing.

/// 4 numbers, by the instructions of `simd128`.
#[derive(Clone, Copy)]
pub struct Simd128(v128);

/// Methods that are one instruction each.
macro_rules! by_instruction { ($(fn $name:ident($($other:ident),*) = $instruction:ident;)*) => {$(
    #[inline(always)]
    unsafe fn $name(self, $($other: Self),*) -> Self {
        Simd128($instruction(self.0, $($other.0),*))
    }
)*} }

// SAFETY: it holds its lanes, and nothing else.
unsafe impl Lanes for Simd128 {
    type Element = f32;
    const LANES: usize = 4;
    // Of the 16 registers that the processors with the fewest have.
    const TILE: usize = 6;
    type HalfLanes = Self;

    by_instruction! {
        fn add(other) = f32x4_add;
    }
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Simd128(f32x4_splat(x))
    }
    #[inline(always)]
    unsafe fn load(from: &[f32]) -> Self {
        debug_assert!(from.len() >= 4);
        // SAFETY: see above.
        Simd128(unsafe { v128_load(from.as_ptr().cast()) })
    }
    #[inline(always)]
    unsafe fn store(self, to: &mut [f32]) {
        debug_assert!(to.len() >= 4);
        // SAFETY: see above.
        unsafe { v128_store(to.as_mut_ptr().cast(), self.0) }
    }
    #[inline(always)]
    unsafe fn transpose_4x4(rows: [&[f32]; 4], factor: f32, to: &mut [f32], stride: usize) {
        debug_assert!(to.len() >= 3 * stride + 4);
        // SAFETY: see above.
        unsafe {
            let factor = Self::splat(factor);
            let rows = rows.map(|row| Self::load(row).mul(factor));
            for (column, vector) in transposed(rows).into_iter().enumerate() {
                vector.store(&mut to[column * stride..]);
            }
        }
    }
    #[inline(always)]
    unsafe fn transpose_groups(four: [Self; 4]) -> [Self; 4] {
        transposed(four)
    }
    #[inline(always)]
    unsafe fn accumulate(self, factor: Self, addend: Self) -> Self {
        Simd128(f32x4_add(f32x4_mul(self.0, factor.0), addend.0))
    }
    #[inline(always)]
    unsafe fn sums(four: [Self; 4]) -> [f32; 4] {
        let mut sums = [0.0; 4];
        // SAFETY: see above.
        unsafe { Self::group_sums(four).store(&mut sums) };
        sums
    }
}

// SAFETY: its lanes are those above.
unsafe impl Vector for Simd128 {
    type Half = Self;
    type Double = Pair<Simd128Double, Simd128Double>;

    #[inline(never)]
    unsafe fn call<W: Vector, R: OutlinedKernel>(routine: R) -> R::Output {
        // SAFETY: the caller's.
        unsafe { routine.run::<W>() }
    }
    #[inline(always)]
    unsafe fn group_sums(four: [Self; 4]) -> Self {
        let [a, b, c, d] = transposed(four);
        // SAFETY: see above.
        unsafe { a.add(c).add(b.add(d)) }
    }
    #[inline(always)]
    unsafe fn group_maxima(four: [Self; 4]) -> Self {
        let [a, b, c, d] = transposed(four);
        // SAFETY: see above.
        unsafe { a.max(c).max(b.max(d)) }
    }
    by_instruction! {
        fn sub(other) = f32x4_sub;
        fn mul(other) = f32x4_mul;
        fn div(other) = f32x4_div;
        fn sqrt() = f32x4_sqrt;
        fn abs() = f32x4_abs;
        fn round() = f32x4_nearest;
    }
    // There is no fused instruction. In double precision the product is exact.
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
        let low = f64x2_promote_low_f32x4;
        let high = |x: v128| f64x2_promote_low_f32x4(i64x2_shuffle::<1, 1>(x, x));
        let lower = f64x2_add(f64x2_mul(low(self.0), low(factor.0)), low(addend.0));
        let upper = f64x2_add(f64x2_mul(high(self.0), high(factor.0)), high(addend.0));
        let [lower, upper] = [f32x4_demote_f64x2_zero(lower), f32x4_demote_f64x2_zero(upper)];
        Simd128(i64x2_shuffle::<0, 2>(lower, upper))
    }
    // Of two numbers these give the first, unless the second is larger, or smaller.
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        Simd128(f32x4_pmax(other.0, self.0))
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        Simd128(f32x4_pmin(other.0, self.0))
    }
    #[inline(always)]
    unsafe fn copysign(self, other: Self) -> Self {
        Simd128(v128_bitselect(other.0, self.0, i32x4_splat(i32::MIN)))
    }
    #[inline(always)]
    unsafe fn ldexp(self, n: Self) -> Self {
        /// 2ⁿ for `n` from -126 to 127.
        #[inline(always)]
        fn power_of_two(n: v128) -> Simd128 {
            Simd128(i32x4_shl(i32x4_add(n, i32x4_splat(127)), 23))
        }
        // In two steps, the first of which does not leave the normal numbers.
        let n = i32x4_trunc_sat_f32x4(n.0);
        let half = i32x4_shr(n, 1);
        // SAFETY: see above.
        unsafe { self.mul(power_of_two(half)).mul(power_of_two(i32x4_sub(n, half))) }
    }
    #[inline(always)]
    unsafe fn select_less(self, limit: Self, then: Self, otherwise: Self) -> Self {
        Simd128(v128_bitselect(then.0, otherwise.0, f32x4_lt(self.0, limit.0)))
    }
    #[inline(always)]
    unsafe fn select_nan(self, then: Self, otherwise: Self) -> Self {
        Simd128(v128_bitselect(otherwise.0, then.0, f32x4_eq(self.0, self.0)))
    }
    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        let halves = f32x4_add(self.0, i64x2_shuffle::<1, 1>(self.0, self.0));
        f32x4_extract_lane::<0>(halves) + f32x4_extract_lane::<1>(halves)
    }
    #[inline(always)]
    unsafe fn largest(four: [Self; 4]) -> [f32; 4] {
        let mut largest = [0.0; 4];
        // SAFETY: see above.
        unsafe { Self::group_maxima(four).store(&mut largest) };
        largest
    }

    #[inline(always)]
    unsafe fn load_f16(from: &[f16]) -> Self {
        debug_assert!(from.len() >= 4);
        // SAFETY: see above.
        let bits = unsafe { u32x4_load_extend_u16x4(from.as_ptr().cast()) };
        Simd128(widened(bits))
    }
    #[inline(always)]
    unsafe fn load_bf16(from: &[bf16]) -> Self {
        debug_assert!(from.len() >= 4);
        // SAFETY: see above.
        Simd128(i32x4_shl(unsafe { u32x4_load_extend_u16x4(from.as_ptr().cast()) }, 16))
    }
    #[inline(always)]
    unsafe fn store_bf16(self, to: &mut [bf16]) {
        debug_assert!(to.len() >= 4);
        let upper = u32x4_shr(self.0, 16);
        // More than a half carries, and a half does if the last bit that stays is odd.
        let half = i32x4_add(v128_and(upper, i32x4_splat(1)), i32x4_splat(0x7fff));
        let rounded = u32x4_shr(i32x4_add(self.0, half), 16);
        // A NaN could lose all its digits, and be infinity: one of them is set.
        let nan = v128_or(upper, i32x4_splat(0x40));
        let rounded = v128_bitselect(rounded, nan, f32x4_eq(self.0, self.0));
        let narrow = u16x8_narrow_i32x4(rounded, rounded);
        // SAFETY: see above.
        unsafe { v128_store64_lane::<0>(narrow, to.as_mut_ptr().cast()) }
    }
    #[inline(always)]
    unsafe fn splat_f16(x: f16) -> Self {
        Simd128(widened(i32x4_splat(x.to_bits().into())))
    }

    #[inline(always)]
    unsafe fn load_i8(from: &[u8]) -> Self {
        // SAFETY: see above.
        let wide = i16x8_extend_low_i8x16(unsafe { four_bytes(from) });
        Simd128(f32x4_convert_i32x4(i32x4_extend_low_i16x8(wide)))
    }
    #[inline(always)]
    unsafe fn load_bits(from: &[u8], shift: u32, mask: u8) -> Self {
        // SAFETY: see above.
        let bytes = u32x4_extend_low_u16x8(u16x8_extend_low_u8x16(unsafe { four_bytes(from) }));
        Simd128(f32x4_convert_i32x4(v128_and(u32x4_shr(bytes, shift), i32x4_splat(mask.into()))))
    }
    #[inline(always)]
    unsafe fn masked_add(self, bits: u32, addend: Self) -> Self {
        let lanes = i32x4(1, 2, 4, 8);
        let set = i32x4_eq(v128_and(i32x4_splat(bits as i32), lanes), lanes);
        Simd128(v128_bitselect(f32x4_add(self.0, addend.0), self.0, set))
    }
}

/// 2 numbers of double precision, by the instructions of `simd128`.
#[derive(Clone, Copy)]
pub struct Simd128Double(v128);

// SAFETY: it holds its lanes, and nothing else.
unsafe impl Lanes for Simd128Double {
    type Element = f64;
    const LANES: usize = 2;
    // Of pairs of these vectors.
    const TILE: usize = 3;
    type HalfLanes = Self;

    #[inline(always)]
    unsafe fn splat(x: f64) -> Self {
        Simd128Double(f64x2_splat(x))
    }
    #[inline(always)]
    unsafe fn load(from: &[f64]) -> Self {
        debug_assert!(from.len() >= 2);
        // SAFETY: see above.
        Simd128Double(unsafe { v128_load(from.as_ptr().cast()) })
    }
    #[inline(always)]
    unsafe fn store(self, to: &mut [f64]) {
        debug_assert!(to.len() >= 2);
        // SAFETY: see above.
        unsafe { v128_store(to.as_mut_ptr().cast(), self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Simd128Double(f64x2_add(self.0, other.0))
    }
    #[inline(always)]
    unsafe fn accumulate(self, factor: Self, addend: Self) -> Self {
        Simd128Double(f64x2_add(f64x2_mul(self.0, factor.0), addend.0))
    }
}

/// The first four bytes of a slice, and zeros.
#[inline(always)]
unsafe fn four_bytes(from: &[u8]) -> v128 {
    debug_assert!(from.len() >= 4);
    // SAFETY: see above.
    unsafe { v128_load32_zero(from.as_ptr().cast()) }
}

/// Rows as columns.
#[inline(always)]
fn transposed([a, b, c, d]: [Simd128; 4]) -> [Simd128; 4] {
    let [low_ab, low_cd] = [i32x4_shuffle::<0, 4, 1, 5>(a.0, b.0), i32x4_shuffle::<0, 4, 1, 5>(c.0, d.0)];
    let [high_ab, high_cd] = [i32x4_shuffle::<2, 6, 3, 7>(a.0, b.0), i32x4_shuffle::<2, 6, 3, 7>(c.0, d.0)];
    [
        Simd128(i64x2_shuffle::<0, 2>(low_ab, low_cd)),
        Simd128(i64x2_shuffle::<1, 3>(low_ab, low_cd)),
        Simd128(i64x2_shuffle::<0, 2>(high_ab, high_cd)),
        Simd128(i64x2_shuffle::<1, 3>(high_ab, high_cd)),
    ]
}

/// Numbers of half precision, the lower 16 bits of each lane, as `f32`.
#[inline(always)]
fn widened(bits: v128) -> v128 {
    // Each part in its place, but the exponent, which is counted from 15 and not from 127.
    let parts = v128_and(i32x4_shr(i32x4_shl(bits, 16), 3), i32x4_splat(0x8fff_e000u32 as i32));
    let number = f32x4_mul(parts, f32x4_splat(f32::from_bits((127 + 127 - 15) << 23)));
    // Infinity and NaN have the largest exponent in both formats.
    let beyond = f32x4_ge(f32x4_abs(number), f32x4_splat(65536.0));
    v128_or(number, v128_and(beyond, f32x4_splat(f32::INFINITY)))
}
