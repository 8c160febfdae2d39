//! Operands of elementwise kernels, in place or not.

use super::cast::{Typed, typed};
use crate::backend::{Binary, Number, Unary};
use std::marker::PhantomData;
use std::ops::Range;

/// An input slice and an output slice of the same length, or one slice for both.
///
/// So a kernel is written once, in place or out of place, and nothing is copied beforehand.
#[derive(Debug)]
pub struct InOut<'a, T> {
    from: *const T,
    to: *mut T,
    len: usize,
    slices: PhantomData<(&'a [T], &'a mut [T])>,
}

/// The second operand of an operation on each element.
#[derive(Clone, Copy, Debug)]
pub enum Operand<'a, T> {
    /// The same for all.
    Scalar(T),
    /// One for each.
    Slice(&'a [T]),
}

/// An operation on each element, in a chain of such.
#[derive(Clone, Copy, Debug)]
pub enum Link<'a, T> {
    /// A function of it.
    Unary(Unary),
    /// A function of it and the operand, which are swapped or not.
    Binary(Binary, Operand<'a, T>, bool),
}

/// As [`Link`], with the place of the operand.
#[derive(Clone, Copy, Debug)]
pub enum PlacedLink<T, P> {
    /// A function of each element.
    Unary(Unary),
    /// A function of it and a number, which are swapped or not.
    Number(Binary, T, bool),
    /// A function of it and what is at a place.
    Value(Binary, P, bool),
}

/// Operations one after another, from one place to another.
#[derive(Clone, Debug)]
pub struct PlacedChain<T, P> {
    pub from: P,
    pub links: Vec<PlacedLink<T, P>>,
    pub to: P,
}

/// Where elements are.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// One of the slices that are read.
    Input(usize),
    /// One of those that are written.
    Output(usize),
    /// Memory that is used again for the next elements.
    Register(usize),
}

impl<T: Copy, P: Copy> PlacedChain<T, P> {
    /// With another name for each place.
    pub fn map<Q>(&self, place: impl Fn(P) -> Q) -> PlacedChain<T, Q> {
        let of_link = |link: &PlacedLink<T, P>| match *link {
            PlacedLink::Unary(op) => PlacedLink::Unary(op),
            PlacedLink::Number(op, y, swapped) => PlacedLink::Number(op, y, swapped),
            PlacedLink::Value(op, y, swapped) => PlacedLink::Value(op, place(y), swapped),
        };
        PlacedChain { from: place(self.from), links: self.links.iter().map(of_link).collect(), to: place(self.to) }
    }
}

typed! { InOut Operand }

// SAFETY: both are slices of the same name with the same arguments.
unsafe impl<'a, 'b, T: Number> Typed for &'a [Link<'b, T>] {
    type Number = T;
    type Of<U: Number> = &'a [Link<'b, U>];
}

// SAFETY: as above.
unsafe impl<'a, T: Number> Typed for &'a [PlacedChain<T, Place>] {
    type Number = T;
    type Of<U: Number> = &'a [PlacedChain<U, Place>];
}

impl<'a, T> InOut<'a, T> {
    /// From one slice to another.
    ///
    /// # Panics
    /// They are not of one length.
    pub fn new(from: &'a [T], to: &'a mut [T]) -> Self {
        assert_eq!(from.len(), to.len(), "as many elements are written as are read");
        InOut { from: from.as_ptr(), to: to.as_mut_ptr(), len: to.len(), slices: PhantomData }
    }

    /// Of one slice, which is changed.
    pub fn in_place(elements: &'a mut [T]) -> Self {
        let to = elements.as_mut_ptr();
        InOut { from: to, to, len: elements.len(), slices: PhantomData }
    }

    /// How many elements are read, and written.
    pub fn len(&self) -> usize {
        self.len
    }

    /// What is read.
    pub fn from(&self) -> &[T] {
        // SAFETY: it was made of a slice, which is borrowed for as long; if it is the same as the other one, that is
        // borrowed through a `&mut self` only.
        unsafe { std::slice::from_raw_parts(self.from, self.len) }
    }

