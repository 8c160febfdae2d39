//! Buffers of quantised weights, in the blocks of their file.

use crate::backend::Blocks;
use crate::cpu::kernels::{Rows, simd};
use crate::cpu::memory::{BufferCache, Elements, use_huge_pages};
use crate::cpu::parallel::for_each_chunk;
use std::ops::Range;
use std::sync::{Once, OnceLock};

/// Some of the rows of blocks.
///
/// # Panics
/// There are not as many.
pub fn rows_of(blocks: &Blocks, rows: Range<usize>) -> Rows<'_> {
    let row = blocks.format().row_bytes(blocks.size()[1]).unwrap_or(0);
    let bytes = &blocks.bytes().as_slice()[rows.start * row..rows.end * row];
    Rows { format: blocks.format(), bytes, size: [rows.len(), blocks.size()[1]] }
}

/// The chosen rows, dequantised.
fn dequantise(blocks: &Blocks, chosen: &[usize]) -> Elements<f32> {
    let row_len = blocks.size()[1];
    let mut elements = Elements::arbitrary(chosen.len() * row_len);
    let to_all = elements.get_mut().expect("new elements have one holder");
    for_each_chunk(to_all, row_len, row_len / 8, |at, to| {
        simd::unpack(rows_of(blocks, chosen[at]..chosen[at] + 1), to);
    });
    elements
}

/// A quantised buffer. It is dequantised as a whole the first time that something asks for all elements.
pub struct BlockBuffer<T> {
    blocks: Blocks,
    /// Dequantises chosen rows; there are kernels for `f32` only.
    read: fn(&Blocks, &[usize]) -> Elements<T>,
    /// All elements, once they were asked for.
    elements: OnceLock<Elements<T>>,
    in_huge_pages: Once,
    cache: BufferCache,
}

impl BlockBuffer<f32> {
    pub fn new(blocks: Blocks) -> Self {
        BlockBuffer {
            blocks,
            read: dequantise,
            elements: OnceLock::new(),
            in_huge_pages: Once::new(),
            cache: BufferCache::new(),
        }
    }
}

impl<T> BlockBuffer<T> {
    pub fn blocks(&self) -> &Blocks {
        &self.blocks
    }

    /// The blocks, for an operation that reads all of them. They are brought into huge pages, if the system can, with the rest
    /// of their file: a weight alone may not fill one.
    pub fn blocks_in_huge_pages(&self) -> &Blocks {
        self.in_huge_pages.call_once(|| use_huge_pages(self.blocks.bytes().whole()));
        &self.blocks
    }

    /// The elements of chosen rows, one after another.
    pub fn read(&self, rows: &[usize]) -> Elements<T> {
        (self.read)(&self.blocks, rows)
    }

    /// All elements, which are kept beside the blocks.
    pub fn as_slice(&self) -> &[T] {
        let read = || self.read(&(0..self.blocks.size()[0]).collect::<Vec<_>>());
        self.elements.get_or_init(read).as_slice()
    }

    /// Whether all elements were asked for.
    #[cfg(test)]
    pub fn is_read(&self) -> bool {
        self.elements.get().is_some()
    }

