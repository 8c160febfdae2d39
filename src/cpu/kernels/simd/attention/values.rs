//! Sums of values by their weights.

use super::super::pair::Pair;
use super::super::vector::{Routine, Vector, at_most, even_parts, of_rows, read, write};
use super::block::{ENOUGH, QUERIES};
use crate::cpu::kernels::matrix::Matrix;

/// The values of keys, each by its weight for a query, are added to the sums, or these are the results. Whether the
/// results, if there are any, are finite.
pub struct Values<'a, const TOGETHER: usize> {
    pub v: Matrix<'a, f32>,
    /// The keys, and the size of a value.
    pub size: [usize; 2],
    /// For each `TOGETHER` keys, so many weights of each lane.
    pub weights: &'a [f32],
    pub lanes: usize,
    /// What was summed up before, if anything was, counts so much.
    pub before: Option<&'a [f32; QUERIES]>,
    /// The last keys of all: the sums times every `TOGETHER`th of these are the results.
    pub inverse: Option<&'a [f32]>,
    /// A row for each query.
    pub sums: &'a mut [f32],
    pub out: &'a mut [f32],
    /// Where the result of each query begins.
    pub places: &'a [usize],
}

type Two<V> = Pair<V, V>;

impl<const TOGETHER: usize> Routine for Values<'_, TOGETHER> {
    type Output = bool;

    #[inline(always)]
    unsafe fn run<V: Vector>(mut self) -> bool {
        let ([keys, e], rows) = (self.size, self.places.len());
        assert!(keys > 0 && self.v.elements.len() >= (keys - 1) * self.v.strides[0] + e, "values end too soon");
        assert!(
            self.weights.len() >= keys.next_multiple_of(TOGETHER) * self.lanes && rows <= self.lanes.min(QUERIES),
            "weights end too soon"
        );
        let inside = self.places.iter().max().is_none_or(|place| place + e <= self.out.len());
        let sums = if self.before.is_some() || self.inverse.is_none() { rows * e } else { 0 };
        assert!(self.sums.len() >= sums && inside, "results end too soon");
        // SAFETY: the caller's; the assertions are that all slices are long enough.
        unsafe {
            let (mut check, mut check_of_four) = (Two::<V>::splat(0.0), Two::<Two<V>>::splat(0.0));
            let mut first = 0;
            // The values of some columns are read for all rows before those of the next ones.
            if const { V::TILE > ENOUGH } {
                // Enough registers for four vectors in a row, so that a value's line of the cache is read for all of them.
                while first + 4 * V::LANES <= e {
                    let columns = [first, first + 4 * V::LANES];
                    check_of_four = check_of_four
                        .add(add_columns::<Two<Two<V>>, TOGETHER, { ENOUGH / 2 }, true>(&mut self, columns));
                    first += 4 * V::LANES;
                }
            }
            while first + 2 * V::LANES <= e {
                let columns = [first, first + 2 * V::LANES];
                check = check.add(add_columns::<Two<V>, TOGETHER, ENOUGH, true>(&mut self, columns));
                first += 2 * V::LANES;
            }
            if first < e {
                check = check.add(add_columns::<Two<V>, TOGETHER, ENOUGH, false>(&mut self, [first, e]));
            }
            (check.sum() + check_of_four.sum()).is_finite()
        }
    }
}

/// As many columns as a vector has, or less if not `WHOLE`. What is finite only if the results are, if there are any.
///
/// Whether it is whole is a constant: with both ways to load in one loop, the compiler would not keep the tile in registers.
///
/// # Safety
/// The processor has the instructions of `W`, and all slices are as long as [`Values::run`] asserts.
#[inline(always)]
unsafe fn add_columns<W: Vector, const TOGETHER: usize, const MOST: usize, const WHOLE: bool>(
    values: &mut Values<'_, TOGETHER>,
    columns: [usize; 2],
) -> W {
    // SAFETY: the caller's.
    unsafe {
        let mut check = W::splat(0.0);
        for (row, count) in even_parts(values.places.len(), at_most::<W>(MOST)) {
            check =
                check.add(of_rows!(count, at_most::<W>(MOST), value_tile::<W, TOGETHER, WHOLE>(values, row, columns)));
        }
        check
    }
}

/// Some rows of [`add_columns`].
///
/// # Safety
/// As of [`add_columns`].
#[inline(always)]
unsafe fn value_tile<W: Vector, const TOGETHER: usize, const WHOLE: bool, const ROWS: usize>(
    values: &mut Values<'_, TOGETHER>,
    first_row: usize,
    [first, end]: [usize; 2],
) -> W {
    let (v, weights, lanes, e, len) = (values.v, values.weights, values.lanes, values.size[1], end - first);
    let (sums, out, places) = (values.sums.as_mut_ptr(), values.out.as_mut_ptr(), values.places);
    // SAFETY: the caller's.
    unsafe {
        let mut tile = [W::splat(0.0); ROWS];
        for key in 0..values.size[0] {
            let value = read::<W, WHOLE>(v.elements.as_ptr().add(key * v.strides[0] + first), len, 0.0);
            let of_key = key / TOGETHER * TOGETHER * lanes + key % TOGETHER;
            let weights = weights.get_unchecked(of_key + first_row * TOGETHER..);
            for row in 0..ROWS {
                let weight = W::splat(*weights.get_unchecked(row * TOGETHER));
                tile[row] = weight.mul_add(value, tile[row]);
            }
        }
        // A loop for each choice: with a choice in the loop, the tile would not stay in registers.
        if let Some(scales) = values.before {
            for row in 0..ROWS {
                let scale = W::splat(*scales.get_unchecked(first_row + row));
                let before = read::<W, WHOLE>(sums.add((first_row + row) * e + first), len, 0.0);
                tile[row] = before.mul_add(scale, tile[row]);
            }
        }
        let mut check = W::splat(0.0);
        if let Some(inverse) = values.inverse {
            for row in 0..ROWS {
                let result = tile[row].mul(W::splat(*inverse.get_unchecked((first_row + row) * TOGETHER)));
                check = check.add(result);
                write::<W, WHOLE>(result, out.add(places.get_unchecked(first_row + row) + first), len);
            }
        } else {
            for row in 0..ROWS {
                write::<W, WHOLE>(tile[row], sums.add((first_row + row) * e + first), len);
            }
        }
        check
    }
}
