//! The abstraction over SIMD vectors that kernels are written in: see [`Lanes`] too.

use half::{bf16, f16};

pub use super::lanes::{LINE, Lanes, MAX_LANES, load, store};

/// A SIMD vector of `f32`.
///
/// # Safety
/// As of [`Lanes`].
pub unsafe trait Vector: Lanes<Element = f32> {
    /// A vector of half as many lanes, where its operations are cheaper; else this one.
    type Half: Vector;
    /// Lanes of `f64` by the same instructions.
    type Double: Lanes<Element = f64>;

    /// Runs a kernel over vectors `W`, which need no other instructions than this one, as a function of its own.
    unsafe fn call<W: Vector, R: OutlinedKernel>(routine: R) -> R::Output;

    /// The first 4 elements of a slice, broadcast to each group of four lanes.
    #[inline(always)]
    unsafe fn splat_group(from: &[f32]) -> Self {
        const { assert!(Self::LANES == 4) };
        // SAFETY: the caller's.
        unsafe { Self::load(from) }
    }
    /// In each group of four lanes, the sums of this group of each of four vectors.
    #[inline(always)]
    unsafe fn group_sums(four: [Self; 4]) -> Self {
        const { assert!(Self::LANES == 4) };
        // SAFETY: the caller's.
        unsafe { Self::load(&Self::sums(four)) }
    }
    /// In each group of four lanes, the maxima of this group of each of four vectors, where none is NaN.
    #[inline(always)]
    unsafe fn group_maxima(four: [Self; 4]) -> Self {
        const { assert!(Self::LANES == 4) };
        // SAFETY: the caller's.
        unsafe { Self::load(&Self::largest(four)) }
    }

    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    unsafe fn div(self, other: Self) -> Self;
    /// `self · factor + addend`, rounded once.
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self;
    unsafe fn sqrt(self) -> Self;
    /// The larger; `other` where one is NaN, or both are zero.
    unsafe fn max(self, other: Self) -> Self;
    /// The smaller; `other` where one is NaN, or both are zero.
    unsafe fn min(self, other: Self) -> Self;
    unsafe fn abs(self) -> Self;
    /// This magnitude, with the sign of another.
    unsafe fn copysign(self, other: Self) -> Self;
    /// The nearest whole number, the even one of two.
    unsafe fn round(self) -> Self;
    /// `self · 2ⁿ` for `self` from 1/4 to 2¹¹ and a whole number `n` from -250 to 250, rounded once.
    unsafe fn ldexp(self, n: Self) -> Self;
    /// `self · 2ⁿ` for `self` from 1/4 to 2¹¹ and any whole number `n`: zero below -126, whatever `self` is there, and above 127
    /// at least 2¹²⁵.
    #[inline(always)]
    unsafe fn ldexp_saturating(self, n: Self) -> Self {
        // SAFETY: the caller's.
        unsafe {
            let scaled = self.ldexp(Self::splat(-130.0).max(Self::splat(127.0).min(n)));
            n.select_less(Self::splat(-126.0), Self::splat(0.0), scaled)
        }
    }
    /// `then` where `self < limit`, `otherwise` elsewhere, also where `self` is NaN.
    unsafe fn select_less(self, limit: Self, then: Self, otherwise: Self) -> Self;
    /// `then` where `self` is NaN, `otherwise` elsewhere.
    unsafe fn select_nan(self, then: Self, otherwise: Self) -> Self;
    /// The sum of all lanes, in halves.
    unsafe fn sum(self) -> f32;
    /// For each of four vectors the largest of all lanes, where none is NaN.
    unsafe fn largest(four: [Self; 4]) -> [f32; 4];

