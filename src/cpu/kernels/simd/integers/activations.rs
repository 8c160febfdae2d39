//! Rows of numbers, rounded to integers of 16 bits or 8.

use super::vector::{BLOCK, IntegerVector};
use crate::cpu::kernels::simd::level::Level;
use crate::cpu::memory::Elements;
use crate::cpu::parallel::for_each_chunk;
use zerocopy::{FromBytes, IntoBytes};

/// What is stored of a step, in vectors: 4 of words, or 2 of bytes and what the centre of the weights takes from sums of products of
/// each half; the scales of the blocks, what the centre takes from the sums of all, the sums of the numbers themselves, and these
/// times the centre.
pub const VECTORS: usize = 8;
pub const CENTRES_OF_HALVES: usize = 2;
pub const SCALES: usize = 4;
pub const CENTRES: usize = 5;
pub const SUMS: usize = 6;
pub const CENTRE_SUMS: usize = 7;

/// By how much the unsigned weights of 4 bits are above those around zero: between these, the errors of rounding are half as large.
pub const CENTRE: i16 = 8;

/// The largest magnitudes of a block that is rounded, by their bits: 2^-80 and 2^100. Between these, the product of both scales
/// is neither denormal nor infinite.
const SMALLEST: u32 = (127 - 80) << 23;
const LARGEST: u32 = (127 + 100) << 23;

/// Rows of `x`, rounded.
pub struct Activations {
    elements: Elements<f32>,
    rows: usize,
    /// The integers of a row.
    stride: usize,
    /// Where the first scale of a row stands.
    first_scale: usize,
    level: Level,
    in_bytes: bool,
}

impl Activations {
    /// Rounds rows to 16 bits or 8 by the kernel of a level, whose steps have so many blocks.
    pub fn rounded(
        level: Level,
        in_bytes: bool,
        x: &[f32],
        [rows, k]: [usize; 2],
        blocks: usize,
        kernel: impl Fn(&[f32], &mut [u32]) + Sync,
    ) -> Self {
        let lanes = 4 * blocks;
        let stride = (k / BLOCK).div_ceil(blocks) * VECTORS * lanes;
        let mut elements = Elements::arbitrary(rows * stride);
        let to = elements.get_mut().expect("new elements have one holder");
        for_each_chunk(to, stride, 2 * k, |row, to| kernel(&x[row * k..][..k], integers_mut(to)));
        Activations { elements, rows, stride, first_scale: SCALES * lanes, level, in_bytes }
    }

    pub fn level(&self) -> Level {
        self.level
    }

