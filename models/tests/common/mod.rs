//! Files of expected values, which hold the weights of their model too.

#![allow(dead_code)]

pub mod roberta;

use congruent::backend::{Backend, Bytes, DeviceOf, Float};
use congruent::dim::{Shard, Vocabulary};
use congruent::io::{Entry, SafeTensors, Source, Stored, Weights, Writer, load_on};
use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;

/// The folder that `CONGRUENT_REFERENCE` names, else the repository's own.
pub fn folder() -> PathBuf {
    let own = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/reference");
    std::env::var_os("CONGRUENT_REFERENCE").map_or_else(own, PathBuf::from)
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

    /// How long the rows of an expected table are.
    pub fn columns(&self, name: &str) -> usize {
        self.file.get(&format!("expected.{name}")).unwrap().sizes[1]
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

/// How many tokens the files have: a prime number.
pub const KNOWN: usize = 61;

/// A file whose vocabulary has tokens of zeros behind its own, as many as this: a number that ranks divide.
pub struct Padded(pub Part, pub usize);

impl Source for Padded {
    fn names(&self) -> Vec<String> {
        self.0.names()
    }
    fn get(&self, name: &str) -> Option<Entry> {
        let mut entry = self.0.get(name)?;
        if entry.sizes.first() == Some(&KNOWN) {
            let mut bytes = entry.bytes.as_slice().to_vec();
            bytes.resize(bytes.len() / KNOWN * self.1, 0);
            let length = bytes.len();
            entry.sizes[0] = self.1;
            entry.bytes = Bytes::new(Arc::new(bytes), 0..length);
        }
        Some(entry)
    }
}

/// What is added to logits, so that no token is likely which the file does not know: 0, and -∞ for those.
pub fn only_known<V: Vocabulary, B: Backend<Elem: Float + Stored>>(vocab: V, device: &DeviceOf<B>) -> Tensor<(V,), B> {
    let all = (vocab.whole(),);
    let added = Tensor::<_>::from_fn(all, |[token]| if token < KNOWN { 0.0 } else { f32::NEG_INFINITY });
    let mut writer = Writer::default();
    writer.add("added", &added);
    let file = SafeTensors::from_bytes(writer.to_bytes().unwrap()).unwrap();
    load_on(&file, device, |weights: Weights<'_, B::Elem, B>| weights.casting().tensor("added", (vocab,))).unwrap()
}

/// That the gradient of a table of tokens is as expected, of those that the file knows.
#[track_caller]
pub fn assert_gradient_of_tokens<V: Vocabulary, E: Dense, B: Backend<Elem: Float + Into<f64>>>(
    expected: &Part,
    path: &str,
    gradient: &Tensor<(V, E), B>,
    tolerance: f64,
) {
    let found = gradient.of_all_ranks(At::<0>).narrow(At::<0>, 0, roberta::Vocab).unwrap();
    let gradient = expected.tensor(&format!("gradient.{path}"), found.shape());
    assert_near(&format!("gradient of {path}"), &found, &gradient, tolerance);
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

/// The engine of a rank.
pub type On = OnMesh<Cpu<f32>>;

/// Runs a test on each rank of a mesh of two axes: heads are divided along one, features of feed-forward networks along the other.
pub fn on_ranks<P: Dim, Q: Dim, H: Dim, F: Dim>(
    (along_heads, heads): (P, H),
    (along_ffn, ffn): (Q, F),
    test: impl Fn(&Mesh<(P, Q)>, Shard<H, P>, Shard<F, Q>) + Sync,
) {
    in_threads(along_heads.size() * along_ffn.size(), |world| {
        let mesh = Mesh::new(world, (along_heads, along_ffn)).unwrap();
        test(&mesh, mesh.try_shard(heads, along_heads).unwrap(), mesh.try_shard(ffn, along_ffn).unwrap());
    });
}
