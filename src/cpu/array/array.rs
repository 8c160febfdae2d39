//! Arrays: a shared buffer, and sizes and strides that say which elements of it are meant.

use super::blocks::{BlockBuffer, rows_of};
use super::buffer::{Buffer, Owner};
use super::compact::{as_memory, compact, compact_vec};
use super::layout::{Layout, Runs};
use super::tracked::Tracked;
use crate::backend::{Element, MAX_RANK, Number, Same};
use crate::cpu::kernels::{InOut, Rows};
use crate::cpu::memory::{BufferCache, Elements};
use crate::cpu::parallel::for_each_chunk;
use std::borrow::Cow;
use std::fmt::{self, Debug, Formatter};
use std::ops::Range;

/// An array on the processor. Cloning one, and most changes of its axes, copy no elements.
#[derive(Clone)]
pub struct Array<T> {
    pub(super) buffer: Buffer<T>,
    layout: Layout,
    /// Its node in the autograd graph, if gradients are wanted. Arrays below the backend have none.
    tracked: Option<Tracked>,
    probabilities: Probabilities,
}

/// Whether the elements are known to be probabilities, and what made them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Probabilities {
    Unknown,
    BySoftmax,
    BySigmoid,
}

impl<T> Array<T> {
    /// An array of row-major elements.
    ///
    /// ```
    /// use congruent::cpu::Array;
    /// let array = Array::from_vec(vec![1.0, 2.0, 3.0, 4.0], &[2, 2]);
    /// assert_eq!(array.permute(&[1, 0]).elements()[..], [1.0, 3.0, 2.0, 4.0]);
    /// ```
    ///
    /// # Panics
    /// There are not as many as `sizes` say.
    pub fn from_vec(elements: Vec<T>, sizes: &[usize]) -> Self {
        Self::from_buffer(Buffer::external(Owner::Vec(elements)), sizes)
    }

    /// An array of the row-major elements of another owner, such as a mapped file.
    ///
    /// ```
    /// use congruent::cpu::Array;
    /// // A mapped file, say.
    /// let owner: Box<dyn AsRef<[f32]> + Send + Sync> = Box::new(vec![1.0, 2.0]);
    /// assert_eq!(Array::from_owner(owner, &[2]).elements()[..], [1.0, 2.0]);
    /// ```
    ///
    /// # Panics
    /// There are not as many as `sizes` say. Whatever uses the array panics if the owner gives other elements later than it
    /// gives here: elsewhere in memory, or more or fewer.
    pub fn from_owner(owner: Box<dyn AsRef<[T]> + Send + Sync>, sizes: &[usize]) -> Self {
        Self::from_buffer(Buffer::external(Owner::Other(Same::new(owner))), sizes)
    }

    pub(super) fn from_buffer(buffer: Buffer<T>, sizes: &[usize]) -> Self {
        let layout = Layout::row_major(sizes);
        let (found, expected) = (buffer.len(), layout.len());
        assert_eq!(found, expected, "an array of sizes {sizes:?} has {expected} elements");
        Array::untracked(buffer, layout)
    }

    /// An array without a node in the graph.
    #[inline]
    pub(super) fn untracked(buffer: Buffer<T>, layout: Layout) -> Self {
        Array { buffer, layout, tracked: None, probabilities: Probabilities::Unknown }
    }

    /// The size of each axis.
    ///
    /// ```
    /// use congruent::cpu::Array;
    /// assert_eq!(Array::full(0.0, &[2, 3]).sizes(), [2, 3]);
    /// ```
    pub fn sizes(&self) -> &[usize] {
        self.layout.sizes()
    }

    #[inline]
    pub(in crate::cpu) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Whether the blocks were dequantised as a whole.
    #[cfg(test)]
    pub(in crate::cpu) fn is_read(&self) -> bool {
        matches!(&self.buffer, Buffer::Blocks(stored) if stored.is_read())
    }

