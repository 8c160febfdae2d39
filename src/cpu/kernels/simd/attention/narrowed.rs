//! Numbers that are held in less room than `f32`, as keys and values in a cache: some rows at a time are widened.

use super::super::narrow;
use super::super::vector::{OutlinedKernel, Vector};
use half::{bf16, f16};
use std::mem::MaybeUninit;

/// Numbers in less room.
#[derive(Clone, Copy, Debug)]
pub enum Narrowed<'a> {
    F16(&'a [f16]),
    Bf16(&'a [bf16]),
    /// Multiples of a unit, which each of the rows of so many columns has.
    EightBits(&'a [i8], &'a [f32], usize),
}

/// A matrix of them, whose rows are contiguous.
#[derive(Clone, Copy, Debug)]
pub struct NarrowedRows<'a> {
    pub numbers: Narrowed<'a>,
    /// The place of the first of them.
    pub first: usize,
    /// From a row to the next.
    pub stride: usize,
}

impl NarrowedRows<'_> {
    /// The matrix that begins so many elements later.
    #[inline(always)]
    pub fn from(self, elements: usize) -> Self {
        NarrowedRows { first: self.first + elements, ..self }
    }
}

/// Writes so many rows and columns as `f32`, one row after another.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn widen_rows<V: Vector>(from: NarrowedRows<'_>, size: [usize; 2], to: &mut [f32]) {
    // SAFETY: the caller's.
    unsafe { V::call::<V, _>(WidenRows { from, size, to }) };
}

struct WidenRows<'a, 'to> {
    from: NarrowedRows<'a>,
    size: [usize; 2],
    to: &'to mut [f32],
}

impl OutlinedKernel for WidenRows<'_, '_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let WidenRows { from: NarrowedRows { numbers, first, stride }, size: [rows, columns], to } = self;
        if rows * columns == 0 {
            return;
        }
        // Rows one behind another are one.
        let [rows, len] = if stride == columns { [1, rows * columns] } else { [rows, columns] };
        // SAFETY: the caller's.
        unsafe {
            match numbers {
                Narrowed::F16(numbers) => widen::<V, f16>(numbers, [first, stride], [rows, len], to),
                Narrowed::Bf16(numbers) => widen::<V, bf16>(numbers, [first, stride], [rows, len], to),
                Narrowed::EightBits(numbers, units, row) => {
                    for (at, to) in to.chunks_exact_mut(columns).enumerate().take(rows * len / columns) {
                        let start = first + at * stride;
                        let (numbers, unit) = (&numbers[start..][..columns], units[start / row]);
                        to.iter_mut().zip(numbers).for_each(|(to, number)| *to = f32::from(*number) * unit);
                    }
                }
            }
        }
    }
}

/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn widen<V: Vector, T: narrow::Narrow>(
    numbers: &[T],
    [first, stride]: [usize; 2],
    [rows, len]: [usize; 2],
    to: &mut [f32],
) {
    for (row, to) in to.chunks_exact_mut(len).enumerate().take(rows) {
        // SAFETY: nothing but numbers is written there; the instructions are the caller's.
        unsafe {
            let to = &mut *(std::ptr::from_mut(to) as *mut [MaybeUninit<f32>]);
            narrow::widen::<V, T>(&numbers[first + row * stride..][..len], to);
        }
    }
}
