//! Weights as integers, one type for each format.

use super::activations::CENTRE;
use super::vector::IntegerVector;
use half::f16;

/// The weights of a step: scale · word + offset, or scale · (word + [`CENTRE`]) + offset where they were unpacked.
#[derive(Clone, Copy)]
pub struct Step<V: IntegerVector> {
    pub words: [V::Integers; 4],
    pub scale: V,
    pub offset: V,
}

/// How the weights of a step are read.
pub trait Decoder {
    /// Whether the words are [`CENTRE`] larger than what is multiplied.
    const IS_CENTRED: bool;
    /// Whether there are offsets.
    const HAS_OFFSETS: bool;
    /// With so many rows of `x` or fewer, weights are unpacked in registers; for more they are written out.
    const FEW_ROWS: usize;
    /// The bytes of a row of so many blocks.
    fn row_bytes<V: IntegerVector>(blocks: usize) -> usize;
    /// The address of a step of a row, of which the number and the first block are given.
    fn start<V: IntegerVector>(row: *const u8, step: usize, block: usize) -> *const u8;
    /// The weights of this step of a row.
    ///
    /// # Safety
    /// The processor has the instructions of `V`, and the row has this step.
    unsafe fn step<V: IntegerVector>(row: *const u8, step: usize, block: usize) -> Step<V>;
}

