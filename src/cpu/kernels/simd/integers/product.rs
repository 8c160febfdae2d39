//! The products of rounded rows and rows of blocks.

use super::activations::{
    Activations, CENTRE, CENTRE_SUMS, CENTRES, CENTRES_OF_HALVES, SCALES, SUMS, VECTORS, integers_mut,
};
use super::decoder::{Decoder, Step, unpack, vectors_of};
use super::vector::{BLOCK, IntegerVector};
use crate::cpu::kernels::blocks::Rows;
use crate::cpu::memory::Elements;
use crate::cpu::parallel::ColumnsMut;
use std::ops::Range;
use zerocopy::IntoBytes;

/// The rows of a weight that one row of `x` is multiplied with at a time.
const OUTPUTS_OF_ONE: usize = 4;
/// The rows of `x` whose sums stay in registers.
const ROWS: usize = 4;
/// The numbers of weights that are used for all rows of `x`: they stay in the L2 cache.
const CACHED: usize = 1 << 16;
/// The steps that are used for these weights before the next ones: those of a few rows of `x` stay in the L1 cache.
const STEPS_AT_ONCE: usize = 16;
/// The prefetch distance in bytes.
const AHEAD: usize = 1024;
const LINE: usize = 64;

/// The products of all rows of `x` with rows of blocks, one for each of the columns.
///
/// # Safety
/// The processor has the instructions of `V`, which `x` was rounded for.
#[inline(always)]
pub unsafe fn multiply<V: IntegerVector, F: Decoder>(x: &Activations, rows: Rows<'_>, out: &mut ColumnsMut<'_, f32>) {
    let ([n, k], [m, stride], columns) = (rows.size, out.size(), out.columns());
    let blocks = k / BLOCK;
    let (row, unpacked_row) = (F::row_bytes::<V>(blocks), F::Unpacked::row_bytes::<V>(blocks) / size_of::<f32>());
    assert_eq!(x.in_bytes(), F::IN_BYTES, "rows that were rounded alike");
    assert!(m == x.rows() && columns.len() == n && rows.bytes.len() == n * row, "a result for each pair of rows");
    let steps = blocks.div_ceil(V::BLOCKS);
    assert!(blocks >= V::BLOCKS && x.stride() == steps * VECTORS * V::LANES, "rows of this size");
    if m == 0 || n == 0 {
        return;
    }
    let out = Output { first: out.rows(0..m, columns), stride };
    let is_unpacked = m > F::FEW_ROWS;
    let at_once = if m == 1 { n } else { CACHED / if is_unpacked { unpacked_row } else { row / size_of::<f32>() } };
    let at_once = at_once.clamp(OUTPUTS_OF_ONE, n.max(OUTPUTS_OF_ONE));
    let mut unpacked = is_unpacked.then(|| Elements::arbitrary(at_once * unpacked_row));
    let mut sums = Elements::arbitrary(if m > 1 && steps > STEPS_AT_ONCE { at_once * ROWS * V::LANES } else { 0 });
    let sums: &mut [f32] = sums.get_mut().expect("new elements have one holder");
    for first in (0..n).step_by(at_once) {
        let count = at_once.min(n - first);
        let (bytes, out) = (&rows.bytes[first * row..][..count * row], out.at(0, first));
        let Some(unpacked) = &mut unpacked else {
            // SAFETY: the caller's; the columns are those of the weights.
            unsafe { multiply_cached::<V, F>(x, bytes, blocks, sums, out) };
            continue;
        };
        let unpacked = &mut unpacked.get_mut().expect("new elements have one holder")[..count * unpacked_row];
        for (from, to) in bytes.chunks_exact(row).zip(unpacked.chunks_exact_mut(unpacked_row)) {
            // SAFETY: the caller's.
            unsafe { unpack::<V, F>(from, blocks, integers_mut(to)) };
        }
        let bytes = unpacked.as_bytes();
        // SAFETY: the caller's; the columns are those of the weights.
        unsafe { multiply_cached::<V, F::Unpacked>(x, bytes, blocks, sums, out) };
    }
}

/// A place in the result, and the distance of its rows.
#[derive(Clone, Copy)]
struct Output {
    first: *mut f32,
    stride: usize,
}

impl Output {
    #[inline(always)]
    fn at(self, row: usize, column: usize) -> Self {
        Output { first: self.first.wrapping_add(row * self.stride + column), ..self }
    }
}

