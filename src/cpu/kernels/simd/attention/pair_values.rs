//! The product of weights and values, both in pairs of keys.

use super::super::terms::{Bf16Pairs, PairKernel};
use super::super::vector::{Lanes, MAX_LANES, Vector, dispatch_rows, even_chunks};
use super::block::{QUERIES, TILE_ROWS};
use crate::cpu::kernels::matrix::Matrix;
use half::bf16;

/// Writes values in pairs of keys: rows of so many terms, whole vectors, of which the last are zeros.
pub struct PackPairs<'a, 'to> {
    pub v: Matrix<'a, bf16>,
    /// The keys, and the size of a value.
    pub size: [usize; 2],
    pub width: usize,
    pub to: &'to mut [u32],
}

impl PairKernel for PackPairs<'_, '_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<P: Bf16Pairs>(self) {
        let PackPairs { v, size: [keys, e], width, to } = self;
        let lanes = <P::Lanes as Lanes>::LANES;
        assert!(v.lies_inside([keys, e]) && v.strides[1] == 1, "values end too soon");
        assert!(width == e.next_multiple_of(lanes), "whole vectors of values");
        for (pair, to) in to.chunks_exact_mut(width).take(keys.div_ceil(2)).enumerate() {
            let (from, left) = (&v.elements[2 * pair * v.strides[0]..], keys - 2 * pair);
            for first in (0..width).step_by(lanes) {
                // SAFETY: the caller's; the numbers of whole vectors are all there.
                unsafe {
                    let terms = if first + lanes <= e {
                        P::load_row(&from[first..], v.strides[0], left)
                    } else {
                        P::load_part_of_row(&from[first..], v.strides[0], left, e - first)
                    };
                    P::store(terms, &mut to[first..]);
                }
            }
        }
    }
}

/// As [`Values`](super::values::Values), of pairs, with results that are rounded.
pub struct PairValues<'a> {
    /// As [`PackPairs`] writes them.
    pub v: &'a [u32],
    pub width: usize,
    /// The keys, and the size of a value.
    pub size: [usize; 2],
    /// A weight of each lane to each pair of keys; the second of a last single key is zero.
    pub weights: &'a [u32],
    pub lanes: usize,
    /// The factors by which earlier sums are rescaled, if there are any.
    pub before: Option<&'a [f32; QUERIES]>,
    /// After the last keys: the inverse sums of exponentials.
    pub inverse: Option<&'a [f32; QUERIES]>,
    /// A row of the width for each query.
    pub sums: &'a mut [f32],
    pub out: &'a mut [bf16],
    /// Where the result of each query begins.
    pub out_starts: &'a [usize],
}

impl PairKernel for PairValues<'_> {
    type Output = bool;

    #[inline(always)]
    unsafe fn run<P: Bf16Pairs>(mut self) -> bool {
        let ([keys, e], width, rows, lanes) =
            (self.size, self.width, self.out_starts.len(), <P::Lanes as Lanes>::LANES);
        let pairs = keys.div_ceil(2);
        assert!(width == e.next_multiple_of(lanes) && self.v.len() >= pairs * width, "values end too soon");
        assert!(self.weights.len() >= pairs * self.lanes && rows <= self.lanes.min(QUERIES), "weights end too soon");
        let inside = self.out_starts.iter().max().is_none_or(|place| place + e <= self.out.len());
        let sums = if self.before.is_some() || self.inverse.is_none() { rows * width } else { 0 };
        assert!(self.sums.len() >= sums && inside, "results end too soon");
        // SAFETY: the caller's; the assertions are that all slices are long enough.
        unsafe {
            let mut check = P::Lanes::splat(0.0);
            let mut first = 0;
            // Column block by column block, for all rows, as many vectors as stay in registers with these rows.
            while first + 4 * lanes <= width {
                for (row, count) in even_chunks(rows, TILE_ROWS / 2) {
                    check = check.add(dispatch_rows!(count, TILE_ROWS / 2, value_tile::<P, 4>(&mut self, row, first)));
                }
                first += 4 * lanes;
            }
            while first + 2 * lanes <= width {
                for (row, count) in even_chunks(rows, TILE_ROWS) {
                    check = check.add(dispatch_rows!(count, TILE_ROWS, value_tile::<P, 2>(&mut self, row, first)));
                }
                first += 2 * lanes;
            }
            if first < width {
                for (row, count) in even_chunks(rows, TILE_ROWS) {
                    check = check.add(dispatch_rows!(count, TILE_ROWS, value_tile::<P, 1>(&mut self, row, first)));
                }
            }
            check.sum().is_finite()
        }
    }
}

