//! The model against the values that PyTorch calculates: live tokens within 1e-5 at every layer, as
//! an implementation in double precision agrees with them within 2.5e-6.

use congruent::io::{SafeTensors, Source, Stored, Weights, load};
use congruent::prelude::*;
use minilm::{Batch, Configured, Dims, MiniLm, PUBLISHED, Seq, config, find_or_fetch, normalized};
use std::path::PathBuf;
use std::sync::OnceLock;

/// Hidden states and embeddings.
const TOLERANCE: f32 = 1e-5;

fn reference(name: &str) -> PathBuf {
    let own = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/reference");
    std::env::var_os("CONGRUENT_REFERENCE").map_or_else(own, PathBuf::from).join(name)
}

fn folder() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| find_or_fetch(None).unwrap())
}

fn expected() -> SafeTensors {
    SafeTensors::open(reference("minilm.safetensors")).unwrap()
}

fn texts() -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(reference("minilm.json")).unwrap()).unwrap()
}

fn strings(value: &serde_json::Value) -> Vec<String> {
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

fn assert_near(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let worst = found.iter().zip(expected).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
    assert!(worst <= TOLERANCE, "{what}: off by {worst}");
}

/// The ids of the live tokens of each row, as the file has them.
fn live_ids(case: &str) -> Vec<Vec<u32>> {
    let sizes = expected().get(&format!("{case}.input_ids")).unwrap().sizes;
    let mask = expected().get(&format!("{case}.attention_mask")).is_some();
    Batch::with(sizes[0], |batch| {
        Seq::with(sizes[1], |seq| {
            let ids = tensor::<i32, _>(&format!("{case}.input_ids"), (batch, seq)).to_vec();
            let live = match mask {
                true => tensor::<i32, _>(&format!("{case}.attention_mask"), (batch, seq)).to_vec(),
                false => vec![1; ids.len()],
            };
            let row = |ids: &[i32], live: &[i32]| {
                ids.iter().zip(live).filter(|(_, live)| **live == 1).map(|(id, _)| *id as u32).collect()
            };
            ids.chunks(sizes[1]).zip(live.chunks(sizes[1])).map(|(ids, live)| row(ids, live)).collect()
        })
    })
}

fn every_layer_agrees<D: Dims>(model: &MiniLm<D>) {
    let ids = model.tokenize(&strings(&texts()["small"])).unwrap();
    assert_eq!(ids, live_ids("small"));
    Index::pad::<Batch, Seq, _>(model.dims.vocab(), &ids, 0, |batch| {
        let states = model.bert.hidden_states(&batch.values, &batch.lengths).unwrap();
        for (layer, state) in states.iter().enumerate() {
            let last = layer + 1 == states.len();
            let name = if last { "small.last_hidden_state".to_owned() } else { format!("small.hidden.{layer}") };
            let expected = tensor::<f32, _>(&name, state.shape()).fill_padding(&batch.lengths, 0.0);
            assert_near(&name, &state.fill_padding(&batch.lengths, 0.0).to_vec(), &expected.to_vec());
        }
        let mean = states[states.len() - 1].masked_mean(&batch.lengths);
        assert_near("mean", &mean.to_vec(), &tensor::<f32, _>("small.mean_pooled", mean.shape()).to_vec());
        let embedding = normalized(&mean);
        assert_near("embedding", &embedding.to_vec(), &tensor::<f32, _>("small.embedding", mean.shape()).to_vec());
    })
    .unwrap();
}

fn an_unpadded_sentence_agrees<D: Dims>(model: &MiniLm<D>) {
    let ids = model.tokenize(&[texts()["one"].as_str().unwrap()]).unwrap();
    assert_eq!(ids, live_ids("one"));
    Seq::with(ids[0].len(), |seq| {
        let ids = Ids::new((N::<1>, seq), model.dims.vocab(), &ids[0]).unwrap();
        let states = model.bert.hidden_states(&ids, &Full).unwrap();
        let last = &states[states.len() - 1];
        assert_near("one", &last.to_vec(), &tensor::<f32, _>("one.last_hidden_state", last.shape()).to_vec());
        let embedding = normalized(&last.mean(seq));
        assert_near("one", &embedding.to_vec(), &tensor::<f32, _>("one.embedding", embedding.shape()).to_vec());
    });
}

fn texts_agree_in_batches_of_any_size<D: Dims>(model: &MiniLm<D>) {
    let texts = strings(&texts()["texts"]);
    assert_eq!(model.tokenize(&texts).unwrap(), live_ids("texts"));
    let expected =
        Batch::with(texts.len(), |batch| tensor::<f32, _>("texts.embedding", (batch, model.dims.embed())).to_vec());
    for size in [1, 2, 3, texts.len()] {
        let found: Vec<f32> = texts.chunks(size).flat_map(|texts| model.embed(texts).unwrap()).flatten().collect();
        assert_near(&format!("texts in batches of {size}"), &found, &expected);
    }
    assert!(model.embed(&[] as &[String]).unwrap().is_empty());
}

#[test]
fn tokens_agree() {
    let model = MiniLm::load(folder(), PUBLISHED).unwrap();
    let texts = texts();
    for (text, expected) in strings(&texts["texts"]).iter().zip(texts["tokens"].as_array().unwrap()) {
        let expected = strings(expected);
        let tokens = model.tokenizer.encode(text.as_str(), true).unwrap().get_tokens().to_vec();
        // Of a long text the file may hold the first tokens only.
        assert_eq!(tokens[..expected.len().min(tokens.len())], expected[..], "{text}");
    }
}

#[test]
fn with_the_published_dimensions() {
    let model = MiniLm::load(folder(), PUBLISHED).unwrap();
    every_layer_agrees(&model);
    an_unpadded_sentence_agrees(&model);
    texts_agree_in_batches_of_any_size(&model);
}

#[test]
fn with_the_dimensions_of_the_configuration() {
    let dims = Configured::set(&config(folder()).unwrap()).unwrap();
    let model = MiniLm::load(folder(), dims).unwrap();
    every_layer_agrees(&model);
    an_unpadded_sentence_agrees(&model);
    texts_agree_in_batches_of_any_size(&model);
}

#[test]
fn the_same_numbers_from_types_and_from_the_configuration() {
    let texts = strings(&texts()["texts"]);
    let dims = Configured::set(&config(folder()).unwrap()).unwrap();
    let configured = MiniLm::load(folder(), dims).unwrap().embed(&texts).unwrap();
    assert_eq!(MiniLm::load(folder(), PUBLISHED).unwrap().embed(&texts).unwrap(), configured);
}

#[test]
fn a_picture_is_drawn() {
    let model = MiniLm::load(folder(), PUBLISHED).unwrap();
    let texts = ["one text".to_owned(), "another".to_owned()];
    let similarities = minilm::similarities(&model.embed(&texts).unwrap());
    let (tokens, attention) = model.attention(&texts[0], 5, 11).unwrap();
    let rows: Vec<Vec<f32>> = attention.chunks(tokens.len()).map(<[f32]>::to_vec).collect();
    assert!(rows.iter().all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-5));
    assert!(model.attention(&texts[0], 6, 0).is_err() && model.attention(&texts[0], 0, 12).is_err());
    let path = std::env::temp_dir().join(format!("minilm-{}.svg", std::process::id()));
    minilm::plot(&path, &texts, &similarities, &tokens, &rows, "a head").unwrap();
    let picture = std::fs::read_to_string(&path).unwrap();
    assert_eq!(picture.matches("<rect").count(), 1 + 4 + tokens.len() * tokens.len());
    std::fs::remove_file(path).unwrap();
}