/// The products of all rows of `x` with rows of weights that stay in a cache, from a place in the result on. There is room for
/// the sums of some rows of `x` if not all steps are added at once.
///
/// # Safety
/// As of [`multiply`]; the result has these rows, and as many columns as there are rows of weights.
#[inline(always)]
unsafe fn multiply_cached<V: IntegerVector, F: Decoder>(
    x: &Activations,
    bytes: &[u8],
    blocks: usize,
    sums: &mut [f32],
    out: Output,
) {
    let mut first = 0;
    while first < x.rows() {
        // One or two are multiplied one by one: in a tile of four, the others would be for nothing.
        let count = if x.rows() - first <= 2 { 1 } else { ROWS.min(x.rows() - first) };
        let (x, out) = (&x.rows_from(first)[..count * x.stride()], out.at(first, 0));
        // SAFETY: the caller's.
        unsafe {
            if count == 1 {
                multiply_rows::<V, F, OUTPUTS_OF_ONE, 1>(x, bytes, blocks, sums, out);
            } else if const { V::OUTPUTS == 2 } {
                multiply_rows::<V, F, 2, ROWS>(x, bytes, blocks, sums, out);
            } else {
                multiply_rows::<V, F, 1, ROWS>(x, bytes, blocks, sums, out);
            }
        }
        first += count;
    }
}

/// The products of so many rows of `x`, or fewer, with rows of weights.
///
/// # Safety
/// As of [`multiply_cached`].
#[inline(always)]
unsafe fn multiply_rows<V: IntegerVector, F: Decoder, const OUTPUTS: usize, const ROWS: usize>(
    x: &[u32],
    bytes: &[u8],
    blocks: usize,
    stored: &mut [f32],
    out: Output,
) {
    let (row, steps) = (F::row_bytes::<V>(blocks), blocks.div_ceil(V::BLOCKS));
    let rows = x.len() / (steps * VECTORS * V::LANES);
    let at_once = if ROWS == 1 { steps } else { STEPS_AT_ONCE };
    // Several rows that are read at once begin so far apart: each place is read from its begin to its end, as the processor expects.
    let (count, apart) = (bytes.len() / row, (bytes.len() / row).div_ceil(OUTPUTS));
    for first in (0..steps).step_by(at_once) {
        let range = first..steps.min(first + at_once);
        for index in 0..apart {
            // SAFETY: the caller's.
            let mut sums = unsafe { [[V::splat(0.0); ROWS]; OUTPUTS] };
            let place = |output: usize, row: usize| ((index + output * apart) * ROWS + row) * V::LANES;
            let outputs = (count - index).div_ceil(apart);
            // SAFETY: the caller's.
            unsafe {
                if first > 0 {
                    for output in 0..outputs {
                        for row in 0..ROWS {
                            sums[output][row] = V::load(&stored[place(output, row)..][..V::LANES]);
                        }
                    }
                }
                let bytes = &bytes[index * row..];
                add_steps::<V, F, OUTPUTS, ROWS>(x, bytes, [blocks, apart], range.clone(), &mut sums);
                if range.end == steps {
                    write_sums(sums, [outputs, rows], apart, out.at(0, index));
                } else {
                    for output in 0..outputs {
                        for row in 0..ROWS {
                            sums[output][row].store(&mut stored[place(output, row)..][..V::LANES]);
                        }
                    }
                }
            }
        }
    }
}

