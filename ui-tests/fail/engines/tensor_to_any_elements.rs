//! In generic code, the elements of the other backend have to be known.

use congruent::backend::DeviceOf;
use congruent::prelude::*;

dims! { Embed = 4; }

fn there<E: Backend>(x: &Tensor<(Embed,)>, device: &DeviceOf<E>) {
    let y = x.to_engine::<E>(device);
}

fn main() {}
