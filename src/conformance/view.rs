//! The ways in which an array may hold its elements.

use super::on::On;
use super::sample::Sample;
use crate::backend::{Backend, Element, Engine, Primitive};
use std::fmt::{self, Display, Formatter};

/// How an array came about, so that its elements lie in memory in one way or another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum View {
    /// As it was made.
    Whole,
    /// Made with its axes in the opposite order, and permuted.
    Permuted,
    /// The middle of a larger one.
    Narrowed,
    /// One of size 1 along the first axis, repeated: elements differ along the other axes alone.
    Repeated,
}

impl Display for View {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            View::Whole => "as made",
            View::Permuted => "permuted",
            View::Narrowed => "narrowed from a larger one",
            View::Repeated => "broadcast along the first axis",
        })
    }
}

impl View {
    pub const ALL: [View; 4] = [View::Whole, View::Permuted, View::Narrowed, View::Repeated];

    /// What the view can hold in place of this sample.
    pub fn sample<T: Copy>(self, sample: &Sample<T>) -> Sample<T> {
        match (self, &sample.sizes[..]) {
            (View::Repeated, [size, ..]) if *size > 0 => sample.narrow(0, 0, 1).broadcast(&sample.sizes),
            _ => sample.clone(),
        }
    }
}

/// What makes arrays of samples.
#[derive(Clone, Debug)]
pub struct Maker<E: Engine> {
    pub view: View,
    pub device: E::Device,
}

impl<E: Engine> Maker<E> {
    /// One that can make an array of any sample: not all can be repeated.
    pub fn as_given(&self) -> Self {
        let view = if self.view == View::Repeated { View::Whole } else { self.view };
        Maker { view, device: self.device.clone() }
    }

    /// An array of this sample.
    pub fn array<T: Primitive>(&self, sample: &Sample<T>) -> E::Array<T> {
        self.array_of::<T>(sample)
    }

    /// An array of elements that are stored like this.
    pub fn array_of<T: Element>(&self, sample: &Sample<T::Primitive>) -> E::Array<T::Primitive> {
        let make = |sample: &Sample<T::Primitive>| {
            On::<E, T>::from_elements(sample.elements.clone(), &sample.sizes, &self.device)
        };
        let sizes = &sample.sizes;
        match self.view {
            View::Permuted => {
                let order: Vec<usize> = (0..sizes.len()).rev().collect();
                On::<E, T>::permute(&make(&sample.permute(&order)), &order)
            }
            // Around it are elements of its own, so that an id is one of its table.
            View::Narrowed if !sample.elements.is_empty() => {
                let larger: Vec<usize> = sizes.iter().map(|size| size + 3).collect();
                let around = *sample.elements.last().expect("there are elements");
                let larger = Sample::full(&larger, around).update_slice(sample, &vec![1; sizes.len()]);
                let narrowed = |x, axis| On::<E, T>::narrow(&x, axis, 1, sizes[axis]);
                (0..sizes.len()).fold(make(&larger), narrowed)
            }
            View::Repeated if sizes.first().is_some_and(|size| *size > 0) => {
                On::<E, T>::broadcast(&make(&sample.narrow(0, 0, 1)), sizes)
            }
            View::Whole | View::Narrowed | View::Repeated => make(sample),
        }
    }
}
