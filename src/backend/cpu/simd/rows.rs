//! Kernels over rows of numbers, whatever their length.
//!
//! Some rows are calculated together: operations wait for each other, and a processor does several at a time. What comes
//! of a row does not depend on its neighbours.

use super::math::{self, Function};
use super::vector::{Vector, each_vector, read, write};
use crate::backend::Reduce;
use crate::backend::cpu::InOut;

/// Rows, one after another, of which some are calculated together.
#[derive(Clone, Copy)]
pub struct Rows {
    pub from: *const f32,
    pub to: *mut f32,
    pub size: usize,
}

/// A function of a number that is summed up.
pub trait Term: Function {
    /// A number of which it is zero.
    fn nothing(self) -> f32;
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
impl Term for Same {
    #[inline(always)]
    fn nothing(self) -> f32 {
        0.0
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
impl Term for SquareFrom {
    #[inline(always)]
    fn nothing(self) -> f32 {
        self.0
    }
}

/// `e` to the power of the distance from a number, than which no other is larger.
#[derive(Clone, Copy)]
pub struct ExpFrom(pub f32);
impl Function for ExpFrom {
    #[inline(always)]
    unsafe fn apply<V: Vector>(self, x: V) -> V {
        // SAFETY: the caller's.
        unsafe { math::exp_of_negative(x.sub(V::splat(self.0))) }
    }
}
impl Term for ExpFrom {
    #[inline(always)]
    fn nothing(self) -> f32 {
        f32::NEG_INFINITY
    }
}

/// `f` of each. Maps of arrays were a tenth of all that the compiler had to read.
#[inline(always)]
pub fn each<X: Copy, Y: Copy, const ROWS: usize>(x: [X; ROWS], f: impl Fn(X) -> Y) -> [Y; ROWS] {
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
/// Of so many vectors the sum is kept in `f32`, and beyond in `f64`: the error does not grow with the length.
///
/// # Safety
/// The processor has the instructions of `V`, and the rows lie in memory that may be read, and written.
#[inline(always)]
pub unsafe fn sums<V: Vector, F: Term, const ROWS: usize, const WRITE: bool>(f: [F; ROWS], rows: Rows) -> [f64; ROWS] {
    #[inline(always)]
    unsafe fn step<V: Vector, F: Term, const ROWS: usize, const WRITE: bool, const WHOLE: bool>(
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
                let term = f[row].apply(read::<V, WHOLE>(rows.from.add(at), len, f[row].nothing()));
                sums[row] = sums[row].add(term);
                if WRITE {
                    // What follows is calculated next, and this takes long enough to fetch it.
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
            each_vector!(V, first..end, step::<V, F, ROWS, WRITE>(f, rows, &mut sums));
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
                    nans[row] = x.if_nan(x, nans[row]);
                }
            }
        }
    }
    // SAFETY: the caller's; each step lies inside the rows.
    unsafe {
        let (mut largest, mut nans) = ([V::splat(f32::NEG_INFINITY); ROWS], [V::splat(0.0); ROWS]);
        each_vector!(V, 0..rows.size, step::<V, F, ROWS, NAN>(f, rows, &mut largest, &mut nans));
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

/// Calls a kernel for some rows at a time: for eight where they are short, so that it has enough to do while it waits;
/// for two where they are long, so that they stay in the first cache; for one where no more are left.
macro_rules! together {
    (
    $V:ident, $count:expr, $from:expr, $to:expr, $size:expr, |$first:ident, $rows:ident, $ROWS:ident| $kernel:expr
) => {
        let (count, size, from, to): (usize, usize, *const f32, *mut f32) = ($count, $size, $from, $to);
        let together = if size <= 4 * $V::LANES { 8 } else { 2 };
        let mut $first = 0;
        while $first < count {
            let at = $first * size;
            let $rows = Rows { from: from.add(at), to: to.wrapping_add(at), size };
            let left = count - $first;
            if together == 8 && left >= 8 {
                const $ROWS: usize = 8;
                $kernel;
                $first += $ROWS;
            } else if left >= 2 {
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
pub(super) use together;

/// `(x - center) · scale · weight + bias` of each row of as many numbers as there are weights, with the mean for a center
/// or zero, and for a scale one by the root of the mean square distance from it.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn norm<V: Vector>(
    mut x: InOut<'_, f32>,
    weight: &[f32],
    bias: Option<&[f32]>,
    epsilon: f32,
    centered: bool,
) {
    #[inline(always)]
    unsafe fn step<V: Vector, const ROWS: usize, const WHOLE: bool>(
        at: usize,
        len: usize,
        rows: Rows,
        weight: *const f32,
        bias: Option<*const f32>,
        centers: [f32; ROWS],
        scales: [f32; ROWS],
    ) {
        // SAFETY: the caller's.
        unsafe {
            let weight = read::<V, WHOLE>(weight.add(at), len, 0.0);
            let bias = match bias {
                Some(bias) => read::<V, WHOLE>(bias.add(at), len, 0.0),
                None => V::splat(0.0),
            };
            for row in 0..ROWS {
                let at = row * rows.size + at;
                let distance = read::<V, WHOLE>(rows.from.add(at), len, 0.0).sub(V::splat(centers[row]));
                let normed = distance.mul(V::splat(scales[row])).mul_add(weight, bias);
                write::<V, WHOLE>(normed, rows.to.add(at), len);
            }
        }
    }
    #[inline(always)]
    unsafe fn norm_rows<V: Vector, const ROWS: usize>(
        rows: Rows,
        weight: *const f32,
        bias: Option<*const f32>,
        epsilon: f32,
        centered: bool,
    ) {
        let count = rows.size as f64;
        // SAFETY: the caller's; each step lies inside the rows.
        unsafe {
            let centers = if centered {
                each(sums::<V, _, ROWS, false>([Same; ROWS], rows), |sum| (sum / count) as f32)
            } else {
                [0.0; ROWS]
            };
            let squares = sums::<V, _, ROWS, false>(each(centers, SquareFrom), rows);
            let scales = each(squares, |sum| ((sum / count) as f32 + epsilon).sqrt().recip());
            each_vector!(V, 0..rows.size, step::<V, ROWS>(rows, weight, bias, centers, scales));
        }
    }
    assert!(bias.is_none_or(|bias| bias.len() == weight.len()), "a bias for each weight");
    let bias = bias.map(<[f32]>::as_ptr);
    // SAFETY: the caller's; the rows lie inside the slices, and are as long as the weights.
    unsafe {
        let (count, size) = (x.len().checked_div(weight.len()).unwrap_or(0), weight.len());
        let (from, to) = x.pointers();
        together!(V, count, from, to, size, |first, rows, ROWS| {
            norm_rows::<V, ROWS>(rows, weight.as_ptr(), bias, epsilon, centered)
        });
    }
}

/// `op` of each row of so many numbers.
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
                Reduce::Sum => each(sums::<V, _, ROWS, false>([Same; ROWS], rows), total),
                Reduce::Mean => each(sums::<V, _, ROWS, false>([Same; ROWS], rows), mean),
                Reduce::Variance => {
                    let centers = each(sums::<V, _, ROWS, false>([Same; ROWS], rows), mean);
                    each(sums::<V, _, ROWS, false>(each(centers, SquareFrom), rows), mean)
                }
                Reduce::Max => largest::<V, _, ROWS, true>(Same, rows),
                Reduce::Min => each(largest::<V, _, ROWS, true>(math::Neg, rows), |x: f32| -x),
            }
        }
    }
    assert!(size > 0 && size.checked_mul(out.len()) == Some(x.len()), "a result for each row");
    // SAFETY: the caller's; the rows lie inside the slice.
    unsafe {
        together!(V, out.len(), x.as_ptr(), std::ptr::null_mut(), size, |first, rows, ROWS| {
            out[first..first + ROWS].copy_from_slice(&reduce_rows::<V, ROWS>(op, rows));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Level, levels, norm_at, reduce_at, softmax_at};
    use super::*;

    fn random(len: usize, seed: u64) -> Vec<f32> {
        let mut rng = fastrand::Rng::with_seed(seed);
        (0..len).map(|_| rng.f32() * 10.0 - 5.0).collect()
    }

    /// Lengths of rows, and how many of them.
    fn sizes() -> impl Iterator<Item = (usize, usize)> {
        let lengths = (1..=70).chain([127, 128, 129, 1000, 2100]);
        let some = lengths.filter(|len| !cfg!(miri) || [3, 35].contains(len));
        some.flat_map(|len| [1, 2, 3, 8, 9, 11].map(|count| (count, len)))
            .filter(|(count, _)| !cfg!(miri) || *count == 11)
    }

    const REDUCTIONS: [Reduce; 5] = [Reduce::Sum, Reduce::Mean, Reduce::Variance, Reduce::Max, Reduce::Min];

    fn reduced(level: Level, op: Reduce, x: &[f32], size: usize) -> Vec<f32> {
        let mut out = vec![7.0; x.len() / size];
        reduce_at(level, op, x, size, &mut out);
        out
    }

    #[test]
    fn a_row_does_not_depend_on_its_neighbours() {
        for (name, level) in levels() {
            for (count, size) in sizes() {
                let (x, weight) = (random(count * size, 1), random(size, 2));
                let mut found = vec![7.0; x.len()];
                softmax_at(level, InOut::new(&x, &mut found), size);
                for (x, found) in x.chunks(size).zip(found.chunks(size)) {
                    let mut alone = x.to_vec();
                    softmax_at(level, InOut::in_place(&mut alone), size);
                    assert_eq!(found, alone, "{name}: softmax {count} {size}");
                }
                norm_at(level, InOut::new(&x, &mut found), &weight, Some(&weight), 1e-5, true);
                for (x, found) in x.chunks(size).zip(found.chunks(size)) {
                    let mut alone = x.to_vec();
                    norm_at(level, InOut::in_place(&mut alone), &weight, Some(&weight), 1e-5, true);
                    assert_eq!(found, alone, "{name}: norm {count} {size}");
                }
                for op in REDUCTIONS {
                    let alone: Vec<f32> = x.chunks(size).flat_map(|row| reduced(level, op, row, size)).collect();
                    assert_eq!(reduced(level, op, &x, size), alone, "{name}: {op:?} {count} {size}");
                }
            }
        }
    }

    #[test]
    fn reductions_agree_with_double_precision() {
        for (name, level) in levels() {
            for (count, size) in sizes() {
                let x = random(count * size, 3);
                for op in REDUCTIONS {
                    for (row, found) in x.chunks(size).zip(reduced(level, op, &x, size)) {
                        let wide = || row.iter().map(|&x| x as f64);
                        let total = |x: &mut dyn Iterator<Item = f64>| x.sum::<f64>();
                        let mean = total(&mut wide()) / size as f64;
                        let (expected, scale) = match op {
                            Reduce::Sum => (mean * size as f64, total(&mut wide().map(f64::abs))),
                            Reduce::Mean => (mean, total(&mut wide().map(f64::abs)) / size as f64),
                            Reduce::Variance => (total(&mut wide().map(|x| (x - mean).powi(2))) / size as f64, 25.0),
                            Reduce::Max => (wide().fold(f64::NEG_INFINITY, f64::max), 0.0),
                            Reduce::Min => (wide().fold(f64::INFINITY, f64::min), 0.0),
                        };
                        // At most 32 numbers follow each other in a lane, and four times two lanes are added: each
                        // addition rounds by 6e-8 at most, and most of them cancel out.
                        let near = (found as f64 - expected).abs() <= 3e-7 * scale;
                        assert!(near, "{name}, {count} {size}: {op:?} {found} for {expected}");
                    }
                }
            }
        }
    }

    #[test]
    fn reductions_of_special_values() {
        let infinite = [f32::NEG_INFINITY; 20];
        for (name, level) in levels() {
            for at in [0, 5, 16, 19] {
                let mut row = [1.0f32; 20];
                row[at] = f32::NAN;
                for op in REDUCTIONS {
                    assert!(reduced(level, op, &row, 20)[0].is_nan(), "{name}: {op:?} with NaN at {at}");
                }
                row[at] = f32::INFINITY;
                assert_eq!(reduced(level, Reduce::Max, &row, 20), [f32::INFINITY], "{name}");
                assert_eq!(reduced(level, Reduce::Min, &row, 20), [1.0], "{name}");
                assert_eq!(reduced(level, Reduce::Sum, &row, 20), [f32::INFINITY], "{name}");
            }
            assert_eq!(reduced(level, Reduce::Max, &infinite, 20), [f32::NEG_INFINITY], "{name}");
            // No number but the last is as small as what a vector is filled up with elsewhere.
            assert_eq!(reduced(level, Reduce::Max, &[-3.0; 17], 17), [-3.0], "{name}");
            assert_eq!(reduced(level, Reduce::Min, &[3.0; 17], 17), [3.0], "{name}");
        }
    }

    #[test]
    fn a_long_sum_keeps_its_digits() {
        let x = vec![0.1f32; if cfg!(miri) { 300 } else { 1_000_000 }];
        let expected = 0.1f32 as f64 * x.len() as f64;
        for (name, level) in levels() {
            let found = reduced(level, Reduce::Sum, &x, x.len())[0];
            assert!((found as f64 - expected).abs() < expected * 5e-7, "{name}: {found} for {expected}");
        }
    }
}
