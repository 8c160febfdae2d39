//! The suite that an engine is tested with, by whoever writes one.
//!
//! ```
//! use congruent::conformance::Suite;
//! use congruent::cpu::{Device, Processor};
//! # if false { // It takes a while; `tests/conformance.rs` runs it.
//! Suite::<Processor>::on(Device)
//!     .bools()
//!     .integers::<u32>()
//!     .floats::<f32>()
//!     .gradients::<f32>()
//!     .finish();
//! # }
//! ```
//!
//! This is the least that layers and training need. The whole of it: `integers`, `floats` and `gradients` of every type that the
//! engine has, [`casts`](Suite::casts) between them, [`custom_functions`](Suite::custom_functions) if it takes them, and
//! [`beside`](Suite::beside) and [`gradients_beside`](Suite::gradients_beside) if it has several devices. Each type takes a few
//! seconds to run, and several to compile.
//!
//! A fault names the operation, the type, the sizes, and how the arrays came about: as made, permuted, narrowed from a larger
//! one, or broadcast.
//!
//! Results are compared with those of plain loops over double numbers, gradients with differences of these; what moves and
//! chooses elements, and what calculates with integers, has to be right to the last bit. Inputs have from no axis to six, axes
//! of size 0 and 1, and lie in memory in several ways. [`Tolerance`] says how near is near enough.

mod case;
mod checks;
mod on;
mod reference;
mod report;
mod sample;
mod tolerance;
mod view;

pub use report::Fault;
pub use tolerance::Tolerance;

use crate::backend::{Autodiff, CustomFunctions, Engine, Float, Number};
use case::Case;
use report::Report;
use sample::number;

/// Checks of an engine on one of its devices.
///
/// Each method runs some of them at once, for a type of elements that the engine has. Masks and ids are arrays of `bool` and of
/// `u32`, which every engine needs.
#[derive(Debug)]
#[must_use = "`finish` says what was found"]
pub struct Suite<E: Engine> {
    device: E::Device,
    tolerance: Option<Tolerance>,
    report: Report,
}

impl<E: Engine> Suite<E> {
    /// Nothing yet, on this device.
    pub fn on(device: E::Device) -> Self {
        Suite { device, tolerance: None, report: Report::default() }
    }

    /// What follows may be as far off as this, and not as [`Tolerance::of`] says.
    pub fn within(self, tolerance: Tolerance) -> Self {
        Suite { tolerance: Some(tolerance), ..self }
    }

    fn tolerance<T: Number>(&self) -> Tolerance {
        self.tolerance.unwrap_or_else(Tolerance::of::<T>)
    }

    /// Arrays of `bool`: they are made, read, moved and chosen from.
    pub fn bools(mut self) -> Self {
        let element = |rng: &mut crate::Rng| !rng.u64().is_multiple_of(2);
        checks::storage::check::<E, bool>(&mut self.report, &self.device, element);
        checks::movement::check::<E, bool>(&mut self.report, &self.device, element);
        checks::scatter::moved::<E, bool>(&mut self.report, &self.device, element);
        checks::choice::conditions::<E>(&mut self.report, &self.device);
        self
    }

    /// What holds of all numbers.
    fn numbers<T: Number>(&mut self) {
        checks::storage::check::<E, T>(&mut self.report, &self.device, number::<T>);
        checks::movement::check::<E, T>(&mut self.report, &self.device, number::<T>);
        checks::scatter::moved::<E, T>(&mut self.report, &self.device, number::<T>);
        checks::elementwise::compare::<E, T>(&mut self.report, &self.device);
        checks::choice::check::<E, T>(&mut self.report, &self.device);
        checks::large::choice::<E, T>(&mut self.report, &self.device);
        checks::storage::range::<E, T>(&mut self.report, &self.device);
        checks::casts::check::<E, T, T>(&mut self.report, &self.device);
        checks::casts::check::<E, T, u32>(&mut self.report, &self.device);
        checks::casts::check::<E, u32, T>(&mut self.report, &self.device);
    }

    /// Arrays of integers `T`.
    ///
    /// # Panics
    /// `T` is a type of floating-point numbers.
    pub fn integers<T: Number>(mut self) -> Self {
        assert!(!sample::is_float::<T>(), "{} is no type of integers", T::DATA_TYPE);
        self.numbers::<T>();
        checks::integers::check::<E, T>(&mut self.report, &self.device);
        checks::scatter::integers::<E, T>(&mut self.report, &self.device);
        self
    }

    /// Arrays of floating-point numbers `T`, but for gradients.
    pub fn floats<T: Float>(mut self) -> Self {
        self.numbers::<T>();
        let tolerance = self.tolerance::<T>();
        let (report, device) = (&mut self.report, &self.device);
        checks::storage::blocks::<E, T>(report, device, tolerance);
        let cases: [Vec<Case<E, T>>; 7] = [
            checks::elementwise::cases(),
            checks::elementwise::fused_values(),
            checks::rows::cases(),
            checks::scatter::cases(),
            checks::matmul::cases(),
            checks::windows::cases(),
            checks::attention::cases(),
        ];
        cases.iter().flatten().for_each(|case| case.check(report, device, tolerance));
        checks::large::products::<E, T>(report, device);
        checks::attention::padding::<E, T>(report, device, tolerance);
        checks::special::check::<E, T>(report, device, tolerance);
        checks::scatter::special::<E, T>(report, device, tolerance);
        self
    }

    /// Conversions from `T` to `U`. Those from and to `u32`, and to the same type, belong to the other checks.
    pub fn casts<T: Number, U: Number>(mut self) -> Self {
        checks::casts::check::<E, T, U>(&mut self.report, &self.device);
        self
    }

    /// Gradients of numbers `T`, and what is recorded for them.
    pub fn gradients<T: Float>(mut self) -> Self
    where
        E::Backend<T>: Autodiff<Elem = T, Engine = E>,
    {
        let tolerance = self.tolerance::<T>();
        checks::gradients::check::<E, T>(&mut self.report, &self.device, tolerance);
        checks::tracking::check::<E, T>(&mut self.report, &self.device);
        self
    }

    /// Functions of numbers `T` with a backward pass of the user's own, of an engine that has them.
    pub fn custom_functions<T: Float>(mut self) -> Self
    where
        E::Backend<T>: CustomFunctions<Elem = T, Engine = E>,
    {
        checks::custom::check::<E, T>(&mut self.report, &self.device);
        self
    }

    /// Operations of arrays of `T`, one of which lies on another device: they panic, and name both.
    pub fn beside<T: Float>(mut self, other: &E::Device) -> Self {
        checks::devices::check::<E, T>(&mut self.report, &self.device, other);
        self
    }

    /// Arrays of `T` that are tracked, on this device and on another: a constant goes over, and gradients stay.
    pub fn gradients_beside<T: Float>(mut self, other: &E::Device) -> Self
    where
        E::Backend<T>: Autodiff<Elem = T, Engine = E>,
    {
        checks::devices::tracked::<E, T>(&mut self.report, &self.device, other);
        self
    }

    /// The methods of the contract that something was checked of.
    pub fn operations(&self) -> impl Iterator<Item = &'static str> {
        self.report.operations.iter().copied()
    }

    /// What the engine does otherwise than it should.
    pub fn faults(self) -> Vec<Fault> {
        self.report.faults
    }

    /// # Panics
    /// There are faults: the message counts those of each operation and shows some, what others are composed of first.
    #[track_caller]
    pub fn finish(self) {
        let faults = self.faults();
        assert!(faults.is_empty(), "{}", report::listed(&faults));
    }
}