/// Some rows and vectors of columns. Returns a vector that is finite only if the results are.
///
/// # Safety
/// The processor has the instructions, and all slices are as long as [`PairValues::run`] asserts.
#[inline(always)]
unsafe fn value_tile<P: Bf16Pairs, const VECTORS: usize, const ROWS: usize>(
    values: &mut PairValues<'_>,
    first_row: usize,
    first: usize,
) -> P::Lanes {
    let ([keys, e], width, lanes) = (values.size, values.width, <P::Lanes as Lanes>::LANES);
    let (v, weights) = (values.v.as_ptr(), values.weights.as_ptr());
    // SAFETY: the caller's.
    unsafe {
        let mut tile = [[P::Lanes::splat(0.0); VECTORS]; ROWS];
        for pair in 0..keys / 2 {
            let v = v.add(pair * width + first);
            let mut terms = [P::splat(0); VECTORS];
            for vector in 0..VECTORS {
                terms[vector] = P::load(std::slice::from_raw_parts(v.add(vector * lanes), lanes));
            }
            let weights = weights.add(pair * values.lanes + first_row);
            for row in 0..ROWS {
                let weight = P::splat(*weights.add(row));
                for vector in 0..VECTORS {
                    tile[row][vector] = P::accumulate(weight, terms[vector], tile[row][vector]);
                }
            }
        }
        if keys % 2 == 1 {
            // What the second key of the pair has may be anything: others may attend to it.
            let weights = weights.add(keys / 2 * values.lanes + first_row);
            for vector in 0..VECTORS {
                let v = v.add(keys / 2 * width + first + vector * lanes);
                let terms = P::without_second(P::load(std::slice::from_raw_parts(v, lanes)));
                for row in 0..ROWS {
                    tile[row][vector] = P::accumulate(P::splat(*weights.add(row)), terms, tile[row][vector]);
                }
            }
        }
        let sums = values.sums.as_mut_ptr();
        if let Some(scales) = values.before {
            for row in 0..ROWS {
                let scale = P::Lanes::splat(*scales.get_unchecked(first_row + row));
                for vector in 0..VECTORS {
                    let before = sums.add((first_row + row) * width + first + vector * lanes);
                    let before = P::Lanes::load(std::slice::from_raw_parts(before, lanes));
                    tile[row][vector] = before.accumulate(scale, tile[row][vector]);
                }
            }
        }
        let mut check = P::Lanes::splat(0.0);
        let Some(inverse) = values.inverse else {
            for row in 0..ROWS {
                for vector in 0..VECTORS {
                    tile[row][vector].write(sums.add((first_row + row) * width + first + vector * lanes));
                }
            }
            return check;
        };
        for row in 0..ROWS {
            let inverse = P::Lanes::splat(*inverse.get_unchecked(first_row + row));
            let out = values.out.get_unchecked_mut(*values.out_starts.get_unchecked(first_row + row)..);
            for vector in 0..VECTORS {
                let (at, result) = (first + vector * lanes, tile[row][vector].mul(inverse));
                check = check.add(result);
                if at + lanes <= e {
                    result.store_bf16(out.get_unchecked_mut(at..));
                } else if at < e {
                    let mut rounded = [bf16::ZERO; MAX_LANES];
                    result.store_bf16(&mut rounded);
                    out.get_unchecked_mut(at..e).copy_from_slice(&rounded[..e - at]);
                }
            }
        }
        check
    }
}
