//! Weights that stay as a file stores them: in blocks of narrow numbers, most of which share a scale.

use super::Bytes;

/// What a block is. Those with a scale are defined by `ggml`
/// (<https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, non_camel_case_types)]
pub enum BlockFormat {
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

impl BlockFormat {
    /// How many elements a block has, and how many bytes.
    ///
    /// ```
    /// use congruent::backend::BlockFormat;
    /// // 32 numbers of a byte, and a scale of two.
    /// assert_eq!(BlockFormat::Q8_0.block(), [32, 34]);
    /// ```
    pub const fn block(self) -> [usize; 2] {
        match self {
            // As many as make a block of the others: then the kernels know of one kind of rows.
            BlockFormat::F16 | BlockFormat::BF16 => [32, 64],
            BlockFormat::Q4_0 => [32, 18],
            BlockFormat::Q4_1 => [32, 20],
            BlockFormat::Q5_0 => [32, 22],
            BlockFormat::Q5_1 => [32, 24],
            BlockFormat::Q8_0 => [32, 34],
            BlockFormat::Q4_K => [256, 144],
            BlockFormat::Q5_K => [256, 176],
            BlockFormat::Q6_K => [256, 210],
        }
    }

    /// How many bytes a row of so many elements takes, if it is whole blocks.
    ///
    /// ```
    /// use congruent::backend::BlockFormat;
    /// assert_eq!(BlockFormat::Q8_0.row_bytes(64), Some(68));
    /// assert_eq!(BlockFormat::Q8_0.row_bytes(65), None);
    /// ```
    pub fn row_bytes(self, elements: usize) -> Option<usize> {
        let [len, bytes] = self.block();
        if elements.is_multiple_of(len) { (elements / len).checked_mul(bytes) } else { None }
    }

    /// What the first byte is aligned to.
    fn alignment(self) -> usize {
        if matches!(self, BlockFormat::F16 | BlockFormat::BF16) { 2 } else { 1 }
    }
}

/// Rows of a matrix, each of which is whole blocks.
#[derive(Clone)]
pub struct Blocks {
    format: BlockFormat,
    bytes: Bytes,
    size: [usize; 2],
}

impl Blocks {
    /// Rows of the given size, `[rows, elements]`. None where a row is not whole blocks, where there are not as many bytes, or
    /// where numbers of two bytes are not aligned.
    ///
    /// ```
    /// use congruent::backend::{BlockFormat, Blocks, Bytes};
    /// use std::sync::Arc;
    /// let bytes = Bytes::new(Arc::new(vec![0; 136]), 0..136);
    /// assert!(Blocks::new(BlockFormat::Q8_0, bytes.clone(), [2, 64]).is_some());
    /// assert!(Blocks::new(BlockFormat::Q8_0, bytes, [3, 64]).is_none());
    /// ```
    pub fn new(format: BlockFormat, bytes: Bytes, size: [usize; 2]) -> Option<Self> {
        let expected = format.row_bytes(size[1])?.checked_mul(size[0])?;
        size[0].checked_mul(size[1])?;
        let found = bytes.as_slice();
        let fits = found.len() == expected && found.as_ptr().addr().is_multiple_of(format.alignment());
        fits.then_some(Blocks { format, bytes, size })
    }

    /// What a block is.
    ///
    /// ```
    /// use congruent::backend::{BlockFormat, Blocks, Bytes};
    /// use std::sync::Arc;
    /// let blocks = Blocks::new(BlockFormat::Q8_0, Bytes::new(Arc::new(vec![0; 68]), 0..68), [1, 64]).unwrap();
    /// assert_eq!(blocks.format(), BlockFormat::Q8_0);
    /// ```
    pub fn format(&self) -> BlockFormat {
        self.format
    }

    /// The blocks of all rows, one after another.
    ///
    /// ```
    /// use congruent::backend::{BlockFormat, Blocks, Bytes};
    /// use std::sync::Arc;
    /// let blocks = Blocks::new(BlockFormat::Q8_0, Bytes::new(Arc::new(vec![0; 68]), 0..68), [1, 64]).unwrap();
    /// assert_eq!(blocks.bytes().as_slice().len(), 68);
    /// ```
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// How many rows there are, and how many elements a row has.
    ///
    /// ```
    /// use congruent::backend::{BlockFormat, Blocks, Bytes};
    /// use std::sync::Arc;
    /// let blocks = Blocks::new(BlockFormat::Q8_0, Bytes::new(Arc::new(vec![0; 68]), 0..68), [1, 64]).unwrap();
    /// assert_eq!(blocks.size(), [1, 64]);
    /// ```
    pub fn size(&self) -> [usize; 2] {
        self.size
    }
}
