//! The product of weights and values.

use super::super::pair::Pair;
use super::super::vector::{Lanes, OutlinedKernel, Vector, at_most, dispatch_rows, even_chunks, read, write};
use super::block::{QUERIES, TILE_ROWS};
use crate::cpu::kernels::matrix::Matrix;

/// Accumulates the values weighted by the exponentials of the scores; after the last keys, normalises them into the
/// results. Returns whether the results, if there are any, are finite.
pub struct Values<'a, const INTERLEAVE: usize> {
    pub v: Matrix<'a, f32>,
    /// The keys, and the size of a value.
    pub size: [usize; 2],
    /// The weights: for each `INTERLEAVE` keys, so many weights of each lane.
    pub weights: &'a [f32],
    pub lanes: usize,
    /// The factors by which earlier sums are rescaled, if there are any.
    pub before: Option<&'a [f32; QUERIES]>,
    /// After the last keys: the inverse sums of exponentials, one for every `INTERLEAVE` entries.
    pub inverse: Option<&'a [f32]>,
    /// A row for each query.
    pub sums: &'a mut [f32],
    pub out: &'a mut [f32],
    /// Where the result of each query begins.
    pub out_starts: &'a [usize],
}

type Two<V> = Pair<V, V>;

impl<const INTERLEAVE: usize> OutlinedKernel for Values<'_, INTERLEAVE> {
    type Output = bool;

    #[inline(always)]
    unsafe fn run<V: Vector>(mut self) -> bool {
        let ([keys, e], rows) = (self.size, self.out_starts.len());
        assert!(keys > 0 && self.v.elements.len() >= (keys - 1) * self.v.strides[0] + e, "values end too soon");
        assert!(
            self.weights.len() >= keys.next_multiple_of(INTERLEAVE) * self.lanes && rows <= self.lanes.min(QUERIES),
            "weights end too soon"
        );
        let inside = self.out_starts.iter().max().is_none_or(|place| place + e <= self.out.len());
        let sums = if self.before.is_some() || self.inverse.is_none() { rows * e } else { 0 };
        assert!(self.sums.len() >= sums && inside, "results end too soon");
        // SAFETY: the caller's; the assertions are that all slices are long enough.
        unsafe {
            let (mut check, mut check_of_four) = (Two::<V>::splat(0.0), Two::<Two<V>>::splat(0.0));
            let mut first = 0;
            // Column block by column block, for all rows.
            if const { V::TILE > TILE_ROWS } {
                // Enough registers for four vectors in a row, so that whole cache lines of values are used.
                while first + 4 * V::LANES <= e {
                    let columns = [first, first + 4 * V::LANES];
                    check_of_four = check_of_four
                        .add(add_columns::<Two<Two<V>>, INTERLEAVE, { TILE_ROWS / 2 }, true>(&mut self, columns));
                    first += 4 * V::LANES;
                }
            }
            while first + 2 * V::LANES <= e {
                let columns = [first, first + 2 * V::LANES];
                check = check.add(add_columns::<Two<V>, INTERLEAVE, TILE_ROWS, true>(&mut self, columns));
                first += 2 * V::LANES;
            }
            if first < e {
                check = check.add(add_columns::<Two<V>, INTERLEAVE, TILE_ROWS, false>(&mut self, [first, e]));
            }
            (check.sum() + check_of_four.sum()).is_finite()
        }
    }
}

/// One column block, of a vector or less if not `WHOLE`. Returns a vector that is finite only if the results are.
///
/// `WHOLE` is a constant: with both ways to load in one loop, the compiler would not keep the tile in registers.
///
/// # Safety
/// The processor has the instructions of `W`, and all slices are as long as [`Values::run`] asserts.
#[inline(always)]
unsafe fn add_columns<W: Vector, const INTERLEAVE: usize, const MAX_KEYS: usize, const WHOLE: bool>(
    values: &mut Values<'_, INTERLEAVE>,
    columns: [usize; 2],
) -> W {
    // SAFETY: the caller's.
    unsafe {
        let mut check = W::splat(0.0);
        for (row, count) in even_chunks(values.out_starts.len(), at_most::<W>(MAX_KEYS)) {
            check = check.add(dispatch_rows!(
                count,
                at_most::<W>(MAX_KEYS),
                value_tile::<W, INTERLEAVE, WHOLE>(values, row, columns)
            ));
        }
        check
    }
}

/// Some rows of [`add_columns`].
///
/// # Safety
/// As of [`add_columns`].
#[inline(always)]
unsafe fn value_tile<W: Vector, const INTERLEAVE: usize, const WHOLE: bool, const ROWS: usize>(
    values: &mut Values<'_, INTERLEAVE>,
    first_row: usize,
    [first, end]: [usize; 2],
) -> W {
    let (v, weights, lanes, e, len) = (values.v, values.weights, values.lanes, values.size[1], end - first);
    let (sums, out, out_starts) = (values.sums.as_mut_ptr(), values.out.as_mut_ptr(), values.out_starts);
    // SAFETY: the caller's.
    unsafe {
        let mut tile = [W::splat(0.0); ROWS];
        for key in 0..values.size[0] {
            let value = read::<W, WHOLE>(v.elements.as_ptr().add(key * v.strides[0] + first), len, 0.0);
            let of_key = key / INTERLEAVE * INTERLEAVE * lanes + key % INTERLEAVE;
            let weights = weights.get_unchecked(of_key + first_row * INTERLEAVE..);
            for row in 0..ROWS {
                let weight = W::splat(*weights.get_unchecked(row * INTERLEAVE));
                tile[row] = weight.accumulate(value, tile[row]);
            }
        }
        // A loop for each choice: with a choice in the loop, the tile would not stay in registers.
        if let Some(scales) = values.before {
            for row in 0..ROWS {
                let scale = W::splat(*scales.get_unchecked(first_row + row));
                let before = read::<W, WHOLE>(sums.add((first_row + row) * e + first), len, 0.0);
                tile[row] = before.accumulate(scale, tile[row]);
            }
        }
        let mut check = W::splat(0.0);
        if let Some(inverse) = values.inverse {
            for row in 0..ROWS {
                let result = tile[row].mul(W::splat(*inverse.get_unchecked((first_row + row) * INTERLEAVE)));
                check = check.add(result);
                write::<W, WHOLE>(result, out.add(out_starts.get_unchecked(first_row + row) + first), len);
            }
        } else {
            for row in 0..ROWS {
                write::<W, WHOLE>(tile[row], sums.add((first_row + row) * e + first), len);
            }
        }
        check
    }
}
