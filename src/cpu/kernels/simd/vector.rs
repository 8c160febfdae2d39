//! What a kernel needs of a vector of the processor.

use half::{bf16, f16};

/// As many `f32` as the processor calculates with at once.
///
/// # Safety
/// It is nothing but its lanes, one after another, if [`write`](Self::write) is the one given here. All methods may be called
/// only where the processor has the instructions of the vector, and slices hold at least as many elements as a method takes
/// from them.
pub unsafe trait Vector: Copy {
    /// How many.
    const LANES: usize;
    /// How many rows of two vectors stay in registers, beside two of one factor and one of the other; at most 12.
    const TILE: usize;
    /// A vector of half as many, where it is as cheap as half of this one; else this one.
    type Half: Vector;

    /// Runs a routine over vectors `W`, which need no other instructions than this one, as a function of its own.
    unsafe fn call<W: Vector, R: Routine>(routine: R) -> R::Output;

    /// Says that something will be read, wherever it is.
    #[inline(always)]
    fn prefetch(_from: *const f32) {}
    unsafe fn splat(x: f32) -> Self;
    /// The first elements of a slice.
    unsafe fn load(from: &[f32]) -> Self;
    unsafe fn store(self, to: &mut [f32]);
    /// Stores to memory that may hold anything before.
    #[inline(always)]
    unsafe fn write(self, to: *mut f32) {
        // SAFETY: a vector is as large as its lanes, which are `f32` one after another.
        unsafe { to.cast::<Self>().write_unaligned(self) };
    }

    /// All elements of a slice that is shorter than a vector, and behind them `fill`.
    #[inline(always)]
    unsafe fn load_part(from: &[f32], fill: f32) -> Self {
        const { assert!(Self::LANES <= MAX_LANES) };
        let mut whole = [fill; MAX_LANES];
        whole[..from.len()].copy_from_slice(from);
        // SAFETY: `MAX_LANES` elements are enough for any vector.
        unsafe { Self::load(&whole) }
    }

    /// Fills a slice that is shorter than a vector.
    #[inline(always)]
    unsafe fn store_part(self, to: &mut [f32]) {
        const { assert!(Self::LANES <= MAX_LANES) };
        let mut whole = [0.0; MAX_LANES];
        // SAFETY: as above.
        unsafe { self.store(&mut whole) };
        to.copy_from_slice(&whole[..to.len()]);
    }

    /// The first 4 columns of 4 rows, each number times a factor, become 4 rows, which begin so far apart.
    #[inline(always)]
    unsafe fn turn(rows: [&[f32]; 4], factor: f32, to: &mut [f32], stride: usize) {
        for column in 0..4 {
            for (row, from) in rows.iter().enumerate() {
                to[column * stride + row] = from[column] * factor;
            }
        }
    }

    /// The first 4 elements of a slice, again and again.
    #[inline(always)]
    unsafe fn splat_four(from: &[f32]) -> Self {
        const { assert!(Self::LANES == 4) };
        // SAFETY: the caller's.
        unsafe { Self::load(from) }
    }
    /// The first 4 elements of as many slices as fit.
    #[inline(always)]
    unsafe fn load_fours(from: [&[f32]; 4]) -> Self {
        const { assert!(Self::LANES == 4) };
        // SAFETY: the caller's.
        unsafe { Self::load(from[0]) }
    }
    /// In each four lanes, rows for columns: what stands in four vectors becomes the first lanes of these, then the second.
    #[inline(always)]
    unsafe fn turn_fours(four: [Self; 4]) -> [Self; 4] {
        const { assert!(Self::LANES == 4) };
        // SAFETY: the caller's.
        unsafe {
            let (mut rows, mut columns) = ([[0.0; 4]; 4], four);
            for (row, vector) in four.iter().enumerate() {
                vector.store(&mut rows[row]);
            }
            for column in 0..4 {
                let column_of = |row: usize| rows[row][column];
                columns[column] = Self::load(&[column_of(0), column_of(1), column_of(2), column_of(3)]);
            }
            columns
        }
    }
    /// In each four lanes, the sums of these lanes of each of four vectors.
    #[inline(always)]
    unsafe fn sums_of_fours(four: [Self; 4]) -> Self {
        const { assert!(Self::LANES == 4) };
        // SAFETY: the caller's.
        unsafe { Self::load(&Self::sums(four)) }
    }
    /// In each four lanes, the largest of these lanes of each of four vectors, where none is NaN.
    #[inline(always)]
    unsafe fn largest_of_fours(four: [Self; 4]) -> Self {
        const { assert!(Self::LANES == 4) };
        // SAFETY: the caller's.
        unsafe { Self::load(&Self::largest(four)) }
    }

