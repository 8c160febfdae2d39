//! Rows of quantised weights: blocks of narrow numbers, most of which share a scale.

use std::ops::Range;

/// What a block is. Those with a scale are defined by `ggml`
/// (<https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub enum Format {
    /// Half precision, without a scale.
    F16,
    /// The upper half of an `f32`, without a scale.
    BF16,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q4_K,
    Q5_K,
    Q6_K,
}

impl Format {
    /// How many elements a block has, and how many bytes.
    pub const fn block(self) -> [usize; 2] {
        match self {
            // As many as make a block of the others: then the kernels know of one kind of rows.
            Format::F16 | Format::BF16 => [32, 64],
            Format::Q4_0 => [32, 18],
            Format::Q4_1 => [32, 20],
            Format::Q5_0 => [32, 22],
            Format::Q5_1 => [32, 24],
            Format::Q8_0 => [32, 34],
            Format::Q4_K => [256, 144],
            Format::Q5_K => [256, 176],
            Format::Q6_K => [256, 210],
        }
    }

    /// How many bytes a row of so many elements takes, if it is whole blocks.
    pub fn row_bytes(self, elements: usize) -> Option<usize> {
        let [len, bytes] = self.block();
        if elements.is_multiple_of(len) { (elements / len).checked_mul(bytes) } else { None }
    }

    /// What the first byte is aligned to.
    pub fn alignment(self) -> usize {
        if matches!(self, Format::F16 | Format::BF16) { 2 } else { 1 }
    }
}

/// Rows of whole blocks, one after another.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    pub format: Format,
    /// As many as the size and the format say. Numbers of two bytes are aligned.
    pub bytes: &'a [u8],
    /// Rows, and the elements of one.
    pub size: [usize; 2],
}

impl<'a> Rows<'a> {
    /// Some of them.
    ///
    /// # Panics
    /// There are not as many.
    pub fn part(self, rows: Range<usize>) -> Rows<'a> {
        let row = self.format.row_bytes(self.size[1]).unwrap_or(0);
        Rows { bytes: &self.bytes[rows.start * row..rows.end * row], size: [rows.len(), self.size[1]], ..self }
    }
}
