//! Weights that stay as a file stores them: in blocks of narrow numbers, most of which share a scale.

use super::same::Same;
use crate::cpu::kernels::{Format, Rows, simd};
use crate::cpu::memory::{Derived, Elements, use_huge_pages};
use crate::cpu::parallel::for_each_chunk;
use std::ops::Range;
use std::sync::{Arc, Once, OnceLock};

/// Bytes in the memory of somebody else.
pub type SharedBytes = Same<Arc<dyn AsRef<[u8]> + Send + Sync>>;

/// Rows of a matrix, each of which is whole blocks.
#[derive(Clone)]
pub struct Blocks {
    format: Format,
    owner: SharedBytes,
    range: Range<usize>,
    /// Rows, and the elements of one.
    size: [usize; 2],
}

impl Blocks {
    /// Rows of the given size, `[rows, elements]`, in the bytes `range` of `owner`. None
    /// where a row is not whole blocks, where there are not as many bytes, or where numbers of two bytes are not aligned.
    pub fn new(format: Format, owner: SharedBytes, range: Range<usize>, size: [usize; 2]) -> Option<Self> {
        let expected = format.row_bytes(size[1])?.checked_mul(size[0])?;
        size[0].checked_mul(size[1])?;
        let bytes = owner.as_slice().get(range.clone())?;
        let fits = bytes.len() == expected && bytes.as_ptr().addr().is_multiple_of(format.alignment());
        fits.then_some(Blocks { format, owner, range, size })
    }

    /// How many elements all rows have.
    pub fn len(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Brings the bytes into huge pages, if the system can, with those that lie around them: a weight alone may not fill one.
    fn use_huge_pages(&self) {
        use_huge_pages(self.owner.as_slice());
    }

    /// The elements of a row.
    pub fn row_len(&self) -> usize {
        self.size[1]
    }

    /// Some of the rows.
    ///
    /// # Panics
    /// There are not as many.
    pub fn rows(&self, rows: Range<usize>) -> Rows<'_> {
        let row = self.format.row_bytes(self.size[1]).unwrap_or(0);
        let bytes = &self.owner.as_slice()[self.range.clone()][rows.start * row..rows.end * row];
        Rows { format: self.format, bytes, size: [rows.len(), self.size[1]] }
    }

    /// The elements of the chosen rows, one after another.
    fn elements(&self, rows: &[usize]) -> Elements<f32> {
        let row_len = self.row_len();
        let mut elements = Elements::any(rows.len() * row_len);
        let room = elements.get_mut().expect("new elements have one holder");
        for_each_chunk(room, row_len, row_len / 8, |at, to| {
            simd::unpack(self.rows(rows[at]..rows[at] + 1), to);
        });
        elements
    }
}

/// Elements that are stored in blocks, and are read out of them when something asks for all of them.
pub struct Stored<T> {
    blocks: Blocks,
    /// The elements of chosen rows: the kernels read `f32` alone.
    read: fn(&Blocks, &[usize]) -> Elements<T>,
    /// All of them, from the first time on that they were asked for.
    elements: OnceLock<Elements<T>>,
    streamed: Once,
    derived: Derived,
}

impl Stored<f32> {
    pub fn new(blocks: Blocks) -> Self {
        Stored {
            blocks,
            read: Blocks::elements,
            elements: OnceLock::new(),
            streamed: Once::new(),
            derived: Derived::new(),
        }
    }
}

impl<T> Stored<T> {
    pub fn blocks(&self) -> &Blocks {
        &self.blocks
    }

    /// The blocks, of which all will be read, and not for the last time.
    pub fn streamed_blocks(&self) -> &Blocks {
        self.streamed.call_once(|| self.blocks.use_huge_pages());
        &self.blocks
    }

    /// The elements of chosen rows, one after another.
    pub fn read(&self, rows: &[usize]) -> Elements<T> {
        (self.read)(&self.blocks, rows)
    }

    /// All elements. They are kept, beside the blocks.
    pub fn as_slice(&self) -> &[T] {
        let read = || self.read(&(0..self.blocks.size[0]).collect::<Vec<_>>());
        self.elements.get_or_init(read).as_slice()
    }

    /// Whether all elements were asked for.
    #[cfg(test)]
    pub fn is_read(&self) -> bool {
        self.elements.get().is_some()
    }

