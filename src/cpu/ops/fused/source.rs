//! Reading an array of any layout block by block.

use crate::backend::Float;
use crate::cpu::array::Array;
use crate::cpu::kernels::{all_widened, is_wide, widen_all};
use std::borrow::Cow;

/// A strided array, read in row-major order.
pub struct Source<'a, T> {
    elements: &'a [T],
    /// Size and stride of the outer axes, along which runs of elements lie.
    axes: Vec<(usize, usize)>,
    /// The length of a run, and the stride of its elements.
    run: (usize, usize),
    /// The number of elements after which they repeat, because of broadcasting.
    period: usize,
}

impl<'a, T: Float> Source<'a, T> {
    pub fn new(array: &'a Array<T>) -> Self {
        let layout = array.layout();
        if layout.len() == 0 {
            return Source { elements: &[], axes: Vec::new(), run: (1, 1), period: 1 };
        }
        let sizes = layout.sizes().iter().copied();
        let mut axes: Vec<_> = sizes.zip(layout.strides().iter().copied()).filter(|(size, _)| *size != 1).collect();
        let mut run = axes.pop().unwrap_or((1, 1));
        while let Some(&(size, stride)) = axes.last().filter(|(_, stride)| *stride == run.0 * run.1) {
            run = (size * run.0, stride / run.0);
            axes.pop();
        }
        let repeated = axes.iter().take_while(|(_, stride)| *stride == 0).count();
        let of_runs = axes[repeated..].iter().map(|(size, _)| size).product::<usize>() * run.0;
        let period = if repeated == axes.len() && run.1 == 0 { 1 } else { of_runs };
        Source { elements: &array.buffer()[layout.offset..], axes, run, period }
    }

    /// The number of elements after which they repeat.
    pub fn period(&self) -> usize {
        self.period
    }

    /// The elements from `first` on without a copy, if they are contiguous and need no conversion.
    pub fn contiguous(&self, first: usize, len: usize) -> Option<&'a [T::Wide]> {
        let (run, stride) = self.run;
        let in_run = self.axes.is_empty() || first % run + len <= run;
        let is_wide = is_wide::<T>();
        if !is_wide || stride != 1 || !in_run {
            return None;
        }
        match all_widened(&self.elements[self.start(first)..][..len]) {
            Cow::Borrowed(elements) => Some(elements),
            Cow::Owned(_) => None,
        }
    }

    /// Copies the elements from this one on, widened.
    pub fn copy(&self, first: usize, to: &mut [T::Wide]) {
        let ((run, stride), mut done) = (self.run, 0);
        while done < to.len() {
            let at = first + done;
            let count = (run - at % run).min(to.len() - done);
            let (from, to) = (&self.elements[self.start(at)..], &mut to[done..done + count]);
            match stride {
                0 => to.fill(from[0].widened()),
                1 => widen_all(&from[..count], to),
                _ => to.iter_mut().zip(from.iter().step_by(stride)).for_each(|(to, from)| *to = from.widened()),
            }
            done += count;
        }
    }

    /// Where an element lies.
    fn start(&self, at: usize) -> usize {
        let (run, stride) = self.run;
        if self.axes.is_empty() {
            return at * stride;
        }
        let (mut start, mut outer) = (at % run * stride, at / run);
        for (size, stride) in self.axes.iter().rev() {
            start += outer % size * stride;
            outer /= size;
        }
        start
    }
}

/// Reads an array block after block.
pub struct Reader<'a, T: Float> {
    source: &'a Source<'a, T>,
    contiguous: Option<&'a [T::Wide]>,
    copied: &'a mut [T::Wide],
    /// Where in the period the copy begins, and its length.
    copy: (usize, usize),
    len: usize,
}

impl<'a, T: Float> Reader<'a, T> {
    /// One that has read nothing, with memory for a block.
    pub fn new((source, copied): (&'a Source<'a, T>, &'a mut [T::Wide])) -> Self {
        Reader { source, contiguous: None, copied, copy: (0, 0), len: 0 }
    }

    /// Goes to the block of so many elements from this one on.
    pub fn read(&mut self, first: usize, len: usize) {
        (self.contiguous, self.len) = (self.source.contiguous(first, len), len);
        if self.contiguous.is_none() {
            let start = first % self.source.period;
            if self.copy.0 != start || self.copy.1 < len {
                self.source.copy(first, &mut self.copied[..len]);
                self.copy = (start, len);
            }
        }
    }

    /// The elements of the block.
    pub fn block(&self) -> &[T::Wide] {
        self.contiguous.unwrap_or_else(|| &self.copied[..self.len])
    }
}
