//! Conversions: to the nearest floating-point number, and to an integer as `as` does.

use crate::backend::{Backend, Engine, Number, Value};
use crate::conformance::on::On;
use crate::conformance::report::{Report, same};
use crate::conformance::sample::{Sample, numbers};
use crate::conformance::view::{Maker, View};

/// Numbers at the edges of types, halfway between two, and none at all.
fn edges<T: Number>() -> Sample<T> {
    let floats = [
        0.0,
        -0.0,
        0.5,
        -0.5,
        1.999,
        -1.999,
        127.5,
        128.0,
        -129.0,
        255.0,
        256.0,
        1.0 + 2f64.powi(-8),
        1.0 + 2f64.powi(-8) + 2f64.powi(-20),
        1.0 + 2f64.powi(-11) + 2f64.powi(-40),
        65504.0,
        65520.0,
        1e5,
        3e9,
        -3e9,
        1e20,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
    ];
    let integers = [0, 1, -1, 127, 128, 255, 256, 2049, 65535, i32::MAX as i128, 1 << 31, (1 << 60) + (1 << 36) + 1];
    let mut all: Vec<T> = floats.map(|x| T::from_value(Value::Float(x))).to_vec();
    all.extend(integers.map(|x| T::from_value(Value::Integer(x))));
    all.extend([T::min_value(), T::max_value()]);
    Sample::new(&[all.len()], all)
}

/// What a number becomes is what [`Number::from_value`] makes of it, which `congruent` tests of every type.
pub fn check<E: Engine, T: Number, U: Number>(report: &mut Report, device: &E::Device) {
    for view in View::ALL {
        let maker = Maker::<E> { view, device: device.clone() };
        for x in [edges::<T>(), numbers(&[2, 3, 4], 1), numbers(&[0, 2], 2), numbers(&[], 3)] {
            let x = view.sample(&x);
            report.check("cast", format!("{} {:?} ({view}) to {}", T::DATA_TYPE, x.sizes, U::DATA_TYPE), || {
                let found = On::<E, T>::cast::<U>(&maker.array(&x));
                same::<E, U>(&found, &x.map(|x| U::from_value(x.to_value())), device)
            });
        }
    }
}
