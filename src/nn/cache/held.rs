//! What a cache holds: numbers as they came, in half precision, or in eight bits.

use crate::backend::{
    ArrayOf, Backend, Binary, Compare, DeviceOf, Engine, Failure, Float, Number, Reduce, Unary, With,
};
use half::f16;
use std::any::TypeId;

/// How numbers are held.
#[derive(Clone, Copy, Debug)]
pub(super) enum Precision {
    Whole,
    Half,
    EightBits,
}

/// The keys, or the values, of a layer: `(B, H, room, D)`.
pub(super) enum Held<Bk: Backend> {
    /// As they came.
    Whole(ArrayOf<Bk>),
    /// In half precision.
    Half(ArrayOf<Bk, f16>),
    /// In eight bits, and the unit of each head and position, `(B, H, room, 1)`.
    EightBits(ArrayOf<Bk, i8>, ArrayOf<Bk, f32>),
}

impl<Bk: Backend> Clone for Held<Bk> {
    fn clone(&self) -> Self {
        match self {
            Held::Whole(numbers) => Held::Whole(numbers.clone()),
            Held::Half(numbers) => Held::Half(numbers.clone()),
            Held::EightBits(numbers, units) => Held::EightBits(numbers.clone(), units.clone()),
        }
    }
}

impl<Bk: Backend<Elem: Float>> Held<Bk> {
    /// Zeros.
    pub(super) fn empty(precision: Precision, sizes: [usize; 4], device: &DeviceOf<Bk>) -> Self {
        match precision {
            Precision::Whole => Held::Whole(Bk::filled(num_traits::zero(), &sizes, device)),
            Precision::Half => Held::Half(With::<Bk, f16>::filled(f16::ZERO, &sizes, device)),
            Precision::EightBits => {
                let [batch, heads, room, _] = sizes;
                let units = With::<Bk, f32>::filled(0.0, &[batch, heads, room, 1], device);
                Held::EightBits(With::<Bk, i8>::filled(0, &sizes, device), units)
            }
        }
    }

    /// The same, held so.
    pub(super) fn with_precision(self, precision: Precision) -> Self {
        let numbers = match (&self, precision) {
            (Held::Half(_), Precision::Half) | (Held::EightBits(..), Precision::EightBits) => return self,
            (Held::Whole(numbers), _) => numbers.clone(),
            (Held::Half(numbers), _) => widened::<Bk>(numbers),
            (Held::EightBits(numbers, units), _) => multiplied::<Bk>(numbers, units),
        };
        match precision {
            Precision::Whole => Held::Whole(numbers),
            Precision::Half => Held::Half(halved::<Bk>(&numbers)),
            Precision::EightBits => {
                let (numbers, units) = quantised::<Bk>(&numbers);
                Held::EightBits(numbers, units)
            }
        }
    }

    /// The new positions of each sequence behind its past ones, of which there are so many of both: in place, if nobody else holds
    /// the memory.
    pub(super) fn append(self, new: &ArrayOf<Bk>, counts: impl Iterator<Item = (usize, usize)> + Clone) -> Self {
        match self {
            Held::Whole(numbers) => Held::Whole(appended::<Bk>(numbers, new, counts)),
            Held::Half(numbers) => Held::Half(appended::<With<Bk, f16>>(numbers, &halved::<Bk>(new), counts)),
            Held::EightBits(numbers, units) => {
                let (new_numbers, new_units) = quantised::<Bk>(new);
                let numbers = appended::<With<Bk, i8>>(numbers, &new_numbers, counts.clone());
                Held::EightBits(numbers, appended::<With<Bk, f32>>(units, &new_units, counts))
            }
        }
    }

    /// The numbers of the first so many positions.
    pub(super) fn first(&self, positions: usize) -> ArrayOf<Bk> {
        match self {
            Held::Whole(numbers) => Bk::narrow(numbers, 2, 0, positions),
            Held::Half(numbers) => widened::<Bk>(&With::<Bk, f16>::narrow(numbers, 2, 0, positions)),
            Held::EightBits(numbers, units) => {
                let numbers = With::<Bk, i8>::narrow(numbers, 2, 0, positions);
                let units = With::<Bk, f32>::narrow(units, 2, 0, positions);
                multiplied::<Bk>(&numbers, &units)
            }
        }
    }

    /// Of each sequence the last of the positions that are held, of which there are so many of both, in memory with this room.
    pub(super) fn keep(&self, room: usize, counts: impl Iterator<Item = (usize, usize)> + Clone) -> Self {
        match self {
            Held::Whole(numbers) => Held::Whole(kept::<Bk>(numbers, room, counts)),
            Held::Half(numbers) => Held::Half(kept::<With<Bk, f16>>(numbers, room, counts)),
            Held::EightBits(numbers, units) => {
                let numbers = kept::<With<Bk, i8>>(numbers, room, counts.clone());
                Held::EightBits(numbers, kept::<With<Bk, f32>>(units, room, counts))
            }
        }
    }