    pub fn derived(&self) -> &Derived {
        &self.derived
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::{Backend, Epilogue};
    use crate::cpu::kernels::simd::format_tests::{random_blocks, reference};
    use crate::cpu::testing::{assert_near, random};
    use crate::cpu::{Array, Cpu};

    fn stored(format: Format, rows: usize, blocks: usize) -> (Array<f32>, Array<f32>) {
        let bytes = random_blocks(format, rows * blocks, 3);
        let size = [rows, blocks * format.block()[0]];
        let plain = Array::from_vec(reference(format, &bytes), &size);
        let range = 0..bytes.len();
        let blocks = Blocks::new(format, Same::new(Arc::new(bytes)), range, size).unwrap();
        (Array::from_blocks(blocks, &size), plain)
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
            let found = Cpu::linear(&x, &part(&weight), after());
            assert_eq!(found.sizes(), [rows, 2, 7]);
            assert_near(&found, &wide(Cpu::linear(&x, &part(&plain), after())), 1e-5);
            let product = |weight: &Array<f32>| Cpu::matmul(&x, &part(weight).permute(&[1, 0]));
            assert_near(&product(&weight), &wide(product(&plain)), 1e-5);
            // Heads, of which each is some of the rows.
            let heads = |weight: &Array<f32>| weight.reshape(&[3, 4, 64]).narrow(0, 1, 2).reshape(&[8, 64]);
            let product = |weight: &Array<f32>| Cpu::linear(&x, &heads(weight), Epilogue::default());
            assert_near(&product(&weight), &wide(product(&plain)), 1e-5);
        }
        assert_eq!(format!("{weight:?}"), "Array { sizes: [12, 64], .. }");
        assert!(!weight.is_read());
        // Columns are not whole blocks.
        let columns = weight.narrow(1, 3, 40);
        assert_eq!(columns.elements(), plain.narrow(1, 3, 40).elements());
        assert!(weight.is_read());
        let x = random::<f32>(&[2, 40], 1);
        let product = |weight: &Array<f32>| Cpu::linear(&x, weight, Epilogue::default());
        assert_eq!(product(&columns).elements(), product(&plain.narrow(1, 3, 40)).elements());
    }

    #[test]
    fn a_table_is_read_row_by_row() {
        for format in [Format::Q8_0, Format::Q6_K] {
            let (table, plain) = stored(format, 6, 1);
            let ids = Array::from_vec(vec![3u32, 0, 3, 2], &[2, 2]);
            let part = |x: &Array<f32>| Cpu::gather(&x.narrow(0, 1, 4), &ids);
            assert_eq!(
                (part(&table).sizes(), part(&table).elements()),
                (part(&plain).sizes(), part(&plain).elements())
            );
            assert!(!table.is_read());
            assert_eq!(*Cpu::to_vec(&table), *plain.elements());
            assert_eq!(
                Cpu::binary_scalar(crate::backend::Binary::Add, table, 1.0).elements()[0],
                plain.elements()[0] + 1.0
            );
        }
    }

    #[test]
    fn blocks_that_do_not_fit_are_refused() {
        let blocks = |format, bytes: usize, size| {
            Blocks::new(format, Same::new(Arc::new(vec![0u8; bytes])), 0..bytes, size).is_some()
        };
        assert!(blocks(Format::Q4_0, 36, [2, 32]) && blocks(Format::Q4_0, 0, [2, 0]));
        assert!(!blocks(Format::Q4_0, 36, [2, 31]));
        assert!(!blocks(Format::Q4_0, 35, [2, 32]));
        assert!(!blocks(Format::Q4_0, 36, [1, 32]));
        assert!(!blocks(Format::Q4_K, 144, [8, 32]));
        assert!(!blocks(Format::Q8_0, 34, [usize::MAX, 32]));
        assert!(Blocks::new(Format::Q8_0, Same::new(Arc::new(vec![0u8; 10])), 5..39, [1, 32]).is_none());
        let odd: Arc<Vec<u8>> = Arc::new(vec![0; 65 + 64]);
        let start = (odd.as_ptr().addr() + 1) % 2;
        assert!(Blocks::new(Format::F16, Same::new(odd), start..start + 64, [1, 32]).is_none());
    }
}
