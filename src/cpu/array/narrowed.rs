//! Arrays of `f32` that are held in less room, as a cache has them: attention widens a few rows at a time.

use super::Array;
use super::buffer::{Buffer, Numbers};
use crate::cpu::kernels::simd::Narrowed;
use half::f16;

impl Array<f32> {
    /// The numbers in single precision: they stay as they are, and nothing is copied.
    pub(crate) fn of_f16(x: &Array<f16>) -> Self {
        Self::narrowed(Numbers::F16(x.buffer.clone()), x)
    }

    /// Multiples of a unit for each row, the last axis: if the rows are whole ones of both buffers.
    pub(crate) fn of_eight_bits(numbers: &Array<i8>, units: &Array<f32>) -> Option<Self> {
        let (&row, strides) = (numbers.sizes().last()?, numbers.layout().strides());
        let (last, others) = strides.split_last()?;
        let whole = row > 0 && *last == 1 && others.iter().chain([&numbers.layout().offset]).all(|at| at % row == 0);
        let alike = whole && units.buffer().len() * row == numbers.buffer().len();
        alike.then(|| Self::narrowed(Numbers::EightBits(numbers.buffer.clone(), units.buffer.clone(), row), numbers))
    }

    fn narrowed<U>(numbers: Numbers, like: &Array<U>) -> Self {
        Array::untracked(Buffer::narrowed(numbers), *like.layout())
    }
}

impl<T> Array<T> {
    /// The numbers in less room that the elements are, place by place.
    pub(in crate::cpu) fn narrowed_numbers(&self) -> Option<Narrowed<'_>> {
        if let Buffer::Narrowed(buffer) = &self.buffer { Some(buffer.numbers()) } else { None }
    }
}
