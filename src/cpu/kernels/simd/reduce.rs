//! Reductions of rows of any length.
//!
//! Several rows are reduced at a time, which hides the latency of the instructions. The result of a row does not depend
//! on its neighbours.

use super::math::{self, Function};
use super::vector::{Vector, for_each_vector, read, write};
use crate::backend::Reduce;

/// Contiguous rows, of which several are reduced at a time.
#[derive(Clone, Copy)]
pub struct Rows {
    pub from: *const f32,
    pub to: *mut f32,
    pub size: usize,
}

/// A function whose values are summed.
pub trait Summand: Function {
    /// An argument whose value is zero, to fill partial vectors with.
    fn neutral(self) -> f32;
    /// `sum + f(x)`.
    ///
    /// # Safety
    /// The processor has the instructions of `V`.
    #[inline(always)]
    unsafe fn add_to<V: Vector>(self, sum: V, x: V) -> V {
        // SAFETY: the caller's.
        unsafe { sum.add(self.apply(x)) }
    }
}

/// The number itself.
#[derive(Clone, Copy)]
pub struct Same;
impl Function for Same {
    #[inline(always)]
    unsafe fn apply<V: Vector>(self, x: V) -> V {
        x
    }
}
impl Summand for Same {
    #[inline(always)]
    fn neutral(self) -> f32 {
        0.0
    }
}

/// The distance from a number.
#[derive(Clone, Copy)]
pub struct DistanceFrom(pub f32);
impl Function for DistanceFrom {
    #[inline(always)]
    unsafe fn apply<V: Vector>(self, x: V) -> V {
        // Processors have units of their own for additions, which the sum needs.
        // SAFETY: the caller's.
        unsafe { x.mul_add(V::splat(1.0), V::splat(-self.0)) }
    }
}
impl Summand for DistanceFrom {
    #[inline(always)]
    fn neutral(self) -> f32 {
        self.0
    }
}

/// The square of the distance from a number.
#[derive(Clone, Copy)]
pub struct SquareFrom(pub f32);
impl Function for SquareFrom {
    #[inline(always)]
    unsafe fn apply<V: Vector>(self, x: V) -> V {
        // SAFETY: the caller's.
        unsafe {
            let distance = x.sub(V::splat(self.0));
            distance.mul(distance)
        }
    }
}
impl Summand for SquareFrom {
    #[inline(always)]
    fn neutral(self) -> f32 {
        self.0
    }
    #[inline(always)]
    unsafe fn add_to<V: Vector>(self, sum: V, x: V) -> V {
        // SAFETY: the caller's.
        unsafe {
            let distance = x.sub(V::splat(self.0));
            distance.mul_add(distance, sum)
        }
    }
}

/// The mean of a row, and the mean of its numbers' squared distances from it.
#[derive(Clone, Copy, Default)]
pub struct Moments {
    /// The rounded mean, and the rounding error: of numbers far from zero no digits are lost.
    pub center: f32,
    pub rest: f32,
    pub variance: f32,
}

/// The moments of each of these rows, which are not empty; around zero, if not `centered`.
///
/// The data are shifted by the first number, so that the mean of a constant row is exact.
///
/// # Safety
/// The processor has the instructions of `V`, and the rows lie in memory that may be read.
#[inline(always)]
pub unsafe fn moments<V: Vector, const ROWS: usize>(rows: Rows, centered: bool) -> [Moments; ROWS] {
    let (count, mut moments) = (rows.size as f64, [Moments::default(); ROWS]);
    // SAFETY: the caller's; nothing is written.
    unsafe {
        if centered {
            let mut firsts = [DistanceFrom(0.0); ROWS];
            for row in 0..ROWS {
                firsts[row].0 = *rows.from.add(row * rows.size);
            }
            let sums = sums::<V, _, ROWS, false>(firsts, rows);
            for row in 0..ROWS {
                let mean = firsts[row].0 as f64 + sums[row] / count;
                moments[row].center = mean as f32;
                moments[row].rest = (mean - moments[row].center as f64) as f32;
            }
        }
        let squares = sums::<V, _, ROWS, false>(map_rows(moments, |row| SquareFrom(row.center)), rows);
        for row in 0..ROWS {
            // Around the rounded mean, squares are larger by that of the rounding error.
            let rest = moments[row].rest as f64;
            moments[row].variance = (squares[row] / count - rest * rest) as f32;
        }
    }
    moments
}

