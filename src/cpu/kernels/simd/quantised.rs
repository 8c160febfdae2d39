//! Rows of blocks, by the kernel for their format.

#[cfg(any(feature = "safetensors", feature = "gguf", test))]
use super::dispatch::{dot_blocks, unpack_blocks};
#[cfg(any(feature = "safetensors", feature = "gguf", test))]
use super::format;
use super::level::{Level, level};
use crate::cpu::kernels::Format;
use crate::cpu::kernels::blocks::Rows;

/// The kernel for the format of the blocks.
#[cfg(any(feature = "gguf", test))]
macro_rules! dispatch_format { ($format:expr, $kernel:ident($($argument:expr),*)) => {
    match $format {
        Format::F16 => $kernel::<format::F16>($($argument),*),
        Format::BF16 => $kernel::<format::BF16>($($argument),*),
        Format::Q4_0 => $kernel::<format::Q4_0>($($argument),*),
        Format::Q4_1 => $kernel::<format::Q4_1>($($argument),*),
        Format::Q5_0 => $kernel::<format::Q5_0>($($argument),*),
        Format::Q5_1 => $kernel::<format::Q5_1>($($argument),*),
        Format::Q8_0 => $kernel::<format::Q8_0>($($argument),*),
        Format::Q4_K => $kernel::<format::Q4K>($($argument),*),
        Format::Q5_K => $kernel::<format::Q5K>($($argument),*),
        Format::Q6_K => $kernel::<format::Q6K>($($argument),*),
    }
} }
/// Files of safetensors have no other formats, whose kernels would take a fifth of the time of a build.
#[cfg(all(feature = "safetensors", not(any(feature = "gguf", test))))]
macro_rules! dispatch_format { ($format:expr, $kernel:ident($($argument:expr),*)) => {
    match $format {
        Format::F16 => $kernel::<format::F16>($($argument),*),
        Format::BF16 => $kernel::<format::BF16>($($argument),*),
        quantised => unreachable!("{quantised:?} without the feature `gguf`"),
    }
} }
/// Without files there are no blocks.
#[cfg(not(any(feature = "safetensors", feature = "gguf", test)))]
macro_rules! dispatch_format { ($format:expr, $kernel:ident($($argument:expr),*)) => {{
    let _ = ($($argument),*);
    unreachable!("{:?} without the feature `gguf` or `safetensors`", $format)
}} }

/// Whether there are kernels for a format, without which no array has such blocks.
pub fn has_kernels(format: Format) -> bool {
    let of_files = cfg!(any(feature = "safetensors", feature = "gguf", test));
    match format {
        Format::F16 | Format::BF16 => of_files,
        _ => cfg!(any(feature = "gguf", test)),
    }
}

/// The products of rows of `x` and rows of blocks, as [`blocks::dot`] has them.
pub fn dot_at(level: Level, x: &[f32], rows: Rows<'_>, out: &mut [f32]) {
    dispatch_format!(rows.format, dot_blocks(level, x, rows.size[1], rows.bytes, out));
}

/// Writes the elements of rows of blocks, one after another.
///
/// # Panics
/// There are not as many.
pub fn unpack(rows: Rows<'_>, out: &mut [f32]) {
    unpack_at(level(), rows, out);
}

pub fn unpack_at(level: Level, rows: Rows<'_>, out: &mut [f32]) {
    dispatch_format!(rows.format, unpack_blocks(level, rows.bytes, out));
}
