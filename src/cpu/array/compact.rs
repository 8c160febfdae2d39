//! Copies in row-major order, of arrays that lie in memory otherwise.

use super::layout::{Layout, Runs};
use crate::backend::Element;
use crate::cpu::memory::{Elements, copy_few};
use crate::cpu::parallel::for_each_chunk;
use std::mem::MaybeUninit;

/// The elements that one core copies at a time, or a few more.
const CHUNK: usize = 1 << 14;
/// The rows and columns that are transposed at a time: their elements are a cache line each way, and stay in the L1 cache.
const SIDE: usize = 16;

/// The elements of a layout, in row-major order.
pub fn compact<T: Element>(buffer: &[T], layout: &Layout) -> Elements<T> {
    // SAFETY: all are written.
    unsafe { Elements::written(layout.len(), |to| copy(buffer, layout, to)) }
}

/// As [`compact`], in a vector.
pub fn compact_vec<T: Element>(buffer: &[T], layout: &Layout) -> Vec<T> {
    let mut elements = Vec::with_capacity(layout.len());
    copy(buffer, layout, &mut elements.spare_capacity_mut()[..layout.len()]);
    // SAFETY: as many were written.
    unsafe { elements.set_len(layout.len()) };
    elements
}

/// Writes all elements.
fn copy<T: Element>(buffer: &[T], layout: &Layout, to: &mut [MaybeUninit<T>]) {
    let runs = Runs::new(layout);
    let rows = CHUNK.div_ceil(runs.len.max(1)).next_multiple_of(SIDE);
    let chunk = if runs.are_columns() { rows * runs.len } else { CHUNK };
    for_each_chunk(to, chunk, chunk, |i, to| runs.copy(buffer, i * chunk, to));
}

impl Runs {
    /// Whether the runs beside each other are the columns of a matrix whose rows lie one after another.
    pub fn are_columns(&self) -> bool {
        self.stride > 1 && self.axes.last().is_some_and(|&(_, stride)| stride == 1)
    }

    /// Writes the elements from `first` on.
    pub fn copy<T: Copy>(&self, buffer: &[T], first: usize, to: &mut [MaybeUninit<T>]) {
        if self.are_columns() && first.is_multiple_of(self.len) && to.len().is_multiple_of(self.len) {
            return self.transpose(buffer, first, to);
        }
        for (at, len, start) in self.parts(first, to.len()) {
            let (from, to) = (&buffer[start..], &mut to[at..at + len]);
            match self.stride {
                0 => to.fill(MaybeUninit::new(from[0])),
                1 => copy_few(to, as_written(&from[..len])),
                stride => to.iter_mut().zip(from.iter().step_by(stride)).for_each(|(to, from)| _ = to.write(*from)),
            }
        }
    }

    /// [`copy`](Self::copy) of whole columns.
    fn transpose<T: Copy>(&self, buffer: &[T], first: usize, to: &mut [MaybeUninit<T>]) {
        let size = self.axes.last().map_or(1, |&(size, _)| size);
        let (mut row, rows) = (first / self.len, (first + to.len()) / self.len);
        let mut to = to;
        while row < rows {
            // Up to the next element of an axis further out.
            let count = SIDE.min(rows - row).min(size - row % size);
            let (these, rest) = std::mem::take(&mut to).split_at_mut(count * self.len);
            let from = &buffer[self.start(row * self.len)..];
            if count == SIDE {
                transpose_rows(from, self.stride, self.len, these);
            } else {
                for (column, to) in these.chunks_exact_mut(self.len).enumerate() {
                    let from = from[column..].iter().step_by(self.stride);
                    to.iter_mut().zip(from).for_each(|(to, from)| _ = to.write(*from));
                }
            }
            (to, row) = (rest, row + count);
        }
    }
}

/// Columns of a matrix with rows so far apart, [`SIDE`] of them beside each other, as rows. Through a block that is near, since lines a
/// power of two apart push each other out of the L1 cache.
fn transpose_rows<T: Copy>(from: &[T], stride: usize, len: usize, to: &mut [MaybeUninit<T>]) {
    for first in (0..len).step_by(SIDE) {
        let count = SIDE.min(len - first);
        let mut block = [[from[0]; SIDE]; SIDE];
        for (i, row) in block[..count].iter_mut().enumerate() {
            row.copy_from_slice(&from[(first + i) * stride..][..SIDE]);
        }
        for column in 0..SIDE {
            let to = &mut to[column * len + first..][..count];
            to.iter_mut().zip(&block).for_each(|(to, row)| _ = to.write(row[column]));
        }
    }
}

/// Elements as those of memory that may be written.
fn as_written<T>(elements: &[T]) -> &[MaybeUninit<T>] {
    // SAFETY: the types are the same in memory, and what is written may be uninitialised for those who read it.
    unsafe { &*(elements as *const [T] as *const [MaybeUninit<T>]) }
}

/// Elements as memory in which others are written.
///
/// # Safety
/// What is written is initialised.
pub unsafe fn as_memory<T: Copy>(elements: &mut [T]) -> &mut [MaybeUninit<T>] {
    // SAFETY: the types are the same in memory; the rest is the caller's.
    unsafe { &mut *(elements as *mut [T] as *mut [MaybeUninit<T>]) }
}

#[cfg(test)]
mod tests {
    use crate::cpu::Array;

    #[test]
    fn every_element_comes_to_its_place() {
        let mut rng = fastrand::Rng::with_seed(1);
        for _ in 0..if cfg!(miri) { 20 } else { 300 } {
            let sizes: [usize; 4] = std::array::from_fn(|_| *rng.choice(&[0, 1, 2, 3, 5, 16, 17, 40]).unwrap());
            let sizes = if cfg!(miri) { [sizes[0].min(2), sizes[1].min(17), 1, sizes[3].min(17)] } else { sizes };
            let mut order = [0, 1, 2, 3];
            rng.shuffle(&mut order);
            let count = sizes.iter().product::<usize>();
            let array = Array::from_vec((0..count as u32).collect(), &sizes).permute(&order);
            let axis = rng.usize(..4);
            let start = rng.usize(..=array.sizes()[axis].min(2));
            let array = array.narrow(axis, start, array.sizes()[axis] - start);
            let (sizes, strides) = (array.sizes().to_vec(), array.layout().strides().to_vec());
            let mut expected = Vec::new();
            for at in 0..sizes.iter().product() {
                let (mut rest, mut place) = (at, array.layout().offset);
                for (size, stride) in sizes.iter().zip(&strides).rev() {
                    place += rest % size * stride;
                    rest /= size;
                }
                expected.push(place as u32);
            }
            assert_eq!(array.elements()[..], expected, "{sizes:?} by {strides:?}");
            assert_eq!(array.contiguous().elements()[..], expected, "{sizes:?} by {strides:?}");
        }
    }
}