    /// These sequences.
    pub(super) fn select(&self, sequences: &ArrayOf<Bk, u32>) -> Self {
        match self {
            Held::Whole(numbers) => Held::Whole(Bk::gather(numbers, sequences)),
            Held::Half(numbers) => Held::Half(With::<Bk, f16>::gather(numbers, sequences)),
            Held::EightBits(numbers, units) => {
                Held::EightBits(With::<Bk, i8>::gather(numbers, sequences), With::<Bk, f32>::gather(units, sequences))
            }
        }
    }

    pub(super) fn to_device(&self, device: &DeviceOf<Bk>) -> Self {
        match self {
            Held::Whole(numbers) => Held::Whole(Bk::to_device(numbers, device)),
            Held::Half(numbers) => Held::Half(With::<Bk, f16>::to_device(numbers, device)),
            Held::EightBits(numbers, units) => {
                Held::EightBits(With::<Bk, i8>::to_device(numbers, device), With::<Bk, f32>::to_device(units, device))
            }
        }
    }

    pub(super) fn failure(&self) -> Option<Failure> {
        match self {
            Held::Whole(numbers) => Bk::failure(numbers),
            Held::Half(numbers) => With::<Bk, f16>::failure(numbers),
            Held::EightBits(numbers, units) => {
                With::<Bk, i8>::failure(numbers).or_else(|| With::<Bk, f32>::failure(units))
            }
        }
    }
}

fn halved<Bk: Backend<Elem: Float>>(x: &ArrayOf<Bk>) -> ArrayOf<Bk, f16> {
    Bk::Engine::to_half_precision(&Bk::cast::<f32>(x))
}

fn widened<Bk: Backend<Elem: Float>>(x: &ArrayOf<Bk, f16>) -> ArrayOf<Bk> {
    // Other types than `f32` have attention of their own.
    match TypeId::of::<Bk::Elem>() == TypeId::of::<f32>() {
        true => With::<Bk, f32>::cast::<Bk::Elem>(&Bk::Engine::of_half_precision(x)),
        false => With::<Bk, f16>::cast::<Bk::Elem>(x),
    }
}

fn multiplied<Bk: Backend<Elem: Float>>(numbers: &ArrayOf<Bk, i8>, units: &ArrayOf<Bk, f32>) -> ArrayOf<Bk> {
    With::<Bk, f32>::cast::<Bk::Elem>(&Bk::Engine::of_multiples(numbers, units))
}

/// The numbers of each head and position as multiples of a 127th of the largest of them, and that unit: in single precision,
/// in which 127 units of half precision are finite, and no unit of it is lost.
fn quantised<Bk: Backend<Elem: Float>>(x: &ArrayOf<Bk>) -> (ArrayOf<Bk, i8>, ArrayOf<Bk, f32>) {
    single::<With<Bk, f32>>(Bk::cast::<f32>(&Bk::detach(x.clone())))
}

fn single<B: Backend<Elem = f32>>(x: ArrayOf<B>) -> (ArrayOf<B, i8>, ArrayOf<B>) {
    let sizes = B::sizes(&x).to_vec();
    let largest = B::reduce(Reduce::Max, &B::unary(Unary::Abs, x.clone()), 3);
    let largest = B::reshape(&largest, &[sizes[0], sizes[1], sizes[2], 1]);
    // 127 of the largest unit are finite.
    let most = f32::MAX / 127.0 * (1.0 - f32::EPSILON);
    let is_above = B::compare_scalar(Compare::Greater, &largest, most * 127.0);
    let units = B::binary_scalar(Binary::Div, largest, 127.0);
    let of_all = |number| B::filled(number, B::sizes(&units), &B::device(&x));
    let units = B::select(&is_above, &of_all(most), &units);
    // Zeros are multiples of anything, and so is what is below the smallest unit.
    let is_zero = B::compare_scalar(Compare::Equal, &units, 0.0);
    let divisors = B::broadcast(&B::select(&is_zero, &of_all(f32::INFINITY), &units), &sizes);
    let multiples = B::unary(Unary::Round, B::binary(Binary::Div, x, divisors));
    (B::cast::<i8>(&multiples), units)
}

fn appended<B: Backend>(
    held: ArrayOf<B>,
    new: &ArrayOf<B>,
    counts: impl Iterator<Item = (usize, usize)>,
) -> ArrayOf<B> {
    // By value: nobody else holds the array, so that it is written in place.
    counts.enumerate().fold(held, |held, (sequence, (past, count))| {
        let part = B::narrow(&B::narrow(new, 0, sequence, 1), 2, 0, count);
        B::update_slice(held, &part, &[sequence, 0, past, 0])
    })
}

fn kept<B: Backend<Elem: Number>>(
    array: &ArrayOf<B>,
    room: usize,
    counts: impl Iterator<Item = (usize, usize)>,
) -> ArrayOf<B> {
    let mut sizes = B::sizes(array).to_vec();
    sizes[2] = room;
    let empty = B::filled(num_traits::zero(), &sizes, &B::device(array));
    counts.enumerate().fold(empty, |moved, (sequence, (held, kept))| {
        let part = B::narrow(&B::narrow(array, 0, sequence, 1), 2, held - kept, kept);
        B::update_slice(moved, &part, &[sequence, 0, 0, 0])
    })
}
