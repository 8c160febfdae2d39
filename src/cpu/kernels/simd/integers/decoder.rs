//! Weights as integers, one type for each format.

use super::activations::CENTRE;
use super::vector::IntegerVector;
use half::f16;
use std::marker::PhantomData;

/// The weights of a step: scale · integer + offset, for integers of which [`Decoder::RAISED`] is subtracted. There are 4 vectors of words,
/// or 2 of bytes. Where each half of a block has a scale, `offset` is that of the second one.
#[derive(Clone, Copy)]
pub struct Step<V: IntegerVector> {
    pub integers: [V::Integers; 4],
    pub scale: V,
    pub offset: V,
}

/// How the weights of a step are read.
pub trait Decoder {
    /// Whether they are bytes, for rows that were rounded to 8 bits; else words, for 16 bits.
    const IN_BYTES: bool;
    /// By how much the integers are larger than what is multiplied: 0, or [`CENTRE`] times a power of two.
    const RAISED: u32;
    /// Whether there are offsets. The integers are [`CENTRE`] larger then, and the scale is that of the larger ones.
    const HAS_OFFSETS: bool;
    /// Whether each half of a block has a scale.
    const HAS_TWO_SCALES: bool;
    /// With so many rows of `x` or fewer, weights are unpacked in registers; for more they are written out.
    const FEW_ROWS: usize;
    /// What reads the steps that [`unpack`] writes.
    type Unpacked: Decoder;
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

/// A format, of which weights are bytes.
pub struct InBytes<F>(PhantomData<F>);

/// The first of one or two.
macro_rules! first {
    ($first:expr $(, $second:expr)?) => {
        $first
    };
}

/// One decoder of a format.
macro_rules! decoder {
    ($Decoder:ty, $in_bytes:literal, $blocks:literal in $bytes:literal, $few_rows:literal, raised by $raised:expr, $unpacked_raised:expr,
    $has_offsets:expr, $has_two_scales:expr, |$from:ident, $block:ident| $integers:expr, $numbers:expr) => {
        impl Decoder for $Decoder {
            const IN_BYTES: bool = $in_bytes;
            const RAISED: u32 = $raised;
            const HAS_OFFSETS: bool = $has_offsets;
            const HAS_TWO_SCALES: bool = $has_two_scales;
            const FEW_ROWS: usize = $few_rows;
            type Unpacked = Unpacked<$in_bytes, { $unpacked_raised }, { $has_offsets }, { $has_two_scales }>;
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
                let (integers, [scale, offset]) = unsafe { ($integers, $numbers) };
                Step { integers, scale, offset }
            }
        }
    };
}