    /// Whether the buffer is quantised blocks.
    pub(in crate::cpu) fn is_in_blocks(&self) -> bool {
        matches!(self.buffer, Buffer::Blocks(_))
    }

    /// The block buffer of a quantised matrix, and the rows of it that the matrix consists of.
    fn block_buffer_rows(&self) -> Option<(&BlockBuffer<T>, Range<usize>)> {
        let Buffer::Blocks(stored) = &self.buffer else { return None };
        let Layout { offset, .. } = self.layout;
        let (&[rows, len], &[stride, 1]) = (self.sizes(), self.layout.strides()) else { return None };
        let whole = len == stored.blocks().size()[1] && len > 0 && (stride == len || rows == 1) && offset % len == 0;
        whole.then(|| (&**stored, offset / len..offset / len + rows))
    }

    /// The rows of a quantised matrix, all of which will be read.
    pub(in crate::cpu) fn block_rows(&self) -> Option<Rows<'_>> {
        let (stored, rows) = self.block_buffer_rows()?;
        Some(rows_of(stored.blocks_in_huge_pages(), rows))
    }

    /// All elements of the buffer, also those outside of the view.
    #[inline]
    pub(in crate::cpu) fn buffer(&self) -> &[T] {
        self.buffer.as_slice()
    }

    /// The elements, if they are contiguous (row-major).
    ///
    /// ```
    /// use congruent::cpu::Array;
    /// let array = Array::from_vec(vec![1.0, 2.0, 3.0, 4.0], &[2, 2]);
    /// assert_eq!(array.as_slice(), Some(&[1.0, 2.0, 3.0, 4.0][..]));
    /// assert_eq!(array.permute(&[1, 0]).as_slice(), None);
    /// ```
    pub fn as_slice(&self) -> Option<&[T]> {
        let Layout { offset, .. } = self.layout;
        match self.layout.len() {
            0 => Some(&[]),
            len => self.layout.is_contiguous().then(|| &self.buffer()[offset..offset + len]),
        }
    }

    /// The elements to change, if they are contiguous and the buffer has no other holder.
    pub(in crate::cpu) fn as_mut_slice(&mut self) -> Option<&mut [T]> {
        self.probabilities = Probabilities::Unknown;
        let Layout { offset, .. } = self.layout;
        match self.layout.len() {
            0 => Some(&mut []),
            len => Some(&mut self.layout.is_contiguous().then_some(self.buffer.get_mut()?)?[offset..offset + len]),
        }
    }

    #[inline]
    pub(in crate::cpu) fn tracked(&self) -> Option<&Tracked> {
        self.tracked.as_ref()
    }

    pub(in crate::cpu) fn with_tracked(mut self, tracked: Tracked) -> Self {
        self.tracked = Some(tracked);
        self
    }

    /// The same array without its node.
    #[inline]
    pub(in crate::cpu) fn detached(mut self) -> Self {
        self.tracked = None;
        self
    }

    pub(in crate::cpu) fn probabilities(&self) -> Probabilities {
        self.probabilities
    }

    /// The same array, whose elements are known to be probabilities.
    pub(in crate::cpu) fn with_probabilities(self, probabilities: Probabilities) -> Self {
        Array { probabilities, ..self }
    }

    /// A view to save for the backward pass.
    pub(in crate::cpu) fn saved(&self) -> Self {
        self.view(self.layout)
    }

    /// What was computed from the whole buffer.
    pub(in crate::cpu) fn cache(&self) -> &BufferCache {
        self.buffer.cache()
    }

    fn view(&self, layout: Layout) -> Self {
        Array { buffer: self.buffer.clone(), layout, tracked: None, probabilities: self.probabilities }
    }

    /// Axis `i` of the result is axis `order[i]`.
    ///
    /// ```
    /// use congruent::cpu::Array;
    /// let array = Array::from_vec(vec![1, 2, 3, 4, 5, 6], &[2, 3]).permute(&[1, 0]);
    /// assert_eq!((array.sizes(), &array.elements()[..]), (&[3, 2][..], &[1, 4, 2, 5, 3, 6][..]));
    /// ```
    pub fn permute(&self, order: &[usize]) -> Self {
        self.view(self.layout.permute(order))
    }

    /// An axis moved behind all others.
    pub(in crate::cpu) fn move_last(&self, axis: usize) -> Self {
        let rank = self.sizes().len();
        let mut order: [usize; MAX_RANK] = std::array::from_fn(|i| i);
        order[axis..rank].rotate_left(1);
        self.permute(&order[..rank])
    }

    /// The last axis moved to this place: it undoes [`move_last`](Self::move_last).
    pub(in crate::cpu) fn move_last_to(&self, axis: usize) -> Self {
        let rank = self.sizes().len();
        let mut order: [usize; MAX_RANK] = std::array::from_fn(|i| i);
        order[axis..rank].rotate_right(1);
        self.permute(&order[..rank])
    }

    /// The elements `start .. start + len` of an axis.
    ///
    /// ```
    /// use congruent::cpu::Array;
    /// let array = Array::from_vec(vec![1, 2, 3, 4, 5, 6], &[2, 3]);
    /// assert_eq!(array.narrow(1, 1, 2).elements()[..], [2, 3, 5, 6]);
    /// ```
    pub fn narrow(&self, axis: usize, start: usize, len: usize) -> Self {
        self.view(self.layout.narrow(axis, start, len))
    }

    /// Broadcast along new leading axes and along axes of size 1.
    ///
    /// ```
    /// use congruent::cpu::Array;
    /// let array = Array::from_vec(vec![1, 2], &[2]);
    /// assert_eq!(array.broadcast(&[3, 2]).elements()[..], [1, 2, 1, 2, 1, 2]);
    /// ```
    pub fn broadcast(&self, sizes: &[usize]) -> Self {
        self.view(self.layout.broadcast(sizes))
    }
}

