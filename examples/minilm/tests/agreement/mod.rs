//! The model against the values that PyTorch calculates, on any engine: the tests of `engines/burn` have this file too.

use congruent::backend::Backend;
use congruent::io::{SafeTensors, Source, Stored, Weights, load};
use congruent::prelude::*;
use minilm::{Batch, Dims, MiniLm, Seq, normalized};
use std::path::PathBuf;

fn reference(name: &str) -> PathBuf {
    let own = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/reference");
    std::env::var_os("CONGRUENT_REFERENCE").map_or_else(own, PathBuf::from).join(name)
}

fn expected() -> SafeTensors {
    SafeTensors::open(reference("minilm.safetensors")).unwrap()
}

/// What was tokenized and embedded there.
pub fn texts() -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(reference("minilm.json")).unwrap()).unwrap()
}

/// A list of strings.
pub fn strings(value: &serde_json::Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// A file of which one tensor is taken.
struct One<'a>(&'a SafeTensors);
impl Source for One<'_> {
    fn names(&self) -> Vec<String> {
        Vec::new()
    }
    fn get(&self, name: &str) -> Option<congruent::io::Entry> {
        self.0.get(name)
    }
}

fn tensor<T: Stored, S: Shape>(name: &str, shape: S) -> TensorOf<S, T> {
    load(&One(&expected()), |weights: Weights<'_, T>| weights.tensor(name, shape)).unwrap()
}

fn assert_near(what: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let apart = || found.iter().zip(expected).map(|(x, y)| (x - y).abs());
    assert!(apart().all(|x| x <= tolerance), "{what}: off by {}", apart().fold(0.0, f32::max));
}

fn assert_is<S: Shape, B: Backend<Elem = f32>>(name: &str, found: &Tensor<S, B>, tolerance: f32) {
    assert_near(name, &found.to_vec(), &tensor::<f32, _>(name, found.shape()).to_vec(), tolerance);
}

/// The ids of the valid tokens of each row, as the file has them.
fn valid_ids(case: &str) -> Vec<Vec<u32>> {
    let sizes = expected().get(&format!("{case}.input_ids")).unwrap().sizes;
    let mask = expected().get(&format!("{case}.attention_mask")).is_some();
    Batch::with(sizes[0], |batch| {
        Seq::with(sizes[1], |seq| {
            let ids = tensor::<i32, _>(&format!("{case}.input_ids"), (batch, seq)).to_vec();
            let valid = match mask {
                true => tensor::<i32, _>(&format!("{case}.attention_mask"), (batch, seq)).to_vec(),
                false => vec![1; ids.len()],
            };
            let row = |ids: &[i32], valid: &[i32]| {
                ids.iter().zip(valid).filter(|(_, valid)| **valid == 1).map(|(id, _)| *id as u32).collect()
            };
            ids.chunks(sizes[1]).zip(valid.chunks(sizes[1])).map(|(ids, valid)| row(ids, valid)).collect()
        })
    })
}

/// Every hidden state of texts of different lengths, their means and embeddings.
pub fn every_layer_agrees<D: Dims, B: Backend<Elem = f32>>(model: &MiniLm<D, B>, tolerance: f32) {
    let ids = model.tokenize(&strings(&texts()["small"])).unwrap();
    assert_eq!(ids, valid_ids("small"));
    Index::pad::<Batch, Seq, _>(model.bert.vocab(), &ids, 0, |batch| {
        let batch = batch.to_engine::<B>(&model.bert.device());
        let states = model.bert.hidden_states(&batch.values, &batch.lengths).unwrap();
        for (layer, state) in states.iter().enumerate() {
            let last = layer + 1 == states.len();
            let name = if last { "small.last_hidden_state".to_owned() } else { format!("small.hidden.{layer}") };
            let expected = tensor::<f32, _>(&name, state.shape()).fill_padding(&batch.lengths, 0.0);
            assert_near(&name, &state.fill_padding(&batch.lengths, 0.0).to_vec(), &expected.to_vec(), tolerance);
        }
        let mean = states[states.len() - 1].masked_mean(&batch.lengths);
        assert_is("small.mean_pooled", &mean, tolerance);
        assert_is("small.embedding", &normalized(&mean), tolerance);
    })
    .unwrap();
}

/// The same of one text, without padding.
pub fn an_unpadded_sentence_agrees<D: Dims, B: Backend<Elem = f32>>(model: &MiniLm<D, B>, tolerance: f32) {
    let ids = model.tokenize(&[texts()["one"].as_str().unwrap()]).unwrap();
    assert_eq!(ids, valid_ids("one"));
    Seq::with(ids[0].len(), |seq| {
        let ids = Ids::new((N::<1>, seq), model.bert.vocab(), &ids[0]).unwrap().to_engine::<B>(&model.bert.device());
        let states = model.bert.hidden_states(&ids, &Full).unwrap();
        let last = &states[states.len() - 1];
        assert_is("one.last_hidden_state", last, tolerance);
        assert_is("one.embedding", &normalized(&last.mean(seq)), tolerance);
    });
}

/// The embeddings of many texts: none, other scripts, cut.
pub fn texts_agree_in_batches_of_any_size<D: Dims, B: Backend<Elem = f32>>(model: &MiniLm<D, B>, tolerance: f32) {
    let texts = strings(&texts()["texts"]);
    assert_eq!(model.tokenize(&texts).unwrap(), valid_ids("texts"));
    let expected =
        Batch::with(texts.len(), |batch| tensor::<f32, _>("texts.embedding", (batch, model.dims.embed())).to_vec());
    for size in [1, 2, 3, texts.len()] {
        let found: Vec<f32> = texts.chunks(size).flat_map(|texts| model.embed(texts).unwrap()).flatten().collect();
        assert_near(&format!("texts in batches of {size}"), &found, &expected, tolerance);
    }
    assert!(model.embed(&[] as &[String]).unwrap().is_empty());
}
