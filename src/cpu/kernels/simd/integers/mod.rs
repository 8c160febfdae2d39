//! Products of quantised weights in integers: numbers of a row are rounded to 16 bits for each 32 of them, multiplied by the
//! weights' 4 or 8 bits as they are, and only the sums for each block become `f32`.
//!
//! A lane sums 8 products of a block, in 4 vectors of words: so a vector has a quarter as many blocks as it has lanes, which is
//! called a step. Integers are exact, and steps are added one after another, so that the results of a row are the same
//! whether it is multiplied alone or among others.

mod activations;
mod decoder;
mod product;
#[cfg(test)]
mod tests;

use super::level::Level;
use super::vector::Vector;
use crate::cpu::kernels::Format;
use crate::cpu::kernels::blocks::Rows;
use crate::cpu::parallel::ColumnsMut;

pub use activations::Activations;
#[cfg(test)]
pub use tests::expected;

/// The elements of a block.
const BLOCK: usize = 32;

/// A vector with the instructions for products of 16-bit integers.
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
    /// Each of the lowest bytes, as a number, in the four lanes of its block.
    unsafe fn splat_bytes(bytes: u32) -> Self;
    /// The number of half precision that each block begins with, in its four lanes.
    unsafe fn first_halves<const STRIDE: usize>(blocks: *const u8) -> Self;
    /// The two numbers of half precision that each block begins with, each in the four lanes of the block.
    unsafe fn first_two_halves<const STRIDE: usize>(blocks: *const u8) -> [Self; 2];
}

/// The products of rows of `x` and rows of blocks, into columns of the result.
///
/// # Panics
/// The activations were made for other rows.
pub fn multiply(x: &Activations, rows: Rows<'_>, out: &mut ColumnsMut<'_, f32>) {
    let level = x.level();
    match rows.format {
        Format::Q4_0 => multiply_at::<decoder::Q4_0>(level, x, rows, out),
        Format::Q4_1 => multiply_at::<decoder::Q4_1>(level, x, rows, out),
        Format::Q8_0 => multiply_at::<decoder::Q8_0>(level, x, rows, out),
        Format::Q4_K => multiply_at::<decoder::Q4_K>(level, x, rows, out),
        Format::Q6_K => multiply_at::<decoder::Q6_K>(level, x, rows, out),
        other => unreachable!("{other:?} in integers"),
    }
}

/// Whether a product with such rows is calculated in integers at this level.
fn is_supported(level: Level, rows: Rows<'_>) -> bool {
    let has_kernel = matches!(rows.format, Format::Q4_0 | Format::Q4_1 | Format::Q8_0 | Format::Q4_K | Format::Q6_K);
    has_kernel && blocks_of_a_step(level).is_some_and(|blocks| rows.size[1] >= blocks * BLOCK)
}

/// The blocks of a step, if the level has the instructions.
fn blocks_of_a_step(level: Level) -> Option<usize> {
    match level {
        #[cfg(all(target_arch = "x86_64", feature = "avx512"))]
        Level::Avx512 => {
            let has_instructions = is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vnni");
            has_instructions.then_some(<super::x86::Avx512 as IntegerVector>::BLOCKS)
        }
        #[cfg(all(target_arch = "x86_64", feature = "avx2"))]
        Level::Avx2 => Some(<super::x86::Avx2 as IntegerVector>::BLOCKS),
        _ => None,
    }
}

/// A safe function for a kernel, which is called only where the level has the instructions: see [`blocks_of_a_step`].
macro_rules! kernels { ($(
    fn $name:ident $(<$F:ident: $Bound:path>)? ($($argument:ident: $type:ty),*) = $module:ident::$kernel:ident;
)*) => {$(
    fn $name $(<$F: $Bound>)? (level: Level, $($argument: $type),*) {
        #[cfg(all(target_arch = "x86_64", feature = "avx2"))]
        #[target_feature(enable = "avx2,fma,f16c")]
        unsafe fn avx2 $(<$F: $Bound>)? ($($argument: $type),*) {
            // SAFETY: this function has the instructions.
            unsafe { $module::$kernel::<super::x86::Avx2 $(, $F)?>($($argument),*) }
        }
        #[cfg(all(target_arch = "x86_64", feature = "avx512"))]
        #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512vnni")]
        unsafe fn avx512 $(<$F: $Bound>)? ($($argument: $type),*) {
            // SAFETY: this function has the instructions.
            unsafe { $module::$kernel::<super::x86::Avx512 $(, $F)?>($($argument),*) }
        }
        match level {
            // SAFETY: the caller asked `blocks_of_a_step`.
            #[cfg(all(target_arch = "x86_64", feature = "avx2"))]
            Level::Avx2 => unsafe { avx2 $(::<$F>)? ($($argument),*) },
            // SAFETY: as above.
            #[cfg(all(target_arch = "x86_64", feature = "avx512"))]
            Level::Avx512 => unsafe { avx512 $(::<$F>)? ($($argument),*) },
            _ => unreachable!("{level:?} in integers"),
        }
    }
)*} }

kernels! {
    fn round_at(x: &[f32], to: &mut [u32]) = activations::round;
    fn multiply_at<F: decoder::Decoder>(x: &Activations, rows: Rows<'_>, out: &mut ColumnsMut<'_, f32>)
        = product::multiply;
}
