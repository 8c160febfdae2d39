//! Files of what was trained.

use congruent::backend::{Autodiff, DeviceOf};
use congruent::io::{Dtype, SafeTensors, Source, Weights, Writer, load_on};
use congruent::optim::Optimizer;
use congruent::prelude::*;

/// A file of the model, and of what the optimizer knows.
pub fn saved<B: Autodiff<Elem = f32>>(model: &impl Module<B>, optimizer: &Optimizer<B>) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.module("model", model);
    optimizer.save("optimizer", &mut writer);
    writer.to_bytes().unwrap()
}

/// The model and the optimizer of such a file, of the form of these, on a device.
pub fn resumed<M: Module<B> + Clone, B: Autodiff<Elem = f32>>(
    bytes: &[u8],
    model: &M,
    optimizer: &Optimizer<B>,
    device: &DeviceOf<B>,
) -> (M, Optimizer<B>) {
    load_on(&read(bytes), device, |weights: Weights<'_, f32, B>| {
        let model = weights.at("model").module(model);
        let optimizer = optimizer.load(&weights.at("optimizer"), &model);
        (model, optimizer)
    })
    .unwrap()
}

/// The tensors of a file.
pub fn read(bytes: &[u8]) -> SafeTensors {
    SafeTensors::from_bytes(bytes.to_vec()).unwrap()
}

/// That two files have the same tensors, whose elements differ by no more than this.
#[track_caller]
pub fn assert_close(what: &str, found: &dyn Source, expected: &dyn Source, tolerance: f32) {
    let [mut names, mut others] = [found.names(), expected.names()];
    names.sort();
    others.sort();
    assert_eq!(names, others, "{what}");
    for name in names {
        let (x, y) = (found.get(&name).unwrap(), expected.get(&name).unwrap());
        assert_eq!((&x.sizes, &x.dtype), (&y.sizes, &y.dtype), "{what}: {name}");
        if x.dtype != Dtype::F32 {
            assert_eq!(x.bytes.as_slice(), y.bytes.as_slice(), "{what}: {name}");
            continue;
        }
        let numbers = |bytes: &[u8]| {
            bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect::<Vec<_>>()
        };
        for (x, y) in numbers(x.bytes.as_slice()).into_iter().zip(numbers(y.bytes.as_slice())) {
            assert!((x - y).abs() <= tolerance, "{what}: {name}: {x}, expected {y}");
        }
    }
}