    pub fn cache(&self) -> &BufferCache {
        &self.cache
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::{Backend, BlockFormat as Format, Bytes, Epilogue};
    use crate::cpu::kernels::simd::format_tests::{random_blocks, reference};
    use crate::cpu::testing::{assert_near, random};
    use crate::cpu::{Array, Cpu};
    use std::sync::Arc;

    fn stored(format: Format, rows: usize, blocks: usize) -> (Array<f32>, Array<f32>) {
        let bytes = random_blocks(format, rows * blocks, 3);
        let size = [rows, blocks * format.block()[0]];
        let plain = Array::from_vec(reference(format, &bytes), &size);
        let range = 0..bytes.len();
        let blocks = Blocks::new(format, Bytes::new(Arc::new(bytes), range), size).unwrap();
        (Array::stored(blocks, &size), plain)
    }

    #[test]
    fn a_weight_is_multiplied_as_it_is_stored() {
        let (weight, plain) = stored(Format::Q4_1, 12, 2);
        let part = |x: &Array<f32>| x.narrow(0, 2, 9).narrow(0, 1, 7);
        let bias = random::<f32>(&[7], 4);
        for rows in if cfg!(miri) { vec![1] } else { vec![1, 3, 20] } {
            let x = random::<f32>(&[rows, 2, 64], 1);
            let after = || Epilogue { bias: Some(&bias), ..Epilogue::default() };
            let wide = |x: Array<f32>| x.elements().iter().map(|x| *x as f64).collect::<Vec<_>>();
            let found = Cpu::<f32>::linear(&x, &part(&weight), after());
            assert_eq!(found.sizes(), [rows, 2, 7]);
            assert_near(&found, &wide(Cpu::<f32>::linear(&x, &part(&plain), after())), 1e-5);
            let product = |weight: &Array<f32>| Cpu::<f32>::matmul(&x, &part(weight).permute(&[1, 0]));
            assert_near(&product(&weight), &wide(product(&plain)), 1e-5);
            // Heads, of which each is some of the rows.
            let heads = |weight: &Array<f32>| weight.reshape(&[3, 4, 64]).narrow(0, 1, 2).reshape(&[8, 64]);
            let product = |weight: &Array<f32>| Cpu::<f32>::linear(&x, &heads(weight), Epilogue::default());
            assert_near(&product(&weight), &wide(product(&plain)), 1e-5);
        }
        assert_eq!(format!("{weight:?}"), "Array { sizes: [12, 64], .. }");
        assert!(!weight.is_read());
        // Columns are not whole blocks.
        let columns = weight.narrow(1, 3, 40);
        assert_eq!(columns.elements(), plain.narrow(1, 3, 40).elements());
        assert!(weight.is_read());
        let x = random::<f32>(&[2, 40], 1);
        let product = |weight: &Array<f32>| Cpu::<f32>::linear(&x, weight, Epilogue::default());
        assert_eq!(product(&columns).elements(), product(&plain.narrow(1, 3, 40)).elements());
    }

    #[test]
    fn a_table_is_read_row_by_row() {
        for format in [Format::Q8_0, Format::Q6_K] {
            let (table, plain) = stored(format, 6, 1);
            let ids = Array::from_vec(vec![3u32, 0, 3, 2], &[2, 2]);
            let part = |x: &Array<f32>| Cpu::<f32>::gather(&x.narrow(0, 1, 4), &ids);
            assert_eq!(
                (part(&table).sizes(), part(&table).elements()),
                (part(&plain).sizes(), part(&plain).elements())
            );
            assert!(!table.is_read());
            assert_eq!(*Cpu::<f32>::to_vec(&table).unwrap(), *plain.elements());
            assert_eq!(
                Cpu::<f32>::binary_scalar(crate::backend::Binary::Add, table, 1.0).elements()[0],
                plain.elements()[0] + 1.0
            );
        }
    }

    #[test]
    fn blocks_that_do_not_fit_are_refused() {
        let blocks = |format, bytes: usize, size| {
            Blocks::new(format, Bytes::new(Arc::new(vec![0u8; bytes]), 0..bytes), size).is_some()
        };
        assert!(blocks(Format::Q4_0, 36, [2, 32]) && blocks(Format::Q4_0, 0, [2, 0]));
        assert!(!blocks(Format::Q4_0, 36, [2, 31]));
        assert!(!blocks(Format::Q4_0, 35, [2, 32]));
        assert!(!blocks(Format::Q4_0, 36, [1, 32]));
        assert!(!blocks(Format::Q4_K, 144, [8, 32]));
        assert!(!blocks(Format::Q8_0, 34, [usize::MAX, 32]));
        assert!(Blocks::new(Format::Q8_0, Bytes::new(Arc::new(vec![0u8; 10]), 5..9), [1, 32]).is_none());
        let odd: Arc<Vec<u8>> = Arc::new(vec![0; 65 + 64]);
        let start = (odd.as_ptr().addr() + 1) % 2;
        assert!(Blocks::new(Format::F16, Bytes::new(odd, start..start + 64), [1, 32]).is_none());
    }
}
