//! Weights as integers, one type for each format.

use super::IntegerVector;
use super::activations::CENTRE;

/// The weights of a step: scale · word + offset, or scale · (word + [`CENTRE`]) + offset where they were unpacked.
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
    /// The bytes of a row of so many blocks.
    fn row_bytes<V: IntegerVector>(blocks: usize) -> usize;
    /// Where a step begins, of which the number and the first block are given.
    fn start<V: IntegerVector>(step: usize, block: usize) -> usize;
    /// The weights of a step that begins here.
    ///
    /// # Safety
    /// The processor has the instructions of `V`, and there are the bytes of a step.
    unsafe fn step<V: IntegerVector>(from: *const u8) -> Step<V>;
}

macro_rules! formats { ($(
    $(#[$doc:meta])*
    $Name:ident: $bytes:literal bytes, $is_centred:literal, $has_offsets:literal, |$from:ident| $step:expr;
)*) => {$(
    $(#[$doc])*
    #[allow(non_camel_case_types)]
    pub struct $Name;

    impl Decoder for $Name {
        const IS_CENTRED: bool = $is_centred;
        const HAS_OFFSETS: bool = $has_offsets;
        #[inline(always)]
        fn row_bytes<V: IntegerVector>(blocks: usize) -> usize {
            blocks * $bytes
        }
        #[inline(always)]
        fn start<V: IntegerVector>(_step: usize, block: usize) -> usize {
            block * $bytes
        }
        #[inline(always)]
        unsafe fn step<V: IntegerVector>($from: *const u8) -> Step<V> {
            // SAFETY: the caller's.
            unsafe { $step }
        }
    }
)*} }

formats! {
    /// `d · (q - 8)`.
    Q4_0: 18 bytes, true, false, |from| Step {
        words: V::nibbles::<18, 2>(from),
        scale: V::first_halves::<18>(from),
        offset: V::splat(0.0),
    };

    /// `d · q + m`.
    Q4_1: 20 bytes, true, true, |from| {
        let [scale, offset] = V::first_two_halves::<20>(from);
        Step { words: V::nibbles::<20, 4>(from), scale, offset }
    };

    /// `d · q`.
    Q8_0: 34 bytes, false, false, |from| Step {
        words: V::bytes::<34, 2>(from),
        scale: V::first_halves::<34>(from),
        offset: V::splat(0.0),
    };
}

/// Steps as [`unpack`] writes them: words, scales, offsets.
pub struct Unpacked<const HAS_OFFSETS: bool>;

/// The vectors of a step.
const VECTORS: usize = 6;

impl<const HAS_OFFSETS: bool> Decoder for Unpacked<HAS_OFFSETS> {
    const IS_CENTRED: bool = false;
    const HAS_OFFSETS: bool = HAS_OFFSETS;
    #[inline(always)]
    fn row_bytes<V: IntegerVector>(blocks: usize) -> usize {
        Self::start::<V>(blocks.div_ceil(V::BLOCKS), 0)
    }
    #[inline(always)]
    fn start<V: IntegerVector>(step: usize, _block: usize) -> usize {
        step * VECTORS * V::LANES * size_of::<u32>()
    }
    #[inline(always)]
    unsafe fn step<V: IntegerVector>(from: *const u8) -> Step<V> {
        let from = from.cast::<u32>();
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
            let Step { words, scale, offset } = F::step::<V>(from.as_ptr().add(F::start::<V>(step, first)));
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