impl<T: Element> Array<T> {
    /// The chosen rows of a matrix that is stored in blocks, of which the others are not read, in this layout.
    pub(in crate::cpu) fn chosen_rows(&self, chosen: impl Iterator<Item = usize>, layout: Layout) -> Option<Self> {
        let (stored, rows) = self.block_buffer_rows()?;
        let chosen: Vec<usize> = chosen.map(|row| rows.start + row).collect();
        assert!(chosen.iter().all(|row| rows.contains(row)), "an id names a row of its table");
        Some(Array::untracked(Buffer::Owned(stored.read(&chosen)), layout))
    }

    /// An array of one value, stored once (strides of zero).
    ///
    /// ```
    /// use congruent::cpu::Array;
    /// assert_eq!(Array::full(7, &[2, 2]).elements()[..], [7; 4]);
    /// ```
    pub fn full(value: T, sizes: &[usize]) -> Self {
        let layout = Layout::repeated(sizes);
        Array::untracked(Buffer::Owned(Elements::collect(1, [value])), layout)
    }

    /// An array of the first row-major elements, as many as `sizes` say.
    ///
    /// # Panics
    /// There are fewer.
    pub(in crate::cpu) fn collect(sizes: &[usize], elements: impl IntoIterator<Item = T>) -> Self {
        let layout = Layout::row_major(sizes);
        Array::untracked(Buffer::Owned(Elements::collect(layout.len(), elements)), layout)
    }

