//! The engine: arrays and devices.

use crate::array::Array;
use crate::backend::Burn;
use crate::device::Device;
use congruent::backend::{Element, Engine, Primitive};

/// Arrays on the devices of burn.
///
/// Devices calculate while the program goes on: what one fails at is told where elements are read that depend on it.
/// `f32` and `u32` are held everywhere, other types by some devices.
///
/// # Panics
/// An array is made, or converted, whose elements the device cannot hold: the message names both. So `bf16` by way of WGSL.
#[derive(Clone, Copy, Debug)]
pub struct BurnEngine;

impl Engine for BurnEngine {
    type Array<P: Primitive> = Array;
    type Device = Device;
    type Backend<T: Element> = Burn<T>;

    fn sizes<P: Primitive>(x: &Array) -> &[usize] {
        x.sizes()
    }
    fn device<P: Primitive>(x: &Array) -> Device {
        x.device()
    }
    fn made_of<P: Primitive>(
        x: &Array,
        value: Array,
        backward: impl Fn(Array) -> Array + Send + Sync + 'static,
    ) -> Array {
        value.custom(std::slice::from_ref(x), move |gradient| vec![backward(gradient)])
    }
}
