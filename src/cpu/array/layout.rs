//! Sizes, strides and offset of a view.

use crate::backend::MAX_RANK;

/// Sizes, strides, and the offset of the first element. Unused axes are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    rank: usize,
    sizes: [usize; MAX_RANK],
    strides: [usize; MAX_RANK],
    pub offset: usize,
}

impl Layout {
    #[inline]
    pub fn row_major(sizes: &[usize]) -> Self {
        assert!(sizes.len() <= MAX_RANK, "an array has at most {MAX_RANK} axes");
        let mut layout = Layout { rank: sizes.len(), sizes: [0; MAX_RANK], strides: [0; MAX_RANK], offset: 0 };
        let mut stride = 1usize;
        for (axis, &size) in sizes.iter().enumerate().rev() {
            (layout.sizes[axis], layout.strides[axis]) = (size, stride);
            stride = stride.saturating_mul(size.max(1));
        }
        // The kernels count on it that no position in an array overflows.
        assert!(isize::try_from(stride).is_ok(), "{sizes:?} are more elements than can be counted");
        layout
    }

    /// How many elements an array of these sizes has.
    ///
    /// # Panics
    /// More than can be counted, but for an axis without any.
    #[inline]
    pub fn count(sizes: &[usize]) -> usize {
        let (mut stride, mut count) = (1usize, 1usize);
        for &size in sizes {
            (stride, count) = (stride.saturating_mul(size.max(1)), count.wrapping_mul(size));
        }
        assert!(isize::try_from(stride).is_ok(), "{sizes:?} are more elements than can be counted");
        count
    }

    /// One element, broadcast: all strides are zero.
    pub fn repeated(sizes: &[usize]) -> Self {
        Layout { strides: [0; MAX_RANK], ..Layout::row_major(sizes) }
    }

    #[inline]
    pub fn sizes(&self) -> &[usize] {
        &self.sizes[..self.rank]
    }

    pub fn strides(&self) -> &[usize] {
        &self.strides[..self.rank]
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.sizes().iter().product()
    }

    pub fn axes(&self) -> impl Iterator<Item = (usize, usize)> {
        self.sizes().iter().copied().zip(self.strides().iter().copied())
    }

    /// Whether the elements lie one after another, row-major.
    pub fn is_contiguous(&self) -> bool {
        let mut expected = 1;
        self.len() == 0
            || (0..self.rank).rev().all(|axis| {
                let fits = self.sizes[axis] == 1 || self.strides[axis] == expected;
                expected *= self.sizes[axis];
                fits
            })
    }

    /// The layout of the same elements under other sizes, if strides can express it.
    pub fn reshape(&self, sizes: &[usize]) -> Option<Layout> {
        let mut new = Layout { offset: self.offset, ..Layout::row_major(sizes) };
        if self.len() == 0 {
            return Some(new);
        }
        let (mut old, mut count) = ([(0, 0); MAX_RANK], 0);
        for axis in self.axes().filter(|(size, _)| *size != 1) {
            old[count] = axis;
            count += 1;
        }
        let old = &old[..count];
        let (mut old_at, mut new_at) = (0, 0);
        while old_at < old.len() {
            // The fewest axes on both sides that hold the same number of elements.
            let (old_start, new_start) = (old_at, new_at);
            let (mut old_count, mut new_count) = (old[old_at].0, 1);
            old_at += 1;
            while old_count != new_count {
                if new_count < old_count {
                    new_count *= sizes[new_at];
                    new_at += 1;
                } else {
                    old_count *= old[old_at].0;
                    old_at += 1;
                }
            }
            let merged = &old[old_start..old_at];
            if merged.windows(2).any(|pair| pair[0].1 != pair[1].0 * pair[1].1) {
                return None;
            }
            let mut stride = merged[merged.len() - 1].1;
            for axis in (new_start..new_at).rev() {
                new.strides[axis] = stride;
                stride *= sizes[axis];
            }
        }
        Some(new)
    }

    /// The strides of the last two axes.
    #[inline]
    pub fn matrix_strides(&self) -> [usize; 2] {
        [self.strides[self.rank - 2], self.strides[self.rank - 1]]
    }

    /// The first element at these indices of the first axes.
    pub fn start(&self, indices: &[usize]) -> usize {
        self.offset + indices.iter().zip(self.strides()).map(|(index, stride)| index * stride).sum::<usize>()
    }

    /// The offset of the matrix of the last two axes at a row-major index of the other axes (the batch).
    #[inline]
    pub fn matrix(&self, mut index: usize) -> usize {
        let mut start = self.offset;
        for axis in (0..self.rank.saturating_sub(2)).rev() {
            start += index % self.sizes[axis] * self.strides[axis];
            index /= self.sizes[axis];
        }
        start
    }