    /// The first numbers of a slice, widened.
    #[inline(always)]
    unsafe fn load_f16(from: &[f16]) -> Self {
        let mut wide = [0.0; MAX_LANES];
        wide.iter_mut().zip(&from[..Self::LANES]).for_each(|(wide, x)| *wide = x.to_f32());
        // SAFETY: as above.
        unsafe { Self::load(&wide) }
    }
    /// Rounded to the nearest, of two to the even one.
    #[inline(always)]
    unsafe fn store_f16(self, to: &mut [f16]) {
        let mut wide = [0.0; MAX_LANES];
        // SAFETY: as above.
        unsafe { self.store(&mut wide) };
        to[..Self::LANES].iter_mut().zip(wide).for_each(|(to, wide)| *to = f16::from_f32(wide));
    }
    /// The first numbers of a slice, widened.
    #[inline(always)]
    unsafe fn load_bf16(from: &[bf16]) -> Self {
        let mut wide = [0.0; MAX_LANES];
        wide.iter_mut().zip(&from[..Self::LANES]).for_each(|(wide, x)| *wide = x.to_f32());
        // SAFETY: as above.
        unsafe { Self::load(&wide) }
    }
    /// Rounded to the nearest, of two to the even one.
    #[inline(always)]
    unsafe fn store_bf16(self, to: &mut [bf16]) {
        let mut wide = [0.0; MAX_LANES];
        // SAFETY: as above.
        unsafe { self.store(&mut wide) };
        to[..Self::LANES].iter_mut().zip(wide).for_each(|(to, wide)| *to = bf16::from_f32(wide));
    }

    /// A number of half precision in each lane.
    #[inline(always)]
    unsafe fn splat_f16(x: f16) -> Self {
        // SAFETY: the caller's.
        unsafe { Self::splat(x.to_f32()) }
    }
    /// The two numbers of half precision that the first four bytes of a slice are, each in all lanes.
    #[inline(always)]
    unsafe fn splat_two_f16(from: &[u8]) -> [Self; 2] {
        let half = |at: usize| f16::from_le_bytes([from[at], from[at + 1]]);
        let [first, second] = [half(0), half(2)];
        // SAFETY: the caller's.
        unsafe { [Self::splat_f16(first), Self::splat_f16(second)] }
    }
    /// The first bytes of a slice as numbers with a sign.
    #[inline(always)]
    unsafe fn load_i8(from: &[u8]) -> Self {
        let mut wide = [0.0; MAX_LANES];
        wide.iter_mut().zip(&from[..Self::LANES]).for_each(|(wide, x)| *wide = *x as i8 as f32);
        // SAFETY: as above.
        unsafe { Self::load(&wide) }
    }
    /// Of each of the first bytes of a slice, the bits of the mask after it was shifted down, as a number.
    #[inline(always)]
    unsafe fn load_bits(from: &[u8], shift: u32, mask: u8) -> Self {
        let mut wide = [0.0; MAX_LANES];
        wide.iter_mut().zip(&from[..Self::LANES]).for_each(|(wide, x)| *wide = (x >> shift & mask) as f32);
        // SAFETY: as above.
        unsafe { Self::load(&wide) }
    }
    /// `scale · q + offset` of the lower (shift 0) or the upper (4) half of each of the first bytes of a slice.
    ///
    /// Scale and offset are the same in all lanes, and the digits of the scale are few enough for the product to be exact.
    #[inline(always)]
    unsafe fn load_nibbles(from: &[u8], shift: u32, scale: Self, offset: Self) -> Self {
        // SAFETY: the caller's.
        unsafe { Self::load_bits(from, shift, 15).accumulate(scale, offset) }
    }
    /// Adds to the lanes whose bit of the mask is set, the lowest bit for the first lane.
    #[inline(always)]
    unsafe fn masked_add(self, bits: u32, addend: Self) -> Self {
        let (mut lanes, mut addends) = ([0.0; MAX_LANES], [0.0; MAX_LANES]);
        // SAFETY: as above.
        unsafe {
            self.store(&mut lanes);
            addend.store(&mut addends);
            let set = lanes.iter_mut().zip(addends).enumerate().filter(|(i, _)| bits >> i & 1 == 1);
            set.for_each(|(_, (lane, addend))| *lane += addend);
            Self::load(&lanes)
        }
    }
}

