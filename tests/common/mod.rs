//! The expected values.

pub mod layers;

use congruent::io::{Entry, SafeTensors, Source, Stored, Weights, load};
use congruent::prelude::*;
use std::path::PathBuf;

/// A file of the folder that `CONGRUENT_REFERENCE` names, else of the repository's own.
pub fn reference(name: &str) -> PathBuf {
    let own = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
    std::env::var_os("CONGRUENT_REFERENCE").map_or_else(own, PathBuf::from).join(name)
}

/// One case of a file of expected values. It lists no names, so that each test takes what it needs.
pub struct Case<'a> {
    pub file: &'a SafeTensors,
    pub name: &'a str,
}

impl Source for Case<'_> {
    fn names(&self) -> Vec<String> {
        Vec::new()
    }
    fn get(&self, name: &str) -> Option<Entry> {
        self.file.get(&format!("{}/{name}", self.name))
    }
}

impl layers::Inputs for Case<'_> {
    fn input<S: Shape>(&self, name: &str, shape: S) -> Tensor<S> {
        self.tensor(&format!("in.{name}"), shape)
    }
}

impl Case<'_> {
    pub fn sizes<const RANK: usize>(&self, name: &str) -> [usize; RANK] {
        let entry = self.get(name).unwrap_or_else(|| panic!("{} has no {name}", self.name));
        entry.sizes.try_into().unwrap()
    }
    pub fn tensor<S: Shape>(&self, name: &str, shape: S) -> Tensor<S> {
        self.of::<f32, S>(name, shape)
    }
    pub fn of<T: Stored, S: Shape>(&self, name: &str, shape: S) -> TensorOf<S, T> {
        load(self, |weights: Weights<'_, T>| weights.tensor(name, shape)).unwrap()
    }
    pub fn lengths(&self) -> Vec<usize> {
        let [count] = self.sizes("lengths");
        let lengths = bound(count, |batch| self.of::<i32, _>("lengths", (batch,)).to_vec());
        lengths.into_iter().map(|length| length as usize).collect()
    }
    /// The result, within `1e-5` of numbers around 1: expected values were calculated in double
    /// precision and stored in single, ours are single throughout.
    pub fn assert<S: Shape>(&self, found: &Tensor<S>) {
        let expected = self.tensor("out.y", found.shape()).to_vec();
        for (at, (found, expected)) in found.to_vec().into_iter().zip(expected).enumerate() {
            let near = (found - expected).abs() <= 1e-5 * expected.abs().max(1.0);
            assert!(near, "{}: {found} for {expected} at {at}", self.name);
        }
    }
}

dims! { Any; }
fn bound<R>(size: usize, scope: impl for<'id> FnOnce(Any<'id>) -> R) -> R {
    Any::with(size, scope)
}
