//! What products in integers need of a vector, and how much is multiplied at a time.

use super::super::vector::Vector;

/// The elements of a block.
pub const BLOCK: usize = 32;

/// A vector with the instructions for products of integers of 16 bits and of 8.
///
/// # Safety
/// As of [`Vector`]. Memory that a method is given holds what it reads or writes; it need not be aligned.
pub unsafe trait IntegerVector: Vector {
    /// The blocks of a step.
    const BLOCKS: usize = Self::LANES / 4;
    /// The rows of a weight whose sums with four rows of `x` stay in registers, beside the weights of a step: 1 or 2.
    const OUTPUTS: usize;
    /// A vector of 16-bit integers, or of half as many of 32 bits.
    type Integers: Copy;

    unsafe fn load_integers(from: *const u32) -> Self::Integers;
    unsafe fn store_integers(x: Self::Integers, to: *mut u32);
    unsafe fn splat_words(x: i16) -> Self::Integers;
    unsafe fn subtract_words(x: Self::Integers, y: Self::Integers) -> Self::Integers;
    /// Adds the products of two neighbouring words each to a sum of 32 bits.
    unsafe fn dot_words(x: Self::Integers, y: Self::Integers, sums: Self::Integers) -> Self::Integers;
    /// The nearest integers of 32 bits, the even one of two; any for what has none.
    unsafe fn round_to_integers(self) -> Self::Integers;
    /// Words of the lower halves of two integers of 32 bits each.
    unsafe fn pair_words(low: Self::Integers, high: Self::Integers) -> Self::Integers;
    /// Bytes of the lower halves of the words of two vectors, in turns.
    unsafe fn pair_bytes(even: Self::Integers, odd: Self::Integers) -> Self::Integers;
    /// Adds the products of four neighbouring bytes each, of which the first are unsigned, to a sum of 32 bits. Those of `x` are -127 or
    /// more, and the others less than 64 unless they are wide.
    unsafe fn dot_bytes(
        bytes: Self::Integers,
        x: Self::Integers,
        sums: Self::Integers,
        are_wide: bool,
    ) -> Self::Integers;
    /// Integers of 32 bits times a power of two.
    unsafe fn shift_left(x: Self::Integers, bits: u32) -> Self::Integers;
    /// The nearest numbers to integers of 32 bits.
    unsafe fn to_floats(x: Self::Integers) -> Self;

    /// The halves of the 16 bytes at `AT` of each block of a step, by the 4 bits that a word has of them. Blocks are `STRIDE`
    /// bytes apart.
    unsafe fn nibbles<const STRIDE: usize, const AT: usize>(blocks: *const u8) -> [Self::Integers; 4];
    /// The 32 bytes with a sign at `AT` of each block: the even bytes of the first 16, of the others, and the odd ones.
    unsafe fn bytes<const STRIDE: usize, const AT: usize>(blocks: *const u8) -> [Self::Integers; 4];
    /// The halves of bytes, as [`nibbles`](Self::nibbles), of a step from this block on: 32 bytes are two blocks, of which the first has
    /// the lower halves.
    unsafe fn nibbles_of_pairs(bytes: *const u8, block: usize) -> [Self::Integers; 4];
    /// Weights of 6 bits around zero, each times its scale, of a step from this block on, in the order of [`bytes`](Self::bytes). They
    /// are the weights of half a block of `Q6_K`, whose four blocks have the 32 bytes of their last bits in common; each has two scales.
    unsafe fn scaled_six_bits(low: *const u8, high: *const u8, scales: *const i8, block: usize) -> [Self::Integers; 4];
    /// The lower halves of the 16 bytes at `AT` of each block, and the upper ones.
    unsafe fn nibble_bytes<const STRIDE: usize, const AT: usize>(blocks: *const u8) -> [Self::Integers; 2];
    /// The first 16 of the bytes with a sign at `AT` of each block, and the others, all of them 128 larger.
    unsafe fn raised_bytes<const STRIDE: usize, const AT: usize>(blocks: *const u8) -> [Self::Integers; 2];
    /// The first 16 halves of bytes of each block, and the others: see [`nibbles_of_pairs`](Self::nibbles_of_pairs).
    unsafe fn nibble_bytes_of_pairs(bytes: *const u8, block: usize) -> [Self::Integers; 2];
    /// The first 16 weights of 6 bits of each block, and the others: see [`scaled_six_bits`](Self::scaled_six_bits).
    unsafe fn six_bits(low: *const u8, high: *const u8, block: usize) -> [Self::Integers; 2];
    /// The first of the two scales of each block, in its four lanes, and the second one.
    unsafe fn half_scales(scales: *const i8) -> [Self; 2];
    /// Each of the lowest bytes, as a number, in the four lanes of its block.
    unsafe fn splat_bytes(bytes: u32) -> Self;
    /// The number of half precision that each block begins with, in its four lanes.
    unsafe fn first_halves<const STRIDE: usize>(blocks: *const u8) -> Self;
    /// The two numbers of half precision that each block begins with, each in the four lanes of the block.
    unsafe fn first_two_halves<const STRIDE: usize>(blocks: *const u8) -> [Self; 2];
}