/// `exp(x - maximum)`.
#[derive(Clone, Copy)]
pub struct ExpFrom(pub f32);
impl Function for ExpFrom {
    #[inline(always)]
    unsafe fn apply<V: Vector>(self, x: V) -> V {
        // SAFETY: the caller's.
        unsafe { math::exp_of_negative(x.sub(V::splat(self.0))) }
    }
}
impl Summand for ExpFrom {
    #[inline(always)]
    fn neutral(self) -> f32 {
        f32::NEG_INFINITY
    }
}

/// `f` of each. Maps of arrays were a tenth of all that the compiler had to read.
#[inline(always)]
pub fn map_rows<X: Copy, Y: Copy, const ROWS: usize>(x: [X; ROWS], f: impl Fn(X) -> Y) -> [Y; ROWS] {
    let mut all = [f(x[0]); ROWS];
    for row in 1..ROWS {
        all[row] = f(x[row]);
    }
    all
}

/// What [`Vector::sums`] or [`Vector::largest`] makes of each of some vectors.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn fold<V: Vector, const ROWS: usize>(vectors: [V; ROWS], largest: bool) -> [f32; ROWS] {
    let mut folded = [0.0; ROWS];
    for first in (0..ROWS).step_by(4) {
        let count = if ROWS - first < 4 { ROWS - first } else { 4 };
        // SAFETY: the caller's.
        let four = unsafe {
            let mut four = [V::splat(0.0); 4];
            four[..count].copy_from_slice(&vectors[first..first + count]);
            if largest { V::largest(four) } else { V::sums(four) }
        };
        folded[first..first + count].copy_from_slice(&four[..count]);
    }
    folded
}

/// For each row, the sum of `f` of each number, which is also written if `WRITE` says so.
///
/// Blocks are summed in `f32`, and the blocks in `f64`: so the error does not grow with the length.
///
/// # Safety
/// The processor has the instructions of `V`, and the rows lie in memory that may be read, and written.
#[inline(always)]
pub unsafe fn sums<V: Vector, F: Summand, const ROWS: usize, const WRITE: bool>(
    f: [F; ROWS],
    rows: Rows,
) -> [f64; ROWS] {
    #[inline(always)]
    unsafe fn step<V: Vector, F: Summand, const ROWS: usize, const WRITE: bool, const WHOLE: bool>(
        at: usize,
        len: usize,
        f: [F; ROWS],
        rows: Rows,
        sums: &mut [V; ROWS],
    ) {
        for row in 0..ROWS {
            let at = row * rows.size + at;
            // SAFETY: the caller's.
            unsafe {
                let x = read::<V, WHOLE>(rows.from.add(at), len, f[row].neutral());
                if !WRITE {
                    sums[row] = f[row].add_to(sums[row], x);
                } else {
                    let term = f[row].apply(x);
                    sums[row] = sums[row].add(term);
                    // The rows that come next; there is time enough to fetch them.
                    V::prefetch(rows.from.wrapping_add(at + ROWS * rows.size));
                    write::<V, WHOLE>(term, rows.to.add(at), len);
                }
            }
        }
    }
    let mut totals = [0.0; ROWS];
    let block = 32 * V::LANES;
    // SAFETY: the caller's; each step lies inside the rows.
    unsafe {
        let mut first = 0;
        while first < rows.size {
            let mut sums = [V::splat(0.0); ROWS];
            let end = rows.size.min(first + block);
            for_each_vector!(V, first..end, step::<V, F, ROWS, WRITE>(f, rows, &mut sums));
            let sums = fold(sums, false);
            for row in 0..ROWS {
                totals[row] += sums[row] as f64;
            }
            first = end;
        }
    }
    totals
}

/// The largest `f` of the numbers of each row; if `NAN` says so, NaN where one is NaN, which does not count otherwise.
///
/// # Safety
/// The processor has the instructions of `V`, and the rows lie in memory that may be read.
#[inline(always)]
pub unsafe fn largest<V: Vector, F: Function, const ROWS: usize, const NAN: bool>(f: F, rows: Rows) -> [f32; ROWS] {
    #[inline(always)]
    unsafe fn step<V: Vector, F: Function, const ROWS: usize, const NAN: bool, const WHOLE: bool>(
        at: usize,
        len: usize,
        f: F,
        rows: Rows,
        largest: &mut [V; ROWS],
        nans: &mut [V; ROWS],
    ) {
        for row in 0..ROWS {
            // SAFETY: the caller's; the row has a first number to fill up with.
            unsafe {
                let from = rows.from.add(row * rows.size);
                let x = f.apply(read::<V, WHOLE>(from.add(at), len, *from));
                largest[row] = x.max(largest[row]);
                if NAN {
                    nans[row] = x.select_nan(x, nans[row]);
                }
            }
        }
    }
    // SAFETY: the caller's; each step lies inside the rows.
    unsafe {
        let (mut largest, mut nans) = ([V::splat(f32::NEG_INFINITY); ROWS], [V::splat(0.0); ROWS]);
        for_each_vector!(V, 0..rows.size, step::<V, F, ROWS, NAN>(f, rows, &mut largest, &mut nans));
        let mut largest = fold(largest, true);
        if NAN {
            let nans = fold(nans, false);
            for row in 0..ROWS {
                // Zero or NaN.
                largest[row] += nans[row];
            }
        }
        largest
    }
}

