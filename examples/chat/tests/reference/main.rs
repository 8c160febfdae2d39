//! SmolLM2-135M-Instruct against what the transformers library makes of the same weights.
//!
//! The tests need the file of the model, which is fetched once; where it cannot be, they say so and pass.

mod command;
mod conversation;
mod hugging_face;
mod logits;
mod tokens;

use chat::llama::Llama;
use chat::{Pretrained, configured, find_or_fetch};
use congruent::io::Gguf;
use congruent::prelude::*;
use std::path::PathBuf;
use std::sync::OnceLock;

/// The dimensions come from the file.
type Model = Llama<
    configured::Vocab,
    configured::Positions,
    configured::Embed,
    Times<configured::KeyHeads, configured::Group>,
    configured::KeyHeads,
    configured::HeadDim,
    configured::Ffn,
>;
type Id = Index<configured::Vocab>;

/// Where the model's file is; none where it cannot be fetched.
fn path() -> Option<&'static PathBuf> {
    static PATH: OnceLock<Option<PathBuf>> = OnceLock::new();
    let find = || match find_or_fetch(None) {
        Ok(path) => Some(path),
        Err(error) => {
            eprintln!("SKIPPED, the model cannot be fetched: {error:#}");
            None
        }
    };
    PATH.get_or_init(find).as_ref()
}

fn file() -> Option<&'static Gguf> {
    static FILE: OnceLock<Gguf> = OnceLock::new();
    let path = path()?;
    Some(FILE.get_or_init(|| Gguf::open(path).unwrap()))
}

fn model() -> Option<&'static (Pretrained, Model)> {
    static MODEL: OnceLock<(Pretrained, Model)> = OnceLock::new();
    let path = path()?;
    let load = || {
        let pretrained = Pretrained::open(path).unwrap();
        let model = pretrained.load(pretrained.config.dims().unwrap(), || ()).unwrap();
        (pretrained, model)
    };
    Some(MODEL.get_or_init(load))
}

/// The folder of the expected values.
fn folder() -> PathBuf {
    let own = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/reference");
    std::env::var_os("CONGRUENT_REFERENCE").map_or_else(own, PathBuf::from)
}

fn reference() -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(folder().join("smollm2.json")).unwrap()).unwrap()
}

fn ids(value: &serde_json::Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|id| id.as_u64().unwrap() as u32).collect()
}

fn indices(ids: &[u32]) -> Vec<Id> {
    let vocab = configured::Vocab::get().unwrap();
    ids.iter().map(|id| Index::new(vocab, *id).unwrap()).collect()
}

/// The largest distance between two of the numbers.
fn furthest(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).map(|(x, y)| (x - y).abs()).fold(0.0, |a, b| if b.is_nan() { b } else { a.max(b) })
}
