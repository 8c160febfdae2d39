//! Products with a matrix that is never written: its rows are parts of a buffer, which overlap, as what the windows of an image have at
//! one place does (implicit GEMM: Chetlur et al. 2014, <https://arxiv.org/abs/1410.0759>).

use super::block_sizes::{BLOCK_A, BLOCK_B, BLOCK_K, BLOCK_M, block_rows};
use super::blocked::block_of_rows;
use super::dispatch::{multiply_block_at, tile_at};
use super::gemm::{Block, RowRuns, RowsOfB, TileEpilogue};
use super::level::{Level, level};
use super::wide_number::Wide;
use crate::cpu::kernels::matrix::Matrix;
use crate::cpu::parallel::ColumnsMut;

/// The elements that a buffer has behind the last of such a matrix, since whole vectors are read.
pub const READ_BEYOND: usize = 32;

/// The products of a type that is not widened. They are no generic functions, for the reason of [`Products`](super::Products).
pub trait ImplicitProducts: Wide {
    /// The product of `a (m, k)` and a matrix of `k` rows that begin in `b` so, into columns of `c`: the
    /// first of them is the first of the matrix.
    ///
    /// # Panics
    /// A matrix does not lie inside its slice, or `b` ends less than [`READ_BEYOND`] elements behind it.
    fn multiply_runs(a: Matrix<'_, Self>, b: &[Self], runs: RowRuns<'_>, c: ColumnsMut<'_, Self>);
}

macro_rules! implicit { ($($t:ident)*) => {$(
    impl ImplicitProducts for $t {
        fn multiply_runs(a: Matrix<'_, $t>, b: &[$t], runs: RowRuns<'_>, c: ColumnsMut<'_, $t>) {
            multiply_runs_at(level(), a, b, runs, c);
        }
    }
)*} }
implicit! { f32 f64 }

pub fn multiply_runs_at<S: Wide>(level: Level, a: Matrix<'_, S>, b: &[S], runs: RowRuns<'_>, mut c: ColumnsMut<'_, S>) {
    let (RowRuns { starts, run, .. }, [m, _]) = (runs, c.size());
    let (k, [tile, width]) = (runs.len(), tile_at::<S>(level));
    assert!(width <= READ_BEYOND && k > 0, "a product of terms");
    assert!(a.lies_inside([m, k]), "a buffer ends before its matrix");
    let (mut rooms, columns) = (S::rooms().take(), c.columns());
    let (packed, at_once) = (&mut rooms[0], (BLOCK_K / run).max(1));
    for (index, starts) in starts.chunks(at_once).enumerate() {
        let (first_k, terms) = (index * at_once * run, starts.len() * run);
        // The rows of a run share most of their elements.
        let columns_at_once = (BLOCK_B / size_of::<S>() / starts.len() / width * width).max(width);
        let rows_at_once = block_rows(m, (BLOCK_A / size_of::<S>() / terms).clamp(1, BLOCK_M), tile);
        for first_row in (0..m).step_by(rows_at_once) {
            let rows = first_row..m.min(first_row + rows_at_once);
            let a = block_of_rows(level, a.part(first_row, first_k), [rows.len(), terms], packed);
            for first_column in columns.clone().step_by(columns_at_once) {
                let block = Block {
                    rows: rows.clone(),
                    columns: first_column..columns.end.min(first_column + columns_at_once),
                    first: index == 0,
                    last: first_k + terms == k,
                };
                // It is in a cache: nothing is prefetched.
                let rows = RowsOfB { runs: RowRuns { starts, ..runs }, apart: width, ahead: 0 };
                let b = &b[first_column - columns.start..];
                multiply_block_at(level, a, b, rows, &mut c, &block, TileEpilogue::NONE);
            }
        }
    }
    S::rooms().set(rooms);
}

#[cfg(test)]
mod tests {
    use super::super::level::levels;
    use super::*;
    use crate::backend::Number;

    /// Random numbers, the matrix of them that is meant, and the product.
    fn check<S: Wide>([m, n, run, step]: [usize; 4], starts: &[usize], rounding: f64) {
        let mut rng = fastrand::Rng::with_seed(3);
        let mut random = |len: usize| (0..len).map(|_| S::from(rng.f32() - 0.5).unwrap()).collect::<Vec<_>>();
        let k = starts.len() * run;
        let begin = |row: usize| starts[row / run] + row % run * step;
        let end = (0..k).map(begin).max().unwrap() + n;
        let (a, b) = (random(m * k), random(end + READ_BEYOND));
        for (name, level) in levels() {
            let mut c = vec![S::nan(); m * (n + 2)];
            let runs = RowRuns { starts, run, step };
            let a_matrix = Matrix { elements: &a[..], strides: [k, 1] };
            multiply_runs_at(level, a_matrix, &b, runs, ColumnsMut::new(&mut c, n + 2, 1..n + 1));
            assert!(c.chunks(n + 2).all(|row| Number::is_nan(row[0]) && Number::is_nan(row[n + 1])), "{name}");
            let found = c.chunks(n + 2).flat_map(|row| &row[1..=n]);
            for (at, found) in found.enumerate() {
                let wide = |x: S| x.to_f64().unwrap();
                let terms = (0..k).map(|row| wide(a[at / n * k + row]) * wide(b[begin(row) + at % n]));
                // Each of the additions rounds by half a place at most.
                let (sum, error) = (terms.sum::<f64>(), rounding * (k as f64 + 2.0) * k as f64);
                assert!((wide(*found) - sum).abs() <= error, "{name}, {m} {n}, runs of {run}: {found:?} for {sum}");
            }
        }
    }

    #[test]
    fn products_of_runs_agree_with_double_precision_at_every_size() {
        let widths = [1, 7, 16, 17, 31, 32, 33, 65, 100];
        for n in widths.into_iter().filter(|n| !cfg!(miri) || [7, 33].contains(n)) {
            for m in [1, 5, 13, 64].into_iter().filter(|m| !cfg!(miri) || *m == 5) {
                check::<f32>([m, n, 3, 1], &[0, 10, 20, 111, 121, 131], 3e-8);
                check::<f32>([m, n, 1, 0], &[5, 0, 40, 40, 3], 3e-8);
                check::<f64>([m, n, 2, 4], &[1, 0, 33], 1e-16);
            }
        }
        if !cfg!(miri) {
            // Rows of 4096 bytes, which are packed; and more terms than are summed at once.
            check::<f32>([30, 40, 4, 2], &(0..256).map(|i| i % 7 * 50).collect::<Vec<_>>(), 3e-8);
            check::<f32>([130, 40, 5, 1], &(0..900).map(|i| i % 9 * 50).collect::<Vec<_>>(), 3e-8);
        }
    }

    #[test]
    #[cfg_attr(target_family = "wasm", ignore)] // A panic ends the program.
    fn what_ends_too_soon_is_refused() {
        for (name, level) in levels() {
            let product = |b: usize| {
                let (a, mut c) = ([1.0f32; 2], [0.0; 3]);
                let runs = RowRuns { starts: &[0, 4], run: 1, step: 1 };
                let a = Matrix { elements: &a[..], strides: [2, 1] };
                multiply_runs_at(level, a, &vec![0.0; b], runs, ColumnsMut::new(&mut c, 3, 0..3));
            };
            product(7 + READ_BEYOND);
            assert!(std::panic::catch_unwind(|| product(6)).is_err(), "{name}");
        }
    }
}
