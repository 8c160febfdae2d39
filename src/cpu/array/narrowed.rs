//! Arrays of `f32` that are held in less room, as a cache has them: attention widens a few rows at a time.

use super::Array;
use super::buffer::Buffer;
use crate::cpu::kernels::simd::{Narrowed, NarrowedRows, widen_rows};
use crate::cpu::memory::{BufferCache, Elements};
use half::f16;
use std::sync::{Arc, OnceLock};

/// A buffer of numbers in less room. It is widened as a whole the first time that something asks for all elements.
pub struct NarrowedBuffer<T> {
    numbers: Numbers,
    /// Widens all; there is a kernel for `f32` only.
    widen: fn(Narrowed<'_>, usize) -> Elements<T>,
    /// All elements, once they were asked for.
    elements: OnceLock<Elements<T>>,
    cache: BufferCache,
}

enum Numbers {
    F16(Array<f16>),
    /// Multiples, and the unit of each row of so many.
    EightBits(Array<i8>, Array<f32>, usize),
}

impl<T> NarrowedBuffer<T> {
    pub fn len(&self) -> usize {
        match &self.numbers {
            Numbers::F16(numbers) => numbers.buffer().len(),
            Numbers::EightBits(numbers, ..) => numbers.buffer().len(),
        }
    }

    fn numbers(&self) -> Narrowed<'_> {
        match &self.numbers {
            Numbers::F16(numbers) => Narrowed::F16(numbers.buffer()),
            Numbers::EightBits(numbers, units, row) => Narrowed::EightBits(numbers.buffer(), units.buffer(), *row),
        }
    }

    /// All elements, which are kept beside the numbers.
    pub fn as_slice(&self) -> &[T] {
        self.elements.get_or_init(|| (self.widen)(self.numbers(), self.len())).as_slice()
    }

    pub fn cache(&self) -> &BufferCache {
        &self.cache
    }
}

fn widened(numbers: Narrowed<'_>, len: usize) -> Elements<f32> {
    let mut elements = Elements::collect(len, std::iter::repeat_n(0.0, len));
    if let Some(to) = elements.get_mut() {
        let row = if let Narrowed::EightBits(_, _, row) = numbers { row.max(1) } else { len.max(1) };
        widen_rows(NarrowedRows { numbers, first: 0, stride: row }, [len / row, row], to);
    }
    elements
}

impl Array<f32> {
    /// The numbers in single precision: they stay as they are, and nothing is copied.
    pub(crate) fn of_f16(x: &Array<f16>) -> Self {
        Self::narrowed(Numbers::F16(x.clone()), x)
    }

    /// Multiples of a unit for each row, the last axis: if the rows are whole ones of both buffers.
    pub(crate) fn of_eight_bits(numbers: &Array<i8>, units: &Array<f32>) -> Option<Self> {
        let (&row, strides) = (numbers.sizes().last()?, numbers.layout().strides());
        let (last, others) = strides.split_last()?;
        let whole = row > 0 && *last == 1 && others.iter().chain([&numbers.layout().offset]).all(|at| at % row == 0);
        let alike = whole && units.buffer().len() * row == numbers.buffer().len();
        alike.then(|| Self::narrowed(Numbers::EightBits(numbers.clone(), units.clone(), row), numbers))
    }

    fn narrowed<U>(numbers: Numbers, like: &Array<U>) -> Self {
        let (elements, cache) = (OnceLock::new(), BufferCache::new());
        let buffer = Buffer::Narrowed(Arc::new(NarrowedBuffer { numbers, widen: widened, elements, cache }));
        Array::untracked(buffer, *like.layout())
    }
}

impl<T> Array<T> {
    /// The numbers in less room that the elements are, place by place.
    pub(in crate::cpu) fn narrowed_numbers(&self) -> Option<Narrowed<'_>> {
        if let Buffer::Narrowed(buffer) = &self.buffer { Some(buffer.numbers()) } else { None }
    }
}