/// Calls a kernel for groups of rows: eight or four short ones, to hide latencies; two long ones, which stay in the L1
/// cache; single ones at the end.
macro_rules! for_each_row_group {
    (
    $V:ident, $count:expr, $from:expr, $to:expr, $size:expr, |$first:ident, $rows:ident, $ROWS:ident| $kernel:expr
) => {
        let (count, size, from, to): (usize, usize, *const f32, *mut f32) = ($count, $size, $from, $to);
        let for_each_row_group = if size <= 4 * $V::LANES {
            8
        } else if size <= 32 * $V::LANES {
            4
        } else {
            2
        };
        let mut $first = 0;
        while $first < count {
            let at = $first * size;
            let $rows = Rows { from: from.add(at), to: to.wrapping_add(at), size };
            let left = count - $first;
            if const { $V::UNROLLS } && for_each_row_group == 8 && left >= 8 {
                const $ROWS: usize = 8;
                $kernel;
                $first += $ROWS;
            } else if const { $V::UNROLLS } && for_each_row_group == 4 && left >= 4 {
                const $ROWS: usize = 4;
                $kernel;
                $first += $ROWS;
            } else if const { $V::UNROLLS } && left >= 2 {
                const $ROWS: usize = 2;
                $kernel;
                $first += $ROWS;
            } else {
                const $ROWS: usize = 1;
                $kernel;
                $first += $ROWS;
            }
        }
    };
}
pub(super) use for_each_row_group;

/// `op` of each row of `size` numbers.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn reduce<V: Vector>(op: Reduce, x: &[f32], size: usize, out: &mut [f32]) {
    #[inline(always)]
    unsafe fn reduce_rows<V: Vector, const ROWS: usize>(op: Reduce, rows: Rows) -> [f32; ROWS] {
        let count = rows.size as f64;
        // SAFETY: the caller's; nothing is written.
        unsafe {
            let total = |sum| sum as f32;
            let mean = |sum| (sum / count) as f32;
            match op {
                Reduce::Sum => map_rows(sums::<V, _, ROWS, false>([Same; ROWS], rows), total),
                Reduce::Mean => map_rows(sums::<V, _, ROWS, false>([Same; ROWS], rows), mean),
                Reduce::Variance => map_rows(moments::<V, ROWS>(rows, true), |row| row.variance),
                Reduce::Max => largest::<V, _, ROWS, true>(Same, rows),
                Reduce::Min => map_rows(largest::<V, _, ROWS, true>(math::Neg, rows), |x: f32| -x),
            }
        }
    }
    assert!(size > 0 && size.checked_mul(out.len()) == Some(x.len()), "a result for each row");
    // SAFETY: the caller's; the rows lie inside the slice.
    unsafe {
        for_each_row_group!(V, out.len(), x.as_ptr(), std::ptr::null_mut(), size, |first, rows, ROWS| {
            out[first..first + ROWS].copy_from_slice(&reduce_rows::<V, ROWS>(op, rows));
        });
    }
}

/// The mean and the variance of each row of `size` numbers.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn mean_variance<V: Vector>(x: &[f32], size: usize, out: &mut [[f32; 2]]) {
    assert!(size > 0 && size.checked_mul(out.len()) == Some(x.len()), "a result for each row");
    // SAFETY: the caller's; the rows lie inside the slice, and nothing is written to them.
    unsafe {
        for_each_row_group!(V, out.len(), x.as_ptr(), std::ptr::null_mut(), size, |first, rows, ROWS| {
            let found = map_rows(moments::<V, ROWS>(rows, true), |row| [row.center, row.variance]);
            out[first..first + ROWS].copy_from_slice(&found);
        });
    }
}

#[cfg(test)]
mod tests;
