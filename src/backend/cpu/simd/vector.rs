//! What a kernel needs of a vector of the processor.

/// As many `f32` as the processor calculates with at once.
///
/// # Safety
/// All methods may be called only where the processor has the instructions of the vector, and slices hold at
/// least as many elements as a method takes from them.
pub trait Vector: Copy {
    /// How many.
    const LANES: usize;
    /// How many rows of two vectors stay in registers, beside two of one factor and one of the other; at most 12.
    const TILE: usize;
    /// A vector of half the lanes, if there is one; else the same.
    type Half: Vector;

    unsafe fn splat(x: f32) -> Self;
    /// The first elements of a slice.
    unsafe fn load(from: &[f32]) -> Self;
    unsafe fn store(self, to: &mut [f32]);

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

    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    unsafe fn div(self, other: Self) -> Self;
    /// `self · factor + addend`, rounded once.
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self;
    /// The larger; `other` where `other` is NaN.
    unsafe fn max(self, other: Self) -> Self;
    /// The smaller; `other` where `other` is NaN.
    unsafe fn min(self, other: Self) -> Self;
    unsafe fn abs(self) -> Self;
    /// This magnitude, with the sign of another.
    unsafe fn with_sign_of(self, other: Self) -> Self;
    /// The nearest whole number, the even one of two.
    unsafe fn round(self) -> Self;
    /// `self · 2ⁿ` for a whole number `n` from -300 to 300, rounded once or twice where the result is denormal.
    unsafe fn scale(self, n: Self) -> Self;
    /// `self · 2ⁿ` for a whole number `n` from -130 to 0, zero below -126.
    #[inline(always)]
    unsafe fn shrink(self, n: Self) -> Self {
        // SAFETY: the caller's.
        unsafe {
            let shrunk = self.scale(n);
            n.if_less(Self::splat(-126.0), Self::splat(0.0), shrunk)
        }
    }
    /// `then` where `self < limit`, `otherwise` elsewhere, also where `self` is NaN.
    unsafe fn if_less(self, limit: Self, then: Self, otherwise: Self) -> Self;
    /// The sum of all lanes, in halves.
    unsafe fn sum(self) -> f32;
    /// The largest of all lanes, where none is NaN.
    unsafe fn largest(self) -> f32;
}

/// The most lanes that a vector has.
pub const MAX_LANES: usize = 16;

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

/// A function of a tile, with its number of rows, at most [`Vector::TILE`], as a constant: so it stays in registers.
macro_rules! of_rows { ($rows:expr, $tile:ident::<$($V:ident),*>($($argument:expr),*)) => {
    of_rows!(@of 1 2 3 4 5 6 7 8 9 10 11 12; $rows, ($($V),*), $tile, ($($argument),*))
};
(@of $($number:literal)*; $rows:expr, $V:tt, $tile:ident, $arguments:tt) => {
    match $rows {
        $($number if $number <= of_rows!(@most $V) => of_rows!(@call $tile, $V, $number, $arguments),)*
        _ => unreachable!("a tile has at most {} rows", of_rows!(@most $V)),
    }
};
(@most ($V:ident $(, $other:ident)*)) => { $V::TILE };
(@call $tile:ident, ($($V:ident),*), $number:literal, ($($argument:expr),*)) => {
    $tile::<$($V,)* $number>($($argument),*)
};
}
pub(super) use of_rows;