    /// What is written: before, it holds what is read, or anything.
    pub fn to(&mut self) -> &mut [T] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.to, self.len) }
    }

    /// The start of what is read, and of what is written. They are valid for [`len`](Self::len) elements.
    pub fn pointers(&mut self) -> (*const T, *mut T) {
        (self.from, self.to)
    }

    /// A part of both slices.
    ///
    /// # Panics
    /// It does not lie inside them.
    pub fn part(&mut self, range: Range<usize>) -> InOut<'_, T> {
        assert!(range.start <= range.end && range.end <= self.len, "a part ends behind its slice");
        // SAFETY: the part begins inside the slices, or at their end.
        let (from, to) = unsafe { (self.from.add(range.start), self.to.add(range.start)) };
        InOut { from, to, len: range.len(), slices: PhantomData }
    }

    /// Parts of so many elements, one after another; the last may be shorter.
    pub fn chunks(self, size: usize) -> impl Iterator<Item = InOut<'a, T>> {
        assert!(size > 0 || self.len == 0, "a chunk holds something");
        let InOut { from, to, len, slices } = self;
        (0..len).step_by(size.max(1)).map(move |at| {
            // SAFETY: the chunk begins inside the slices, and no other one shares an element with it.
            unsafe { InOut { from: from.add(at), to: to.add(at), len: size.min(len - at), slices } }
        })
    }
}

impl<'a, T: Copy> InOut<'a, T> {
    /// Writes `f` of each element.
    pub fn map(mut self, f: impl Fn(T) -> T) {
        let (from, to) = self.pointers();
        for at in 0..self.len {
            // SAFETY: both are valid for `len` elements.
            unsafe { *to.add(at) = f(*from.add(at)) };
        }
    }

    /// Writes `f` of each element and the one of another slice.
    ///
    /// # Panics
    /// That is shorter.
    pub fn zip(mut self, other: &[T], f: impl Fn(T, T) -> T) {
        let (from, to) = self.pointers();
        for (at, &y) in other[..self.len].iter().enumerate() {
            // SAFETY: both are valid for `len` elements.
            unsafe { *to.add(at) = f(*from.add(at), y) };
        }
    }

    /// What is written, after what is read was copied there.
    pub fn copied(self) -> &'a mut [T] {
        if !std::ptr::eq(self.from, self.to) {
            // SAFETY: both are valid for `len` elements, and they are two slices, one of them borrowed mutably.
            unsafe { std::ptr::copy_nonoverlapping(self.from, self.to, self.len) };
        }
        // SAFETY: as of `to`; `self` is gone.
        unsafe { std::slice::from_raw_parts_mut(self.to, self.len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_goes_to_its_place_or_to_another() {
        let (x, mut y) = ([1, 2, 3, 4, 5], [0; 5]);
        InOut::new(&x, &mut y).map(|x| x * 10);
        assert_eq!(y, [10, 20, 30, 40, 50]);
        InOut::in_place(&mut y).zip(&x, |x, y| x - y);
        assert_eq!(y, [9, 18, 27, 36, 45]);
        for (i, part) in InOut::new(&x, &mut y).chunks(2).enumerate() {
            assert_eq!(part.from(), &x[2 * i..(2 * i + 2).min(5)]);
            part.copied()[0] = i as i32;
        }
        assert_eq!(y, [0, 2, 1, 4, 2]);
        let mut both = InOut::in_place(&mut y);
        both.part(1..3).to().fill(7);
        assert_eq!(both.from()[..4], [0, 7, 7, 4]);
        assert_eq!(both.part(5..5).len(), 0);
        assert_eq!(InOut::in_place(&mut y).copied()[3], 4);
    }

    #[test]
    #[should_panic(expected = "as many")]
    fn slices_of_two_lengths_are_refused() {
        InOut::new(&[1], &mut [1, 2]);
    }
}
