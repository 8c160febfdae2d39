//! What products of matrices need of a SIMD vector, whatever number its lanes are.

use crate::backend::Real;
use std::ops::AddAssign;

/// A SIMD vector of `f32` or `f64`.
///
/// # Safety
/// It is nothing but its lanes, one after another, if [`write`](Self::write) is the one given here. All methods may be called
/// only where the processor has the instructions of the vector, and slices hold at least as many elements as a method takes
/// from them.
pub unsafe trait Lanes: Copy {
    type Element: Real + AddAssign + Default;
    /// The number of lanes.
    const LANES: usize;
    /// The rows of a tile of two vectors that stay in registers, beside the two vectors of `b` and one broadcast element
    /// of `a`; at most 12.
    const TILE: usize;
    /// Whether loops keep many vectors at once, to hide the latency of instructions. Of plain numbers that would be most of
    /// what the compiler has to read.
    const UNROLLS: bool = true;
    /// A vector of half as many lanes, where its operations are cheaper; else this one.
    type HalfLanes: Lanes<Element = Self::Element>;

    /// Prefetches a cache line; the address may be any.
    #[inline(always)]
    fn prefetch(_from: *const Self::Element) {}
    unsafe fn splat(x: Self::Element) -> Self;
    /// The first elements of a slice.
    unsafe fn load(from: &[Self::Element]) -> Self;
    unsafe fn store(self, to: &mut [Self::Element]);
    /// Stores to memory that may hold anything before.
    #[inline(always)]
    unsafe fn write(self, to: *mut Self::Element) {
        // SAFETY: a vector is as large as its lanes, which are elements one after another.
        unsafe { to.cast::<Self>().write_unaligned(self) };
    }

    /// All elements of a slice that is shorter than a vector, and behind them `fill`.
    #[inline(always)]
    unsafe fn load_partial(from: &[Self::Element], fill: Self::Element) -> Self {
        const { assert!(Self::LANES <= MAX_LANES) };
        let mut whole = [fill; MAX_LANES];
        whole[..from.len()].copy_from_slice(from);
        // SAFETY: `MAX_LANES` elements are enough for any vector.
        unsafe { Self::load(&whole) }
    }

    /// Fills a slice that is shorter than a vector.
    #[inline(always)]
    unsafe fn store_partial(self, to: &mut [Self::Element]) {
        // SAFETY: the caller's.
        let whole = unsafe { array(self) };
        to.copy_from_slice(&whole[..to.len()]);
    }

    /// Transposes the first 4 columns of 4 rows, each element times a factor, into 4 rows at this stride.
    #[inline(always)]
    unsafe fn transpose_4x4(
        rows: [&[Self::Element]; 4],
        factor: Self::Element,
        to: &mut [Self::Element],
        stride: usize,
    ) {
        for column in 0..4 {
            for (row, from) in rows.iter().enumerate() {
                to[column * stride + row] = from[column] * factor;
            }
        }
    }

    /// The first 4 elements of a slice for each group of four lanes.
    #[inline(always)]
    unsafe fn load_groups(from: [&[Self::Element]; 4]) -> Self {
        let mut whole = [num_traits::zero(); MAX_LANES];
        for (lanes, from) in whole[..Self::LANES].chunks_exact_mut(4).zip(from) {
            lanes.copy_from_slice(&from[..4]);
        }
        // SAFETY: as above.
        unsafe { Self::load(&whole) }
    }
    /// Transposes the 4 × 4 elements of each group of four lanes of four vectors.
    #[inline(always)]
    unsafe fn transpose_groups(four: [Self; 4]) -> [Self; 4] {
        // SAFETY: the caller's.
        unsafe {
            let [a, b, c, d] = four;
            let rows = [array(a), array(b), array(c), array(d)];
            let (mut columns, mut transposed) = (four, rows);
            for lane in 0..Self::LANES {
                let (group, column) = (lane / 4 * 4, lane % 4);
                (0..4).for_each(|row| transposed[column][group + row] = rows[row][lane]);
            }
            for column in 0..4 {
                columns[column] = Self::load(&transposed[column]);
            }
            columns
        }
    }

    unsafe fn add(self, other: Self) -> Self;
    /// `self · factor + addend`, rounded once, or twice where that is faster: for sums of many products.
    unsafe fn accumulate(self, factor: Self, addend: Self) -> Self;
    /// For each of four vectors the sum of all lanes, in halves.
    #[inline(always)]
    unsafe fn sums(four: [Self; 4]) -> [Self::Element; 4] {
        let mut sums = [num_traits::zero(); 4];
        for (sum, vector) in sums.iter_mut().zip(four) {
            // SAFETY: the caller's.
            let (mut lanes, mut count) = (unsafe { array(vector) }, Self::LANES);
            while count > 1 {
                count /= 2;
                let (lower, upper) = lanes.split_at_mut(count);
                lower.iter_mut().zip(&*upper).for_each(|(lower, upper)| *lower += *upper);
            }
            *sum = lanes[0];
        }
        sums
    }
}

/// The most lanes that a vector has.
pub const MAX_LANES: usize = 16;
/// The elements of a cache line.
pub const LINE: usize = 64 / size_of::<f32>();

/// The lanes of a vector, and zeros behind them.
///
/// # Safety
/// The processor has the instructions of `L`.
#[inline(always)]
unsafe fn array<L: Lanes>(vector: L) -> [L::Element; MAX_LANES] {
    const { assert!(L::LANES <= MAX_LANES) };
    let mut lanes = [num_traits::zero(); MAX_LANES];
    // SAFETY: `MAX_LANES` elements are enough for any vector.
    unsafe { vector.store(&mut lanes) };
    lanes
}

/// A vector of a slice that is as long, or shorter and filled up.
///
/// # Safety
/// The processor has the instructions of `L`.
#[inline(always)]
pub unsafe fn load<L: Lanes>(from: &[L::Element], fill: L::Element) -> L {
    // SAFETY: the caller's; the slice is as long as a vector, or it is shorter.
    unsafe { if from.len() == L::LANES { L::load(from) } else { L::load_partial(from, fill) } }
}

/// Fills a slice that is as long as a vector, or shorter.
///
/// # Safety
/// The processor has the instructions of `L`.
#[inline(always)]
pub unsafe fn store<L: Lanes>(vector: L, to: &mut [L::Element]) {
    // SAFETY: the caller's; the slice is as long as a vector, or it is shorter.
    unsafe { if to.len() == L::LANES { vector.store(to) } else { vector.store_partial(to) } }
}