/// Adds the products of some steps: those of rows of weights, which are so far apart, and of `x`, of which there are so many or fewer.
///
/// # Safety
/// The processor has the instructions of `V`, which `x` was rounded for.
#[inline(always)]
unsafe fn add_steps<V: IntegerVector, F: Decoder, const OUTPUTS: usize, const ROWS: usize>(
    x: &[u32],
    bytes: &[u8],
    [blocks, apart]: [usize; 2],
    steps: Range<usize>,
    sums: &mut [[V; ROWS]; OUTPUTS],
) {
    let row = F::row_bytes::<V>(blocks);
    let stride = blocks.div_ceil(V::BLOCKS) * VECTORS * V::LANES;
    let inside = blocks >= V::BLOCKS && steps.end <= blocks.div_ceil(V::BLOCKS);
    assert!(inside && bytes.len() >= row && x.len() >= stride, "steps of a row");
    let (mut outputs, mut rows) = ([bytes.as_ptr(); OUTPUTS], [x.as_ptr(); ROWS]);
    // Behind the last row, it is taken again.
    for output in 0..OUTPUTS {
        outputs[output] = bytes[output.min((bytes.len() / row - 1) / apart) * apart * row..].as_ptr();
    }
    for row in 0..ROWS {
        rows[row] = x[row.min(x.len() / stride - 1) * stride..].as_ptr();
    }
    // What was unpacked is in a cache.
    let is_in_memory = const { F::FEW_ROWS < usize::MAX };
    for step in steps {
        let block = (step * V::BLOCKS).min(blocks - V::BLOCKS);
        let x = |row: usize| rows[row].wrapping_add(step * VECTORS * V::LANES);
        // SAFETY: the caller's; the step lies inside the rows.
        unsafe {
            if is_in_memory {
                for output in 0..OUTPUTS {
                    let from = F::start::<V>(outputs[output], step, block).wrapping_add(AHEAD);
                    for line in (0..F::row_bytes::<V>(8) * V::BLOCKS / 8).step_by(LINE) {
                        V::prefetch(from.wrapping_add(line).cast());
                    }
                }
            }
            if ROWS == 1 {
                for output in 0..OUTPUTS {
                    let weights = F::step::<V>(outputs[output], step, block);
                    sums[output][0] = add_step::<V, F>(x(0), &weights, sums[output][0]);
                }
            } else {
                // Each vector of `x` is loaded once for all weights, which stay in registers.
                let mut weights = [F::step::<V>(outputs[0], step, block); OUTPUTS];
                for output in 1..OUTPUTS {
                    weights[output] = F::step::<V>(outputs[output], step, block);
                }
                for row in 0..ROWS {
                    for output in 0..OUTPUTS {
                        sums[output][row] = add_step::<V, F>(x(row), &weights[output], sums[output][row]);
                    }
                }
            }
        }
    }
}

/// Adds the products of a step.
///
/// # Safety
/// The processor has the instructions of `V`, and there are the integers of a step.
#[inline(always)]
unsafe fn add_step<V: IntegerVector, F: Decoder>(x: *const u32, weights: &Step<V>, sum: V) -> V {
    let vector = |index: usize| x.wrapping_add(index * V::LANES);
    // SAFETY: the caller's.
    unsafe {
        let numbers = |index: usize| std::slice::from_raw_parts(vector(index).cast::<f32>(), V::LANES);
        // What is subtracted from sums of products of integers that are raised.
        let centres = |index: usize| match F::RAISED {
            0 => V::splat_words(0),
            raised => V::shift_left(V::load_integers(vector(index)), (raised / CENTRE as u32).ilog2()),
        };
        let dot = |index: usize, sums| {
            let (x, weights) = (V::load_integers(vector(index)), weights.integers[index]);
            if F::IN_BYTES { V::dot_bytes(weights, x, sums, F::RAISED > 64) } else { V::dot_words(x, weights, sums) }
        };
        let scales = V::load(numbers(SCALES));
        if F::HAS_TWO_SCALES {
            let [first, last] = [0, 1].map(|half| V::to_floats(dot(half, centres(CENTRES_OF_HALVES + half))));
            return last.mul_add(weights.offset, first.mul(weights.scale)).mul_add(scales, sum);
        }
        let mut dots = centres(CENTRES);
        for index in 0..const { vectors_of(F::IN_BYTES) } {
            dots = dot(index, dots);
        }
        let dots = V::to_floats(dots);
        if F::HAS_OFFSETS {
            // With offsets, the scale is that of a number and not of its distance from the centre.
            let products = dots.mul_add(scales, V::load(numbers(CENTRE_SUMS)));
            weights.offset.mul_add(V::load(numbers(SUMS)), products.mul_add(weights.scale, sum))
        } else {
            dots.mul(scales).mul_add(weights.scale, sum)
        }
    }
}

/// Writes the sums of so many rows of weights, which are so far apart, and of `x`.
///
/// # Safety
/// The processor has the instructions of `V`, and there are such places.
#[inline(always)]
unsafe fn write_sums<V: IntegerVector, const OUTPUTS: usize, const ROWS: usize>(
    sums: [[V; ROWS]; OUTPUTS],
    [outputs, rows]: [usize; 2],
    apart: usize,
    out: Output,
) {
    for first in (0..OUTPUTS * ROWS).step_by(4) {
        let mut four = [sums[0][0]; 4];
        for i in 0..4 {
            four[i] = sums[(first + i) / ROWS][(first + i) % ROWS];
        }
        // SAFETY: the caller's.
        let four = unsafe { V::sums(four) };
        for i in 0..4 {
            let (output, row) = ((first + i) / ROWS, (first + i) % ROWS);
            if output < outputs && row < rows {
                // SAFETY: the caller's.
                unsafe { *out.at(row, output * apart).first = four[i] };
            }
        }
    }
}
