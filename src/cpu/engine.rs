//! The engine, and its device.

use super::gradient::{self, Move, OfGradient, Tape};
use super::{Array, Cpu};
use crate::backend::{Element, Engine, Primitive, composed};
use half::f16;
use std::fmt::{self, Display, Formatter};

/// The engine that calculates on the processor.
#[derive(Clone, Copy, Debug)]
pub struct Processor;

/// The one device of the processor's engine: its memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Device;

impl Display for Device {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("the processor")
    }
}

impl Engine for Processor {
    type Array<P: Primitive> = Array<P>;
    type Device = Device;
    type Backend<T: Element> = Cpu<T>;

    fn sizes<P: Primitive>(x: &Array<P>) -> &[usize] {
        x.sizes()
    }
    fn device<P: Primitive>(_: &Array<P>) -> Device {
        Device
    }
    fn to_half_precision(x: &Array<f32>) -> Array<f16> {
        gradient::converted(x)
    }
    fn of_half_precision(x: &Array<f16>) -> Array<f32> {
        Array::of_f16(x)
    }
    fn of_multiples(numbers: &Array<i8>, units: &Array<f32>) -> Array<f32> {
        Array::of_eight_bits(numbers, units).unwrap_or_else(|| composed::of_multiples::<Cpu<f32>>(numbers, units))
    }
    fn made_of<P: Primitive>(
        x: &Array<P>,
        value: Array<P>,
        backward: impl Fn(Array<P>) -> Array<P> + Send + Sync + 'static,
    ) -> Array<P> {
        let backward: OfGradient<P> = Box::new(backward);
        Tape::new(&[x], || Move::Made(Box::new(backward))).record(|| value.detached())
    }
}
