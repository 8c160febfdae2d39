//! An operation on floating-point numbers, and what it should give.

use super::reference::Near;
use super::report::{Report, near, same};
use super::sample::{Sample, double};
use super::tolerance::Tolerance;
use super::view::{Maker, View};
use crate::backend::{Engine, Float, Value};

/// An operation of an engine on some arrays.
pub type Operation<E, T> = Box<dyn Fn(&Maker<E>, Vec<<E as Engine>::Array<T>>) -> <E as Engine>::Array<T>>;

/// An operation, what it is called with, and the same in double precision by plain loops.
pub struct Case<E: Engine, T: Float> {
    pub operation: &'static str,
    /// What else it is called with.
    pub with: String,
    pub inputs: Vec<Sample<T>>,
    pub run: Operation<E, T>,
    pub expected: Box<dyn Fn(&[Sample<f64>]) -> Sample<Near>>,
}

impl<E: Engine, T: Float> Case<E, T> {
    pub fn new(
        operation: &'static str,
        with: impl ToString,
        inputs: impl Into<Vec<Sample<T>>>,
        run: impl Fn(&Maker<E>, Vec<E::Array<T>>) -> E::Array<T> + 'static,
        expected: impl Fn(&[Sample<f64>]) -> Sample<Near> + 'static,
    ) -> Self {
        let (run, expected) = (Box::new(run), Box::new(expected));
        Case { operation, with: with.to_string(), inputs: inputs.into(), run, expected }
    }

    /// What the operation is called with, in words.
    pub fn of(&self, view: View) -> String {
        let sizes: Vec<_> = self.inputs.iter().map(|input| &input.sizes[..]).collect();
        let with = if self.with.is_empty() { String::new() } else { format!(", {}", self.with) };
        format!("{} {sizes:?} ({view}){with}", T::DATA_TYPE)
    }

    /// The numbers that the view can hold.
    pub fn samples(&self, view: View) -> Vec<Sample<T>> {
        self.inputs.iter().map(|input| view.sample(input)).collect()
    }

    /// The result is right, and the same if it is calculated again; of inputs that others hold, which stay as they are, and of
    /// such as nobody else holds, which may be written over.
    pub fn check(&self, report: &mut Report, device: &E::Device, tolerance: Tolerance) {
        for view in View::ALL {
            let samples = self.samples(view);
            report.check(self.operation, self.of(view), || {
                let maker = Maker::<E> { view, device: device.clone() };
                let make = || samples.iter().map(|sample| maker.array(sample)).collect::<Vec<_>>();
                let expected = (self.expected)(&doubled(&samples));
                let held = make();
                let found = (self.run)(&maker, held.clone());
                near::<E, T>(&found, &expected, tolerance.values, device)?;
                let again = (self.run)(&maker, held.clone());
                let first =
                    Sample::new(&expected.sizes, super::report::elements::<E, T>(&found, &expected.sizes, device)?);
                same::<E, T>(&again, &first, device).map_err(|found| format!("called again, {found}"))?;
                for (input, sample) in held.iter().zip(&samples) {
                    same::<E, T>(input, sample, device)
                        .map_err(|found| format!("an input that is held is not as it was made: {found}"))?;
                }
                let owned = (self.run)(&maker, make());
                near::<E, T>(&owned, &expected, tolerance.values, device)
                    .map_err(|found| format!("of arrays that nobody else holds, {found}"))
            });
        }
    }
}

/// The samples as double numbers.
pub fn doubled<T: Float>(samples: &[Sample<T>]) -> Vec<Sample<f64>> {
    samples.iter().map(|sample| sample.map(double)).collect()
}

/// A number of the type.
pub fn float<T: Float>(x: f64) -> T {
    T::from_value(Value::Float(x))
}