    /// An array of these parts one after another, as many elements as the layout has.
    ///
    /// # Panics
    /// There are fewer, or more.
    pub(in crate::cpu) fn joined<'a>(layout: Layout, parts: impl Iterator<Item = &'a [T]>) -> Self
    where
        T: 'a,
    {
        Array::untracked(Buffer::Owned(Elements::joined(layout.len(), parts)), layout)
    }

    /// The same elements, contiguous in a buffer with one holder: a copy only where they are not.
    pub(in crate::cpu) fn unshared(mut self) -> Self {
        if self.as_mut_slice().is_some() { self } else { self.compact(self.sizes()) }
    }

    /// The row-major elements: a copy only where they do not lie so in memory.
    ///
    /// ```
    /// use congruent::cpu::Array;
    /// use std::borrow::Cow;
    /// let array = Array::from_vec(vec![1, 2, 3, 4], &[2, 2]);
    /// assert!(matches!(array.elements(), Cow::Borrowed(&[1, 2, 3, 4])));
    /// assert!(matches!(array.permute(&[1, 0]).elements(), Cow::Owned(_)));
    /// ```
    pub fn elements(&self) -> Cow<'_, [T]> {
        match self.as_slice() {
            Some(elements) => Cow::Borrowed(elements),
            None => Cow::Owned(compact_vec(self.buffer(), &self.layout)),
        }
    }

    /// The row-major elements in a buffer of their own.
    fn compact(&self, sizes: &[usize]) -> Self {
        let elements = compact(self.buffer(), &self.layout);
        Array::untracked(Buffer::Owned(elements), Layout::row_major(sizes))
    }

    /// The same row-major elements under other sizes.
    ///
    /// ```
    /// use congruent::cpu::Array;
    /// let array = Array::from_vec(vec![1, 2, 3, 4], &[4]).reshape(&[2, 2]);
    /// assert_eq!(array.narrow(0, 1, 1).elements()[..], [3, 4]);
    /// ```
    pub fn reshape(&self, sizes: &[usize]) -> Self {
        assert_eq!(self.layout.len(), Layout::count(sizes), "{:?} as {sizes:?}", self.sizes());
        match self.layout.reshape(sizes) {
            Some(layout) => self.view(layout),
            None => self.compact(sizes),
        }
    }

    /// The same array with its elements row-major in memory.
    pub(in crate::cpu) fn contiguous(&self) -> Self {
        if self.as_slice().is_some() { self.clone() } else { self.compact(self.sizes()) }
    }
}

impl<T: Number> Array<T> {
    /// An array whose elements `write` writes, all of them; before, their values are arbitrary.
    #[inline]
    pub(in crate::cpu) fn build(sizes: &[usize], write: impl FnOnce(&mut [T])) -> Self {
        Self::build_as(Layout::row_major(sizes), write)
    }

    /// [`build`](Self::build) in a row-major layout.
    #[inline]
    pub(in crate::cpu) fn build_as(layout: Layout, write: impl FnOnce(&mut [T])) -> Self {
        let mut elements = Elements::arbitrary(layout.len());
        write(elements.get_mut().expect("new elements have one holder"));
        Array::untracked(Buffer::Owned(elements), layout)
    }

    /// `f` on each chunk of the row-major elements, in parallel: in place, if the buffer has no other holder.
    pub(in crate::cpu) fn transform(
        mut self,
        chunk: usize,
        work: usize,
        f: impl Fn(usize, InOut<'_, T>) + Sync,
    ) -> Self {
        if let Some(elements) = self.as_mut_slice() {
            for_each_chunk(elements, chunk, work, |i, part| f(i, InOut::in_place(part)));
            self.tracked = None;
            return self;
        }
        if let Some(from) = self.as_slice() {
            return Array::build(self.sizes(), |out| {
                for_each_chunk(out, chunk, work, |i, to| f(i, InOut::new(&from[i * chunk..][..to.len()], to)));
            });
        }
        let runs = Runs::new(&self.layout);
        if runs.are_columns() {
            return self.compact(self.sizes()).transform(chunk, work, f);
        }
        Array::build(self.sizes(), |out| {
            for_each_chunk(out, chunk, work + chunk, |i, to| {
                // SAFETY: a copy of elements is written.
                runs.copy(self.buffer(), i * chunk, unsafe { as_memory(to) });
                f(i, InOut::in_place(to));
            });
        })
    }
}

impl<T: Element> Debug for Array<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Array").field("sizes", &self.sizes()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