    /// A row-major layout of the first sizes, and then the others.
    pub fn joined(first: &[usize], then: &[usize]) -> Self {
        let mut sizes = [0; MAX_RANK];
        sizes[..first.len()].copy_from_slice(first);
        sizes[first.len()..][..then.len()].copy_from_slice(then);
        Layout::row_major(&sizes[..first.len() + then.len()])
    }

    /// A row-major layout of these sizes, but for the last one.
    #[inline]
    pub fn with_last(&self, size: usize) -> Self {
        let mut sizes = self.sizes;
        sizes[self.rank - 1] = size;
        Layout::row_major(&sizes[..self.rank])
    }

    /// Axis `i` of the result is axis `order[i]`.
    pub fn permute(&self, order: &[usize]) -> Self {
        // An axis that stood twice would lead out of the buffer.
        let seen = order.iter().fold(0u32, |seen, &axis| seen | 1u32.wrapping_shl(axis as u32));
        assert!(order.len() == self.rank && seen == (1 << self.rank) - 1, "each axis has one place");
        let mut layout = *self;
        for (to, &from) in order.iter().enumerate() {
            layout.sizes[to] = self.sizes()[from];
            layout.strides[to] = self.strides[from];
        }
        layout
    }

    /// The elements `start .. start + len` of an axis.
    pub fn narrow(&self, axis: usize, start: usize, len: usize) -> Self {
        let size = self.sizes()[axis];
        assert!(start <= size && len <= size - start, "a part ends behind its axis");
        let mut layout = *self;
        layout.sizes[axis] = len;
        layout.offset += start * layout.strides[axis];
        layout
    }

    /// Broadcast along new leading axes and along axes of size 1.
    pub fn broadcast(&self, sizes: &[usize]) -> Self {
        let mut layout = Layout { offset: self.offset, ..Layout::repeated(sizes) };
        let new_axes = sizes.len().checked_sub(self.rank).expect("an array is not repeated along fewer axes");
        for (axis, (size, stride)) in self.axes().enumerate() {
            assert!(size == 1 || size == sizes[new_axes + axis], "only an axis of size 1 is repeated");
            layout.strides[new_axes + axis] = if size == 1 { 0 } else { stride };
        }
        layout
    }
}

/// The elements of a layout in row-major order, as runs of elements at one distance from each other.
pub struct Runs {
    /// Size and stride of the outer axes, along which runs lie.
    pub axes: Vec<(usize, usize)>,
    /// The length of a run: 0 if there are no elements.
    pub len: usize,
    /// The stride of its elements.
    pub stride: usize,
    offset: usize,
}

impl Runs {
    pub fn new(layout: &Layout) -> Self {
        if layout.len() == 0 {
            return Runs { axes: Vec::new(), len: 0, stride: 1, offset: 0 };
        }
        let mut axes: Vec<_> = layout.axes().filter(|(size, _)| *size != 1).collect();
        let (mut len, mut stride) = axes.pop().unwrap_or((1, 1));
        while let Some(&(size, of_runs)) = axes.last().filter(|(_, of_runs)| *of_runs == len * stride) {
            (len, stride) = (size * len, of_runs / len);
            axes.pop();
        }
        Runs { axes, len, stride, offset: layout.offset }
    }

    /// Where an element lies.
    pub fn start(&self, at: usize) -> usize {
        if self.axes.is_empty() {
            return self.offset + at * self.stride;
        }
        let (mut start, mut outer) = (self.offset + at % self.len * self.stride, at / self.len);
        for (size, stride) in self.axes.iter().rev() {
            start += outer % size * stride;
            outer /= size;
        }
        start
    }

    /// The parts of runs `(from the first element on, length, where it lies)` of so many elements from `first` on.
    pub fn parts(&self, first: usize, count: usize) -> impl Iterator<Item = (usize, usize, usize)> {
        let (mut in_run, mut outer) = (first % self.len.max(1), first / self.len.max(1));
        let mut start = self.start(first - in_run);
        // The place of the run along each axis, since a division for each would take longer than to copy a short one.
        let mut places = [0; MAX_RANK];
        for (place, (size, _)) in places.iter_mut().zip(&self.axes).rev() {
            *place = outer % size;
            outer /= size;
        }
        let mut done = 0;
        std::iter::from_fn(move || {
            let len = (self.len - in_run).min(count - done);
            let part = (len > 0).then_some((done, len, start + in_run * self.stride));
            (done, in_run) = (done + len, 0);
            for (place, (size, stride)) in places.iter_mut().zip(&self.axes).rev() {
                (*place, start) = (*place + 1, start + stride);
                if *place < *size {
                    break;
                }
                (*place, start) = (0, start - size * stride);
            }
            part
        })
    }
}
