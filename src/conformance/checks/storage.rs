//! What makes arrays, and reads them.

use super::elementwise::SHAPES;
use crate::Rng;
use crate::backend::{Backend, BlockFormat, Blocks, Bytes, Element, Engine, Epilogue, Float, Number, Primitive, Value};
use crate::conformance::on::On;
use crate::conformance::reference::{Near, matmul};
use crate::conformance::report::{Report, elements, holds, near, same};
use crate::conformance::sample::{Sample, double, numbers};
use crate::conformance::tolerance::Tolerance;
use crate::conformance::view::{Maker, View};
use half::f16;
use std::sync::Arc;
use zerocopy::IntoBytes;

pub fn check<E: Engine, T: Element>(report: &mut Report, device: &E::Device, element: fn(&mut Rng) -> T::Primitive) {
    for shape in SHAPES {
        let mut rng = Rng::with_seed(1);
        let x = Sample::from_fn(shape, |_| element(&mut rng));
        let of = format!("{} {shape:?}", T::Primitive::DATA_TYPE);
        let array = || On::<E, T>::from_elements(x.elements.clone(), shape, device);
        report.check("from_elements", &of, || same::<E, T>(&array(), &x, device));
        report.check("sizes", &of, || {
            holds(On::<E, T>::sizes(&array()) == shape && E::sizes(&array()) == shape, "other sizes")
        });
        report.check("device", &of, || {
            let places = [On::<E, T>::device(&array()), E::device(&array())];
            holds(places.iter().all(|place| place == device), format_args!("expected {device}, found {places:?}"))
        });
        report.check("as_slice", &of, || {
            // It is compared with `to_vec` wherever elements are read.
            elements::<E, T>(
                &On::<E, T>::permute(&array(), &(0..shape.len()).rev().collect::<Vec<_>>()),
                &shape.iter().rev().copied().collect::<Vec<_>>(),
                device,
            )
            .map(|_| ())
        });
        let value = element(&mut rng);
        report.check("filled", &of, || {
            same::<E, T>(&On::<E, T>::filled(value, shape, device), &Sample::full(shape, value), device)
        });
        report.check("from_bytes", &of, || {
            // Behind others, where they are aligned and where they are not.
            for before in [0, 8, 9] {
                let mut bytes = vec![0xff; before];
                bytes.extend_from_slice(x.elements.as_bytes());
                let end = bytes.len();
                let bytes = Bytes::new(Arc::new(bytes), before..end);
                same::<E, T>(&On::<E, T>::from_bytes(&bytes, shape, device), &x, device)?;
            }
            Ok(())
        });
        report.check("is_tracked", &of, || {
            holds(!On::<E, T>::is_tracked(&array()), "an array is tracked that nobody tracked")
        });
        report.check("failure", &of, || {
            let failure = On::<E, T>::failure(&array());
            holds(failure.is_none(), format_args!("an array that can be read stands for {failure:?}"))
        });
        report.check("to_device", &of, || same::<E, T>(&On::<E, T>::to_device(&array(), device), &x, device));
        report.check("detach", &of, || same::<E, T>(&On::<E, T>::detach(array()), &x, device));
        report.check("probabilities_by", &of, || {
            let by = On::<E, T>::probabilities_by(&array());
            holds(by.is_none(), format_args!("{by:?} made probabilities of elements that were given"))
        });
    }
}

/// The numbers from 0 on.
pub fn range<E: Engine, T: Number>(report: &mut Report, device: &E::Device) {
    for size in [0, 1, 5, 100] {
        report.check("range", format!("{} {size}", T::DATA_TYPE), || {
            let numbers = (0..size).map(|number| T::from_value(Value::Integer(number as i128)));
            same::<E, T>(&On::<E, T>::range(size, device), &Sample::new(&[size], numbers.collect()), device)
        });
    }
}

/// Weights in blocks, if the engine takes them: they are the numbers that they stand for.
pub fn blocks<E: Engine, T: Float>(report: &mut Report, device: &E::Device, tolerance: Tolerance) {
    let (rows, columns) = (3, 64);
    let weight = numbers::<f32>(&[rows, columns], 1);
    let mut halves = Vec::new();
    weight.elements.iter().for_each(|x| halves.extend_from_slice(f16::from_f32(*x).as_bytes()));
    // A scale, and 32 numbers that it is for.
    let (mut scaled, mut numbers_of_scaled) = (Vec::new(), Vec::new());
    for (block, elements) in weight.elements.chunks(32).enumerate() {
        let scale = f16::from_f32(0.01 * (block + 1) as f32);
        scaled.extend_from_slice(scale.as_bytes());
        for x in elements {
            let number = (x * 50.0) as i8;
            scaled.extend_from_slice(number.as_bytes());
            numbers_of_scaled.push(scale.to_f64() * number as f64);
        }
    }
    let halved = weight.map(|x| f16::from_f32(x).to_f64()).elements;
    for (format, bytes, expected) in
        [(BlockFormat::F16, halves, halved), (BlockFormat::Q8_0, scaled, numbers_of_scaled)]
    {
        // Two bytes of alignment, which a vector of bytes need not have.
        let words: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_ne_bytes([pair[0], pair[1]])).collect();
        let end = bytes.len();
        let given = Blocks::new(format, Bytes::new(Arc::new(Words(words)), 0..end), [rows, columns]);
        let expected = Sample::new(&[rows, columns], expected);
        report.check("from_blocks", format!("{} in {format:?}", T::DATA_TYPE), || {
            let given = given.ok_or("no whole blocks")?;
            let Some(array) = On::<E, T>::from_blocks(&given, &[rows, columns], device) else { return Ok(()) };
            let x = numbers::<T>(&[2, columns], 2);
            let product = On::<E, T>::linear(
                &Maker::<E> { view: View::Whole, device: device.clone() }.array(&x),
                &array,
                Epilogue::default(),
            );
            near::<E, T>(
                &product,
                &matmul::linear(&x.map(double), &expected, None, None, None),
                tolerance.values,
                device,
            )?;
            near::<E, T>(&array, &expected.map(Near::relative), tolerance.values, device)
        });
    }
}

struct Words(Vec<u16>);
impl AsRef<[u8]> for Words {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}
