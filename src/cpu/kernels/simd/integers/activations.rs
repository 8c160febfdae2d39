//! Rows of numbers, rounded to integers of 16 bits.

use super::{BLOCK, IntegerVector, blocks_of_a_step, is_supported, round_at};
use crate::cpu::kernels::blocks::Rows;
use crate::cpu::kernels::simd::level::Level;
use crate::cpu::memory::Elements;
use crate::cpu::parallel::for_each_chunk;
use zerocopy::{FromBytes, IntoBytes};

/// What is stored of a step, in vectors: 4 of words, the scales of the blocks, what the centre of the weights takes from sums of
/// products, the sums of the numbers themselves, and these times the centre.
pub const VECTORS: usize = 8;
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
}

impl Activations {
    /// Rounds `m` rows for a product with these rows of a weight, if that is calculated in integers.
    pub fn new(level: Level, x: &[f32], m: usize, weight: Rows<'_>) -> Option<Self> {
        let blocks = blocks_of_a_step(level).filter(|_| is_supported(level, weight))?;
        Some(Self::rounded(level, x, [m, weight.size[1]], blocks, |x, to| round_at(level, x, to)))
    }

    /// Rounds rows by the kernel of a level, whose steps have so many blocks.
    pub fn rounded(
        level: Level,
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
        Activations { elements, rows, stride, first_scale: SCALES * lanes, level }
    }

    pub fn level(&self) -> Level {
        self.level
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

/// Rounds a row. If the results of it do not count, its first scale is NaN.
///
/// # Safety
/// The processor has the instructions of `V`. The row has the blocks of a step, or more.
#[inline(always)]
pub unsafe fn round<V: IntegerVector>(x: &[f32], to: &mut [u32]) {
    let (blocks, lanes, mut all_rounded) = (x.len() / BLOCK, V::LANES, true);
    for (step, to) in to.chunks_exact_mut(VECTORS * lanes).enumerate() {
        // The last step has the last blocks. Those that the step before it has too are zeros.
        let first = (step * V::BLOCKS).min(blocks - V::BLOCKS);
        for index in 0..V::BLOCKS {
            let block = first + index;
            let x: &[f32; BLOCK] = x[block * BLOCK..].first_chunk().expect("a whole block");
            let (is_rounded, rounded) = round_block(x);
            let rounded = if block < step * V::BLOCKS { [[0; 4]; VECTORS] } else { rounded };
            all_rounded &= is_rounded;
            for vector in 0..VECTORS {
                to[vector * lanes + 4 * index..][..4].copy_from_slice(&rounded[vector]);
            }
        }
    }
    if !all_rounded {
        to[SCALES * lanes] = f32::NAN.to_bits();
    }
}

/// What is stored of a block, four lanes of each vector, and whether it could be rounded.
#[inline(always)]
fn round_block(x: &[f32; BLOCK]) -> (bool, [[u32; 4]; VECTORS]) {
    let mut largest = 0;
    for x in x {
        // By their bits, magnitudes are in order, and what is not finite is above all others.
        largest = largest.max(x.to_bits() & i32::MAX as u32);
    }
    let is_rounded = largest == 0 || (SMALLEST..=LARGEST).contains(&largest);
    let (scale, factor) = match largest {
        SMALLEST..=LARGEST => (f32::from_bits(largest) / 32767.0, 32767.0 / f32::from_bits(largest)),
        _ => (0.0, 0.0),
    };
    let (mut words, mut stored) = ([0; BLOCK], [[0; 4]; VECTORS]);
    for (word, x) in words.iter_mut().zip(x) {
        let rounded = if is_rounded { (x * factor).round_ties_even() } else { 0.0 };
        // SAFETY: it is finite, and its magnitude 32767 at most.
        *word = unsafe { rounded.to_int_unchecked::<i32>() };
    }
    for lane in 0..4 {
        let mut sum = 0;
        for vector in 0..4 {
            // The two that stand in one word of a vector: see `IntegerVector::nibbles`.
            let first = 4 * lane + vector / 2 + vector % 2 * 16;
            let [low, high] = [words[first], words[first + 2]];
            sum += low + high;
            stored[vector][lane] = low as u32 & 0xffff | (high as u32) << 16;
        }
        stored[SCALES][lane] = scale.to_bits();
        stored[CENTRES][lane] = (-(CENTRE as i32) * sum) as u32;
        let four = |at: usize| (x[at] + x[at + 1]) + (x[at + 2] + x[at + 3]);
        let sum = four(4 * lane) + four(4 * lane + 16);
        stored[SUMS][lane] = sum.to_bits();
        stored[CENTRE_SUMS][lane] = (CENTRE as f32 * sum).to_bits();
    }
    (is_rounded, stored)
}
