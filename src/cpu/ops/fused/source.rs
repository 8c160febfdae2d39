//! Reading an array of any layout block by block.

use crate::backend::Float;
use crate::cpu::array::{Array, Runs};
use crate::cpu::kernels::{all_widened, is_wide, widen_all};
use std::borrow::Cow;

/// A strided array, read in row-major order.
pub struct Source<'a, T> {
    elements: &'a [T],
    runs: Runs,
    /// The number of elements after which they repeat, because of broadcasting.
    period: usize,
}

impl<'a, T: Float> Source<'a, T> {
    pub fn new(array: &'a Array<T>) -> Self {
        let runs = Runs::new(array.layout());
        let repeated = runs.axes.iter().take_while(|(_, stride)| *stride == 0).count();
        let of_runs = runs.axes[repeated..].iter().map(|(size, _)| size).product::<usize>() * runs.len.max(1);
        let period = if repeated == runs.axes.len() && runs.stride == 0 { 1 } else { of_runs };
        Source { elements: array.buffer(), runs, period }
    }

    /// The number of elements after which they repeat.
    pub fn period(&self) -> usize {
        self.period
    }

    /// The elements from `first` on, if they are contiguous.
    pub fn slice(&self, first: usize, len: usize) -> Option<&'a [T]> {
        let in_run = self.runs.axes.is_empty() || first % self.runs.len + len <= self.runs.len;
        (self.runs.stride == 1 && in_run).then(|| &self.elements[self.runs.start(first)..][..len])
    }

    /// The elements from `first` on without a copy, if they are contiguous and need no conversion.
    pub fn contiguous(&self, first: usize, len: usize) -> Option<&'a [T::Wide]> {
        if !is_wide::<T>() {
            return None;
        }
        match all_widened(self.slice(first, len)?) {
            Cow::Borrowed(elements) => Some(elements),
            Cow::Owned(_) => None,
        }
    }

    /// Copies the elements from this one on, widened.
    pub fn copy(&self, first: usize, to: &mut [T::Wide]) {
        for (at, len, start) in self.runs.parts(first, to.len()) {
            let (from, to) = (&self.elements[start..], &mut to[at..at + len]);
            match self.runs.stride {
                0 => to.fill(from[0].widened()),
                1 => widen_all(&from[..len], to),
                stride => to.iter_mut().zip(from.iter().step_by(stride)).for_each(|(to, from)| *to = from.widened()),
            }
        }
    }
}

/// Reads an array block after block, or is given its blocks.
pub struct Reader<'a, T: Float> {
    source: Option<&'a Source<'a, T>>,
    contiguous: Option<&'a [T::Wide]>,
    copied: &'a mut [T::Wide],
    /// Where in the period the copy begins, and its length.
    copy: (usize, usize),
    len: usize,
}

impl<'a, T: Float> Reader<'a, T> {
    /// One that has read nothing, with memory for a block.
    pub fn new((source, copied): (&'a Source<'a, T>, &'a mut [T::Wide])) -> Self {
        Reader { source: Some(source), contiguous: None, copied, copy: (0, 0), len: 0 }
    }

    /// One that is given its blocks by [`copy`](Self::copy).
    pub fn of_copies(copied: &'a mut [T::Wide]) -> Self {
        Reader { source: None, contiguous: None, copied, copy: (0, 0), len: 0 }
    }

    /// Goes to the block of so many elements from this one on.
    ///
    /// # Panics
    /// It is given its blocks.
    pub fn read(&mut self, first: usize, len: usize) {
        let source = self.source.expect("something to read");
        (self.contiguous, self.len) = (source.contiguous(first, len), len);
        if self.contiguous.is_none() {
            let start = first % source.period;
            if self.copy.0 != start || self.copy.1 < len {
                source.copy(first, &mut self.copied[..len]);
                self.copy = (start, len);
            }
        }
    }

    /// Takes these elements for its block.
    pub fn copy(&mut self, elements: &[T]) {
        self.len = elements.len();
        widen_all(elements, &mut self.copied[..elements.len()]);
    }

    /// The elements of the block.
    pub fn block(&self) -> &[T::Wide] {
        self.contiguous.unwrap_or_else(|| &self.copied[..self.len])
    }
}