    unsafe fn add(self, other: Self) -> Self;
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
    unsafe fn with_sign_of(self, other: Self) -> Self;
    /// The nearest whole number, the even one of two.
    unsafe fn round(self) -> Self;
    /// `self · 2ⁿ` for `self` from 1/4 to 2¹¹ and a whole number `n` from -250 to 250, rounded once.
    unsafe fn scale(self, n: Self) -> Self;
    /// `self · 2ⁿ` for `self` from 1/4 to 2¹¹ and any whole number `n`: zero below -126, whatever `self` is there, and above 127
    /// at least 2¹²⁵.
    #[inline(always)]
    unsafe fn scale_far(self, n: Self) -> Self {
        // SAFETY: the caller's.
        unsafe {
            let scaled = self.scale(Self::splat(-130.0).max(Self::splat(127.0).min(n)));
            n.if_less(Self::splat(-126.0), Self::splat(0.0), scaled)
        }
    }
    /// `then` where `self < limit`, `otherwise` elsewhere, also where `self` is NaN.
    unsafe fn if_less(self, limit: Self, then: Self, otherwise: Self) -> Self;
    /// `then` where `self` is NaN, `otherwise` elsewhere.
    unsafe fn if_nan(self, then: Self, otherwise: Self) -> Self;
    /// The sum of all lanes, in halves.
    unsafe fn sum(self) -> f32;
    /// For each of four vectors the sum of all lanes, in halves.
    unsafe fn sums(four: [Self; 4]) -> [f32; 4];
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
    /// Scale and offset are the same in all lanes.
    #[inline(always)]
    unsafe fn load_nibbles(from: &[u8], shift: u32, scale: Self, offset: Self) -> Self {
        // SAFETY: the caller's.
        unsafe { Self::load_bits(from, shift, 15).mul_add(scale, offset) }
    }
    /// Adds to the lanes whose bit is set, the lowest for the first.
    #[inline(always)]
    unsafe fn add_where(self, bits: u32, addend: Self) -> Self {
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

/// A large part of a kernel, which [`Vector::call`] does not inline into it: it is compiled once, wherever it is called,
/// and the compiler takes far longer for one large function than for its parts.
pub trait Routine {
    type Output;

    /// # Safety
    /// The processor has the instructions of `V`.
    unsafe fn run<V: Vector>(self) -> Self::Output;
}

/// The most lanes that a vector has.
pub const MAX_LANES: usize = 16;
/// The numbers in a line of the cache.
pub const LINE: usize = 64 / size_of::<f32>();

/// A vector of a slice that is as long, or shorter and filled up.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn load<V: Vector>(from: &[f32], fill: f32) -> V {
    // SAFETY: the caller's; the slice is as long as a vector, or it is shorter.
    unsafe { if from.len() == V::LANES { V::load(from) } else { V::load_part(from, fill) } }
}

/// Fills a slice that is as long as a vector, or shorter.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn store<V: Vector>(vector: V, to: &mut [f32]) {
    // SAFETY: the caller's; the slice is as long as a vector, or it is shorter.
    unsafe { if to.len() == V::LANES { vector.store(to) } else { vector.store_part(to) } }
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
        if WHOLE { V::load(from) } else { V::load_part(from, fill) }
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
        if WHOLE { x.store(to) } else { x.store_part(to) }
    }
}

/// Takes a step for each vector of a range, with its start and its length: first those that are whole, with the constant
/// `WHOLE` true, and then the rest.
macro_rules! each_vector { ($V:ident, $range:expr, $step:ident::<$($parameter:ident),*>($($argument:expr),* $(,)?)) => {
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
pub(super) use each_vector;

/// Parts of at most so many, as even as can be, by first and length: a last one of a few rows would leave most registers
/// empty.
#[inline(always)]
pub fn even_parts(len: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = len.div_ceil(most);
    // To divide takes longer than a small tile.
    let (each, longer) = if count <= 1 { (len, 0) } else { (len / count, len % count) };
    (0..count).map(move |part| (part * each + part.min(longer), each + (part < longer) as usize))
}

/// The rows of a tile of vectors, so many where they stay in registers.
pub const fn at_most<V: Vector>(rows: usize) -> usize {
    if V::TILE < rows { V::TILE } else { rows }
}

/// A function of a tile, with its number of rows, at most 12 and `$most`, as a constant: so it stays in registers.
macro_rules! of_rows { ($rows:expr, $most:expr, $tile:ident::<$($G:tt)::+ $(, $($H:tt)::+)*>($($argument:expr),*)) => {
    of_rows!(@of 1 2 3 4 5 6 7 8 9 10 11 12; $rows, $most, $tile, ($($G)::+ $(, $($H)::+)*), ($($argument),*))
};
($rows:expr, $tile:ident::<$V:ident $(, $W:ident)*>($($argument:expr),*)) => {
    of_rows!($rows, $V::TILE, $tile::<$V $(, $W)*>($($argument),*))
};
(@of $($number:literal)*; $rows:expr, $most:expr, $tile:ident, $generics:tt, $arguments:tt) => {
    match $rows {
        // A constant, so that tiles of more rows are not compiled.
        $($number if const { $number <= $most } => of_rows!(@call $tile, $number, $generics, $arguments),)*
        _ => unreachable!("a tile has at most {} rows", $most),
    }
};
(@call $tile:ident, $number:literal, ($($G:tt)*), ($($argument:expr),*)) => { $tile::<$($G)*, $number>($($argument),*) };
}
pub(super) use of_rows;