    /// Whether rows were rounded to 8 bits, and not 16.
    pub fn in_bytes(&self) -> bool {
        self.in_bytes
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The integers of the rows from this one on.
    pub fn rows_from(&self, row: usize) -> &[u32] {
        &integers(self.elements.as_slice())[row * self.stride..]
    }

    /// The integers of a row.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Whether the results of a row count: not if a block is too large or too small to be rounded, or not finite.
    pub fn is_rounded(&self, row: usize) -> bool {
        !self.elements.as_slice()[row * self.stride + self.first_scale].is_nan()
    }
}

/// Numbers as integers of their bits.
pub fn integers(x: &[f32]) -> &[u32] {
    FromBytes::ref_from_bytes(x.as_bytes()).expect("as large and aligned alike")
}

pub fn integers_mut(x: &mut [f32]) -> &mut [u32] {
    FromBytes::mut_from_bytes(x.as_mut_bytes()).expect("as large and aligned alike")
}

/// Rounds a row to 16 bits or 8. If the results of it do not count, its first scale is NaN.
///
/// # Safety
/// The processor has the instructions of `V`. The row has the blocks of a step, or more.
#[inline(always)]
pub unsafe fn round<V: IntegerVector>(in_bytes: bool, x: &[f32], to: &mut [u32]) {
    let (blocks, lanes) = (x.len() / BLOCK, V::LANES);
    assert!(blocks >= V::BLOCKS && to.len() == blocks.div_ceil(V::BLOCKS) * VECTORS * lanes, "the steps of a row");
    // SAFETY: the caller's.
    unsafe {
        let mut refused = V::splat(0.0);
        for (step, to) in to.chunks_exact_mut(VECTORS * lanes).enumerate() {
            // The last step has the last blocks. Those that the step before it has too are zeros.
            let first = (step * V::BLOCKS).min(blocks - V::BLOCKS);
            let mut of_step = [&[0.0; BLOCK][..]; 4];
            for index in step * V::BLOCKS - first..V::BLOCKS {
                of_step[index] = &x[(first + index) * BLOCK..][..BLOCK];
            }
            refused = refused.add(round_step::<V>(in_bytes, of_step, to));
        }
        if refused.sum().is_nan() {
            to[SCALES * lanes] = f32::NAN.to_bits();
        }
    }
}

/// Rounds the blocks of a step. NaN stands in what is returned where one cannot be.
///
/// # Safety
/// The processor has the instructions of `V`. There are as many blocks as a step has, and room for it.
#[inline(always)]
unsafe fn round_step<V: IntegerVector>(in_bytes: bool, x: [&[f32]; 4], to: &mut [u32]) -> V {
    debug_assert!(to.len() >= VECTORS * V::LANES);
    // SAFETY: the caller's; a block has eight groups of four elements.
    unsafe {
        let zero = V::splat(0.0);
        // By half of the block and place in a group: the groups of each block in its lanes.
        let mut elements = [[zero; 4]; 2];
        for half in 0..2 {
            let mut groups = [zero; 4];
            for group in 0..4 {
                let at = half * BLOCK / 2 + 4 * group;
                groups[group] = V::load_groups([&x[0][at..], &x[1][at..], &x[2][at..], &x[3][at..]]);
            }
            elements[half] = V::transpose_groups(groups);
        }
        let (mut largest, mut sum, mut refused) = (zero, [zero; 2], zero);
        for half in 0..2 {
            let [a, b, c, d] = elements[half];
            sum[half] = a.add(b).add(c.add(d));
            for element in elements[half] {
                largest = element.abs().max(largest);
                // Of what is not finite, NaN.
                refused = element.mul_add(zero, refused);
            }
        }
        let (sum, largest) = (sum[0].add(sum[1]), V::group_maxima([largest; 4]));
        let (smallest, nan) = (V::splat(f32::from_bits(SMALLEST)), V::splat(f32::NAN));
        let too_small = zero.select_less(largest, largest.select_less(smallest, nan, zero), zero);
        refused = V::splat(f32::from_bits(LARGEST)).select_less(largest, nan, refused.add(too_small));
        let most = V::splat(if in_bytes { 127.0 } else { 32767.0 });
        let factor = largest.select_less(smallest, zero, most.div(largest));
        let to = to.as_mut_ptr();
        let store = |integers, vector: usize| V::store_integers(integers, to.add(vector * V::LANES));
        let centre = V::splat_words(-CENTRE);
        let (mut words, mut centres) = ([V::splat_words(0); 4], V::splat_words(0));
        for vector in 0..4 {
            let four = elements[vector % 2];
            let low = four[vector / 2].mul(factor).round_to_integers();
            let high = four[vector / 2 + 2].mul(factor).round_to_integers();
            words[vector] = V::pair_words(low, high);
            centres = V::dot_words(words[vector], centre, centres);
            if !in_bytes {
                store(words[vector], vector);
            }
        }
        if in_bytes {
            for half in 0..2 {
                let (even, odd) = (words[half], words[half + 2]);
                store(V::pair_bytes(even, odd), half);
                let centres = V::dot_words(even, centre, V::splat_words(0));
                store(V::dot_words(odd, centre, centres), CENTRES_OF_HALVES + half);
            }
        }
        store(centres, CENTRES);
        largest.div(most).write(to.add(SCALES * V::LANES).cast());
        sum.write(to.add(SUMS * V::LANES).cast());
        sum.mul(V::splat(CENTRE as f32)).write(to.add(CENTRE_SUMS * V::LANES).cast());
        refused
    }
}
