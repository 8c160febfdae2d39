//! Products of quantised weights in integers: numbers of a row are rounded to 16 bits, or to 8 for those who ask, for each 32 of them,
//! multiplied by the weights' 4 to 8 bits as they are, and only the sums for each block become `f32`.
//!
//! A lane sums 8 products of a block, in 4 vectors of words or 2 of bytes: so a vector has a quarter as many blocks as it has lanes, which
//! is called a step. Integers are exact, and steps are added one after another, so that the results of a row are the same
//! whether it is multiplied alone or among others.

mod activations;
mod decoder;
mod product;
#[cfg(test)]
mod tests;
mod vector;

use super::level::Level;
use super::rounding::Rounding;
use crate::cpu::kernels::Format;
use crate::cpu::kernels::blocks::Rows;
use crate::cpu::parallel::ColumnsMut;

pub use activations::Activations;
use decoder::InBytes;
#[cfg(test)]
pub use tests::expected;
use vector::BLOCK;
pub use vector::IntegerVector;

/// The products of rows of `x` and rows of blocks, into columns of the result.
///
/// # Panics
/// The activations were made for other rows.
pub fn multiply(x: &Activations, rows: Rows<'_>, out: &mut ColumnsMut<'_, f32>) {
    let level = x.level();
    match (rows.format, x.in_bytes()) {
        (Format::Q4_0, false) => multiply_at::<decoder::Q4_0>(level, x, rows, out),
        (Format::Q4_1, false) => multiply_at::<decoder::Q4_1>(level, x, rows, out),
        (Format::Q8_0, false) => multiply_at::<decoder::Q8_0>(level, x, rows, out),
        (Format::Q4_K, false) => multiply_at::<decoder::Q4_K>(level, x, rows, out),
        (Format::Q6_K, false) => multiply_at::<decoder::Q6_K>(level, x, rows, out),
        (Format::Q4_0, true) => multiply_at::<InBytes<decoder::Q4_0>>(level, x, rows, out),
        (Format::Q4_1, true) => multiply_at::<InBytes<decoder::Q4_1>>(level, x, rows, out),
        (Format::Q8_0, true) => multiply_at::<InBytes<decoder::Q8_0>>(level, x, rows, out),
        (Format::Q4_K, true) => multiply_at::<InBytes<decoder::Q4_K>>(level, x, rows, out),
        (Format::Q6_K, true) => multiply_at::<InBytes<decoder::Q6_K>>(level, x, rows, out),
        (other, _) => unreachable!("{other:?} in integers"),
    }
}

/// Rounds `m` rows for a product with these rows of a weight, if that is calculated in integers at this level.
pub fn rounded(level: Level, rounding: Rounding, x: &[f32], m: usize, weight: Rows<'_>) -> Option<Activations> {
    let formats = [Format::Q4_0, Format::Q4_1, Format::Q8_0, Format::Q4_K, Format::Q6_K];
    let (k, in_bytes) = (weight.size[1], rounding == Rounding::I8);
    let blocks = blocks_of_a_step(level).filter(|blocks| k >= blocks * BLOCK)?;
    (rounding != Rounding::F32 && formats.contains(&weight.format))
        .then(|| Activations::rounded(level, in_bytes, x, [m, k], blocks, |x, to| round_at(level, in_bytes, x, to)))
}

/// The blocks of a step, if the level has the instructions.
fn blocks_of_a_step(level: Level) -> Option<usize> {
    match level {
        #[cfg(all(target_arch = "x86_64", feature = "avx512"))]
        Level::Avx512 | Level::Avx512Bf16 | Level::Amx { .. } => {
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
            Level::Avx512 | Level::Avx512Bf16 | Level::Amx { .. } => unsafe { avx512 $(::<$F>)? ($($argument),*) },
            _ => {
                // Where there is no such level.
                let _ = ($($argument),*);
                unreachable!("{level:?} in integers")
            }
        }
    }
)*} }

kernels! {
    fn round_at(in_bytes: bool, x: &[f32], to: &mut [u32]) = activations::round;
    fn multiply_at<F: decoder::Decoder>(x: &Activations, rows: Rows<'_>, out: &mut ColumnsMut<'_, f32>)
        = product::multiply;
}