/// The formats, by how many blocks of 32 elements lie together in so many bytes, for how many rows they are not written out, by how much
/// words and bytes are raised, and their scale and offset, or two scales with bytes.
macro_rules! formats { ($(
    $(#[$doc:meta])*
    $Name:ident: $blocks:literal in $bytes:literal bytes, $few_rows:literal rows, has offsets: $has_offsets:literal,
    |$from:ident, $block:ident| $numbers:expr;
    words raised by $raised:literal: $words:expr;
    bytes raised by $raised_bytes:literal: $in_bytes:expr $(, two scales: $scales:expr)?;
)*) => {$(
    $(#[$doc])*
    #[allow(non_camel_case_types)]
    pub struct $Name;

    decoder!($Name, false, $blocks in $bytes, $few_rows, raised by $raised, 0, $has_offsets, false, |$from, $block| $words, $numbers);
    decoder!(
        InBytes<$Name>, true, $blocks in $bytes, $few_rows, raised by $raised_bytes, $raised_bytes, $has_offsets,
        first!($({ let _ = stringify!($scales); true },)? false), |$from, $block| {
            let [first, last]: [V::Integers; 2] = $in_bytes;
            [first, last, first, last]
        }, first!($($scales,)? $numbers)
    );
)*} }

formats! {
    /// `d · (q - 8)`.
    Q4_0: 1 in 18 bytes, 16 rows, has offsets: false, |from, block| [V::first_halves::<18>(from), V::splat(0.0)];
    words raised by 8: V::nibbles::<18, 2>(from);
    bytes raised by 8: V::nibble_bytes::<18, 2>(from);

    /// `d · q + m`.
    Q4_1: 1 in 20 bytes, 16 rows, has offsets: true, |from, block| V::first_two_halves::<20>(from);
    words raised by 8: V::nibbles::<20, 4>(from);
    bytes raised by 8: V::nibble_bytes::<20, 4>(from);

    /// `d · q`.
    Q8_0: 1 in 34 bytes, 8 rows, has offsets: false, |from, block| [V::first_halves::<34>(from), V::splat(0.0)];
    words raised by 0: V::bytes::<34, 2>(from);
    bytes raised by 128: V::raised_bytes::<34, 2>(from);

    /// `d · scale · q - d_min · min`: see `format::Q4K`.
    Q4_K: 8 in 144 bytes, 4 rows, has offsets: true, |from, block| {
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
        [d.mul(V::splat_bytes(scales >> first)), d_min.mul(V::splat(0.0).sub(V::splat_bytes(mins >> first)))]
    };
    words raised by 8: V::nibbles_of_pairs(from.add(16 + block / 2 * 32), block);
    bytes raised by 8: V::nibble_bytes_of_pairs(from.add(16 + block / 2 * 32), block);

    /// `d · (scale · (q - 32))`, of which the product of the integers is taken as a word: see `format::Q6K`.
    Q6_K: 8 in 210 bytes, 4 rows, has offsets: false, |from, block| [q6_k_scale(from), V::splat(0.0)];
    words raised by 0: V::scaled_six_bits(
        from.add(block / 4 * 64),
        from.add(128 + block / 4 * 32),
        from.add(192 + 2 * block).cast(),
        block % 4,
    );
    bytes raised by 32: V::six_bits(from.add(block / 4 * 64), from.add(128 + block / 4 * 32), block % 4),
    two scales: {
        let (scale, [first, last]) = (q6_k_scale::<V>(from), V::half_scales(from.add(192 + 2 * block).cast()));
        [scale.mul(first), scale.mul(last)]
    };
}

/// The scale of 256 weights of `Q6_K`.
///
/// # Safety
/// The processor has the instructions of `V`, and there are the bytes of a block of the format.
#[inline(always)]
unsafe fn q6_k_scale<V: IntegerVector>(from: *const u8) -> V {
    // SAFETY: the caller's.
    unsafe { V::splat_f16(f16::from_bits(from.add(208).cast::<u16>().read_unaligned())) }
}

/// The vectors of integers of a step.
pub const fn vectors_of(in_bytes: bool) -> usize {
    if in_bytes { 2 } else { 4 }
}

/// Steps as [`unpack`] writes them: integers, scales, and offsets or second scales.
pub struct Unpacked<const IN_BYTES: bool, const RAISED: u32, const HAS_OFFSETS: bool, const HAS_TWO_SCALES: bool>;

/// The prefetch distance of what is unpacked, in bytes.
const AHEAD: usize = 4096;

impl<const IN_BYTES: bool, const RAISED: u32, const HAS_OFFSETS: bool, const HAS_TWO_SCALES: bool> Decoder
    for Unpacked<IN_BYTES, RAISED, HAS_OFFSETS, HAS_TWO_SCALES>
{
    const IN_BYTES: bool = IN_BYTES;
    const RAISED: u32 = RAISED;
    const HAS_OFFSETS: bool = HAS_OFFSETS;
    const HAS_TWO_SCALES: bool = HAS_TWO_SCALES;
    const FEW_ROWS: usize = usize::MAX;
    type Unpacked = Self;
    #[inline(always)]
    fn row_bytes<V: IntegerVector>(blocks: usize) -> usize {
        blocks.div_ceil(V::BLOCKS) * (vectors_of(IN_BYTES) + 2) * V::LANES * size_of::<u32>()
    }
    #[inline(always)]
    fn start<V: IntegerVector>(row: *const u8, step: usize, _block: usize) -> *const u8 {
        row.wrapping_add(step * (vectors_of(IN_BYTES) + 2) * V::LANES * size_of::<u32>())
    }
    #[inline(always)]
    unsafe fn step<V: IntegerVector>(row: *const u8, step: usize, block: usize) -> Step<V> {
        let (from, vectors) = (Self::start::<V>(row, step, block).cast::<u32>(), vectors_of(IN_BYTES));
        // SAFETY: the caller's.
        unsafe {
            let mut integers = [V::load_integers(from); 4];
            for vector in 1..vectors {
                integers[vector] = V::load_integers(from.add(vector * V::LANES));
            }
            let numbers =
                |vector: usize| std::slice::from_raw_parts(from.add(vector * V::LANES).cast::<f32>(), V::LANES);
            let has_second = HAS_OFFSETS || HAS_TWO_SCALES;
            let offset = if has_second { V::load(numbers(vectors + 1)) } else { V::splat(0.0) };
            Step { integers, scale: V::load(numbers(vectors)), offset }
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
    let vectors = const { vectors_of(F::IN_BYTES) };
    for (step, to) in to.chunks_exact_mut((vectors + 2) * V::LANES).enumerate() {
        let first = (step * V::BLOCKS).min(blocks - V::BLOCKS);
        // SAFETY: the caller's; each vector has its place.
        unsafe {
            V::prefetch(F::start::<V>(from.as_ptr(), step, first).wrapping_add(AHEAD).cast());
            let Step { integers, scale, offset } = F::step::<V>(from.as_ptr(), step, first);
            let to = to.as_mut_ptr();
            for vector in 0..vectors {
                let mut integers = integers[vector];
                if F::RAISED > <F::Unpacked as Decoder>::RAISED {
                    integers = V::subtract_words(integers, V::splat_words(CENTRE));
                }
                V::store_integers(integers, to.add(vector * V::LANES));
            }
            scale.write(to.add(vectors * V::LANES).cast());
            offset.write(to.add((vectors + 1) * V::LANES).cast());
        }
    }
}
