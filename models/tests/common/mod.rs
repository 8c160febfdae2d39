//! Files of expected values, which hold the weights of their model too.

#![allow(dead_code)]

use congruent::backend::{Backend, Float};
use congruent::io::{Entry, SafeTensors, Source, Stored, Weights, Writer, load_on};
use congruent::prelude::*;
use std::path::PathBuf;

pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/reference")
}

/// The tensors of a file whose names begin with `expected.`, or the others.
pub struct Part {
    file: SafeTensors,
    expected: bool,
}

impl Part {
    pub fn weights(name: &str) -> Self {
        Part::open(name, false)
    }
    pub fn expected(name: &str) -> Self {
        Part::open(name, true)
    }
    fn open(name: &str, expected: bool) -> Self {
        let path = folder().join(format!("{name}.safetensors"));
        Part { file: SafeTensors::open(path).unwrap(), expected }
    }

    /// One of the expected tensors.
    pub fn tensor<S: Shape, B: Backend<Elem: Stored>>(&self, name: &str, shape: S) -> Tensor<S, B> {
        let one = One(self, format!("expected.{name}"));
        let weights = |weights: Weights<'_, B::Elem, B>| weights.casting().tensor(&one.1, shape);
        load_on(&one, &Default::default(), weights).unwrap()
    }

    /// Expected ids.
    pub fn ids(&self, name: &str, shape: impl Shape) -> Vec<u32> {
        self.tensor::<_, Cpu<i32>>(name, shape).to_vec().into_iter().map(|id| id as u32).collect()
    }
}

impl Source for Part {
    fn names(&self) -> Vec<String> {
        let mut names = self.file.names();
        names.retain(|name| name.starts_with("expected.") == self.expected);
        names
    }
    fn get(&self, name: &str) -> Option<Entry> {
        self.file.get(name)
    }
}

struct One<'a>(&'a Part, String);

impl Source for One<'_> {
    fn names(&self) -> Vec<String> {
        vec![self.1.clone()]
    }
    fn get(&self, name: &str) -> Option<Entry> {
        self.0.get(name)
    }
}

/// That no element is farther from the expected one than this.
#[track_caller]
pub fn assert_near<S: Shape, B: Backend<Elem: Float + Into<f64>>>(
    what: &str,
    found: &Tensor<S, B>,
    expected: &Tensor<S>,
    tolerance: f64,
) {
    let pairs = found.to_vec().into_iter().zip(expected.to_vec());
    // In this order a NaN comes last.
    let furthest = pairs.map(|(x, y)| (x.into() - f64::from(y)).abs()).max_by(f64::total_cmp).unwrap();
    println!("{what}: {furthest:.1e}");
    assert!(furthest < tolerance, "{what}: {furthest}");
}

/// The configuration of a model, as the transformers library writes it.
pub fn config(file: &str, name: &str) -> serde_json::Value {
    let text = std::fs::read_to_string(folder().join(file)).unwrap();
    serde_json::from_str::<serde_json::Value>(&text).unwrap()[name].clone()
}

/// That a model is saved under the names that its file has.
#[track_caller]
pub fn assert_saved_as_published(model: &impl Module, published: &Part) {
    let mut writer = Writer::default();
    writer.module("", model);
    let mut names = SafeTensors::from_bytes(writer.to_bytes().unwrap()).unwrap().names();
    let mut expected = published.names();
    names.sort();
    expected.sort();
    assert_eq!(names, expected);
}
