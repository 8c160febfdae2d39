//! Rows of quantised weights: blocks of narrow numbers, most of which share a scale.

use super::Format;
use std::ops::Range;

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