/// The formats, by how many blocks of 32 elements lie together in so many bytes, for how many rows they are not written out, and
/// whether they are centred and have offsets.
macro_rules! formats { ($(
    $(#[$doc:meta])*
    $Name:ident: $blocks:literal in $bytes:literal bytes, $few_rows:literal rows, $is_centred:literal, $has_offsets:literal,
    |$from:ident, $block:ident| $step:expr;
)*) => {$(
    $(#[$doc])*
    #[allow(non_camel_case_types)]
    pub struct $Name;

    impl Decoder for $Name {
        const IS_CENTRED: bool = $is_centred;
        const HAS_OFFSETS: bool = $has_offsets;
        const FEW_ROWS: usize = $few_rows;
        #[inline(always)]
        fn row_bytes<V: IntegerVector>(blocks: usize) -> usize {
            blocks / $blocks * $bytes
        }
        #[inline(always)]
        fn start<V: IntegerVector>(row: *const u8, _step: usize, block: usize) -> *const u8 {
            row.wrapping_add(block / $blocks * $bytes)
        }
        #[inline(always)]
        #[allow(clippy::modulo_one)] // Of some formats.
        unsafe fn step<V: IntegerVector>(row: *const u8, step: usize, block: usize) -> Step<V> {
            let ($from, $block) = (Self::start::<V>(row, step, block), block % $blocks);
            let _ = $block;
            // SAFETY: the caller's; the blocks of `ggml` that have several are whole steps.
            unsafe { $step }
        }
    }
)*} }

formats! {
    /// `d · (q - 8)`.
    Q4_0: 1 in 18 bytes, 16 rows, true, false, |from, block| Step {
        words: V::nibbles::<18, 2>(from),
        scale: V::first_halves::<18>(from),
        offset: V::splat(0.0),
    };

    /// `d · q + m`.
    Q4_1: 1 in 20 bytes, 16 rows, true, true, |from, block| {
        let [scale, offset] = V::first_two_halves::<20>(from);
        Step { words: V::nibbles::<20, 4>(from), scale, offset }
    };

    /// `d · q`.
    Q8_0: 1 in 34 bytes, 8 rows, false, false, |from, block| Step {
        words: V::bytes::<34, 2>(from),
        scale: V::first_halves::<34>(from),
        offset: V::splat(0.0),
    };

    /// `d · scale · q - d_min · min`: see `format::Q4K`.
    Q4_K: 8 in 144 bytes, 4 rows, true, true, |from, block| {
        let [d, d_min] = V::splat_two_f16(std::slice::from_raw_parts(from, 4));
        let word = |index: usize| u32::from_le_bytes(from.add(4 + 4 * index).cast::<[u8; 4]>().read());
        // Of four blocks at once, each has a byte of a word.
        let [scales, mins] = if block < 4 {
            [word(0) & 0x3f3f_3f3f, word(1) & 0x3f3f_3f3f]
        } else {
            let upper = |word: u32| word >> 2 & 0x3030_3030;
            [word(2) & 0x0f0f_0f0f | upper(word(0)), word(2) >> 4 & 0x0f0f_0f0f | upper(word(1))]
        };
        let first = block as u32 % 4 * 8;
        Step {
            words: V::nibbles_of_pairs(from.add(16 + block / 2 * 32), block),
            scale: d.mul(V::splat_bytes(scales >> first)),
            offset: d_min.mul(V::splat(0.0).sub(V::splat_bytes(mins >> first))),
        }
    };

    /// `d · (scale · (q - 32))`, of which the product of the integers is taken as a weight: see `format::Q6K`.
    Q6_K: 8 in 210 bytes, 4 rows, false, false, |from, block| Step {
        words: V::scaled_six_bits(
            from.add(block / 4 * 64),
            from.add(128 + block / 4 * 32),
            from.add(192 + 2 * block).cast(),
            block % 4,
        ),
        scale: V::splat_f16(f16::from_bits(from.add(208).cast::<u16>().read_unaligned())),
        offset: V::splat(0.0),
    };
}

/// Steps as [`unpack`] writes them: words, scales, offsets.
pub struct Unpacked<const HAS_OFFSETS: bool>;

/// The prefetch distance of what is unpacked, in bytes.
const AHEAD: usize = 4096;
/// The vectors of a step.
const VECTORS: usize = 6;

impl<const HAS_OFFSETS: bool> Decoder for Unpacked<HAS_OFFSETS> {
    const IS_CENTRED: bool = false;
    const HAS_OFFSETS: bool = HAS_OFFSETS;
    const FEW_ROWS: usize = usize::MAX;
    #[inline(always)]
    fn row_bytes<V: IntegerVector>(blocks: usize) -> usize {
        blocks.div_ceil(V::BLOCKS) * VECTORS * V::LANES * size_of::<u32>()
    }
    #[inline(always)]
    fn start<V: IntegerVector>(row: *const u8, step: usize, _block: usize) -> *const u8 {
        row.wrapping_add(step * VECTORS * V::LANES * size_of::<u32>())
    }
    #[inline(always)]
    unsafe fn step<V: IntegerVector>(row: *const u8, step: usize, block: usize) -> Step<V> {
        let from = Self::start::<V>(row, step, block).cast::<u32>();
        // SAFETY: the caller's.
        unsafe {
            let mut words = [V::load_integers(from); 4];
            for vector in 1..4 {
                words[vector] = V::load_integers(from.add(vector * V::LANES));
            }
            let numbers =
                |vector: usize| std::slice::from_raw_parts(from.add(vector * V::LANES).cast::<f32>(), V::LANES);
            let (scale, offset) = (numbers(4), numbers(5));
            let offset = if HAS_OFFSETS { V::load(offset) } else { V::splat(0.0) };
            Step { words, scale: V::load(scale), offset }
        }
    }
}

/// Writes the steps of a row of so many blocks, for [`Unpacked`].
///
/// # Safety
/// The processor has the instructions of `V`. There are the bytes of a row, of the blocks of a step or more.
#[inline(always)]
pub unsafe fn unpack<V: IntegerVector, F: Decoder>(from: &[u8], blocks: usize, to: &mut [u32]) {
    debug_assert!(from.len() >= F::row_bytes::<V>(blocks));
    for (step, to) in to.chunks_exact_mut(VECTORS * V::LANES).enumerate() {
        let first = (step * V::BLOCKS).min(blocks - V::BLOCKS);
        // SAFETY: the caller's; each vector has its place.
        unsafe {
            V::prefetch(F::start::<V>(from.as_ptr(), step, first).wrapping_add(AHEAD).cast());
            let Step { words, scale, offset } = F::step::<V>(from.as_ptr(), step, first);
            let to = to.as_mut_ptr();
            for vector in 0..4 {
                let mut words = words[vector];
                if F::IS_CENTRED {
                    words = V::subtract_words(words, V::splat_words(CENTRE));
                }
                V::store_integers(words, to.add(vector * V::LANES));
            }
            scale.write(to.add(4 * V::LANES).cast());
            offset.write(to.add(5 * V::LANES).cast());
        }
    }
}