/// A large part of a kernel, which [`Vector::call`] does not inline into it: it is compiled once, and the compiler takes
/// far longer for one large function than for its parts.
pub trait OutlinedKernel {
    type Output;

    /// # Safety
    /// The processor has the instructions of `V`.
    unsafe fn run<V: Vector>(self) -> Self::Output;
}

/// A vector of as many numbers, or of fewer, filled up.
///
/// # Safety
/// The processor has the instructions of `V`, and the numbers are as many as `len` says, which is that of a vector if
/// it is `WHOLE`, and less if it is not.
#[inline(always)]
pub unsafe fn read<V: Vector, const WHOLE: bool>(from: *const f32, len: usize, fill: f32) -> V {
    // SAFETY: the caller's.
    unsafe {
        let from = std::slice::from_raw_parts(from, if WHOLE { V::LANES } else { len });
        if WHOLE { V::load(from) } else { V::load_partial(from, fill) }
    }
}

/// Writes as many numbers.
///
/// # Safety
/// As of [`read`].
#[inline(always)]
pub unsafe fn write<V: Vector, const WHOLE: bool>(x: V, to: *mut f32, len: usize) {
    // SAFETY: the caller's.
    unsafe {
        let to = std::slice::from_raw_parts_mut(to, if WHOLE { V::LANES } else { len });
        if WHOLE { x.store(to) } else { x.store_partial(to) }
    }
}

/// Calls a step for each vector of a range, with its start and its length: whole vectors first, with the constant `WHOLE`
/// true, and then the remainder.
macro_rules! for_each_vector { ($V:ident, $range:expr, $step:ident::<$($parameter:ident),*>($($argument:expr),* $(,)?)) => {
    let range: std::ops::Range<usize> = $range;
    let mut at = range.start;
    while at + $V::LANES <= range.end {
        $step::<$($parameter,)* true>(at, $V::LANES, $($argument),*);
        at += $V::LANES;
    }
    if at < range.end {
        $step::<$($parameter,)* false>(at, range.end - at, $($argument),*);
    }
} }
pub(super) use for_each_vector;

/// Chunks of at most `most`, of nearly equal length, by start and length: a last tile of a few rows would leave most
/// registers empty.
#[inline(always)]
pub fn even_chunks(len: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = len.div_ceil(most);
    // To divide takes longer than a small tile.
    let (each, longer) = if count <= 1 { (len, 0) } else { (len / count, len % count) };
    (0..count).map(move |part| (part * each + part.min(longer), each + (part < longer) as usize))
}

/// The rows of a tile: at most `rows`, and as many as stay in registers.
pub const fn at_most<V: Lanes>(rows: usize) -> usize {
    if V::TILE < rows { V::TILE } else { rows }
}

/// Calls a tile kernel with the number of its rows, at most 12 and `$most`, as a constant, so that the tile stays in
/// registers.
macro_rules! dispatch_rows { ($rows:expr, $most:expr, $tile:ident::<$($G:tt)::+ $(, $($H:tt)::+)*>($($argument:expr),*)) => {
    dispatch_rows!(@of 1 2 3 4 5 6 7 8 9 10 11 12; $rows, $most, $tile, ($($G)::+ $(, $($H)::+)*), ($($argument),*))
};
($rows:expr, $tile:ident::<$V:ident $(, $W:ident)*>($($argument:expr),*)) => {
    dispatch_rows!($rows, $V::TILE, $tile::<$V $(, $W)*>($($argument),*))
};
(@of $($number:literal)*; $rows:expr, $most:expr, $tile:ident, $generics:tt, $arguments:tt) => {
    match $rows {
        // A constant, so that tiles of more rows are not compiled.
        $($number if const { $number <= $most } => dispatch_rows!(@call $tile, $number, $generics, $arguments),)*
        _ => unreachable!("a tile has at most {} rows", $most),
    }
};
(@call $tile:ident, $number:literal, ($($G:tt)*), ($($argument:expr),*)) => { $tile::<$($G)*, $number>($($argument),*) };
}
pub(super) use dispatch_rows;
