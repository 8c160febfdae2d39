//! SmolLM2-135M-Instruct against what the transformers library makes of the same weights, on a device of any engine.
//!
//! The tests need the file of the model, which is fetched once; where it cannot be, they say so and pass.

use chat::configured::{self, Model};
use chat::llama::{GGUF, Settings};
use chat::{Config, Decoder, LanguageModel, Texts, find_or_fetch};
use congruent::backend::{Backend, DeviceOf};
use congruent::generate::{Finish, Generated, Request, Sampler, Sampling, generate};
use congruent::io::{Entry, Gguf, SafeTensors, Source};
use congruent::prelude::*;
use std::path::PathBuf;
use std::sync::OnceLock;

pub type Id = Index<configured::Vocab>;

dims! { pub One = 1; Seq; }

/// How far logits may be, which are up to 20. Those of `float32` are up to 1e-4 from those of `float64`. Where activations are rounded to
/// 16 bits, relative to the largest of each 32, they are fifteen times as far.
pub fn tolerance() -> f32 {
    if std::env::var("CONGRUENT_ACTIVATIONS").is_ok_and(|asked| asked == "f32") { 2e-4 } else { 5e-3 }
}

/// Where the model's file is; none where it cannot be fetched.
pub fn path() -> Option<&'static PathBuf> {
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

pub fn file() -> Option<&'static Gguf> {
    static FILE: OnceLock<Gguf> = OnceLock::new();
    let path = path()?;
    Some(FILE.get_or_init(|| Gguf::open(path).unwrap()))
}

/// The model of the first layers of the file, so many.
pub fn first_layers<B: Backend<Elem = f32>>(file: &Gguf, layers: usize, device: &DeviceOf<B>) -> Model<B> {
    let config = Config::from_gguf(file).unwrap();
    let settings = Settings { layers, ..config.settings.clone() };
    Model::load(&FirstLayers { file, layers }, config.dims().unwrap(), &settings, &GGUF, device, || ()).unwrap()
}

/// The tensors of the first layers, and what is in none.
pub struct FirstLayers<'a> {
    pub file: &'a Gguf,
    pub layers: usize,
}

impl Source for FirstLayers<'_> {
    fn names(&self) -> Vec<String> {
        let layer =
            |name: &str| name.strip_prefix("blk.").and_then(|name| name.split_once('.')?.0.parse::<usize>().ok());
        self.file.names().into_iter().filter(|name| layer(name).is_none_or(|layer| layer < self.layers)).collect()
    }
    fn get(&self, name: &str) -> Option<Entry> {
        self.file.get(name)
    }
}

/// The folder of the expected values.
fn folder() -> PathBuf {
    let own = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/reference");
    std::env::var_os("CONGRUENT_REFERENCE").map_or_else(own, PathBuf::from)
}

pub fn reference() -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(folder().join("smollm2.json")).unwrap()).unwrap()
}

pub fn ids(value: &serde_json::Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|id| id.as_u64().unwrap() as u32).collect()
}

pub fn indices(ids: &[u32]) -> Vec<Id> {
    let vocab = configured::Vocab::get().unwrap();
    ids.iter().map(|id| Index::new(vocab, *id).unwrap()).collect()
}

/// The largest distance between two of the numbers.
pub fn furthest(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let differences = found.iter().zip(expected).map(|(x, y)| (x - y).abs());
    // In this order a NaN comes last.
    differences.max_by(f32::total_cmp).unwrap()
}

/// The expected values of the prompt.
pub struct Expected(SafeTensors);

impl Expected {
    pub fn open() -> Self {
        Expected(SafeTensors::open(folder().join("smollm2.safetensors")).unwrap())
    }
    fn bytes(&self, name: &str) -> Vec<[u8; 4]> {
        let entry = self.0.get(&format!("plain.{name}")).unwrap();
        entry.bytes.as_slice().chunks_exact(4).map(|bytes| bytes.try_into().unwrap()).collect()
    }
    pub fn floats(&self, name: &str) -> Vec<f32> {
        self.bytes(name).into_iter().map(f32::from_le_bytes).collect()
    }
    pub fn ids(&self, name: &str) -> Vec<u32> {
        self.bytes(name).into_iter().map(u32::from_le_bytes).collect()
    }
}

/// The prompt of the expected values.
pub fn prompt() -> Vec<Id> {
    indices(&ids(&reference()["prompts"]["plain"]["input_ids"]))
}

/// So many of the most likely tokens after a prompt.
pub fn greedy(prompt: &[Id], maximum: usize) -> Request<configured::Vocab> {
    let sampler = Sampler::new(Sampling::GREEDY, 0).unwrap();
    Request { prompt: prompt.to_vec(), sampler, end: vec![], maximum }
}

/// The logits of the prompt are the expected ones.
pub fn logits_agree<B: Backend<Elem = f32>>(model: &Model<B>) {
    let (expected, prompt) = (Expected::open(), prompt());
    bind!(seq: Seq = prompt.len());
    let ids = Cpu::from_vec((One, seq), prompt).unwrap().to_engine::<B>(&model.device());
    let mut cache = model.cache(One);
    let logits = cache.step(seq, |step| model.logits(&model.hidden_states(&ids, step))).unwrap().to_vec();
    let vocab = model.vocab().size();

    let last = &logits[logits.len() - vocab..];
    for (name, precision) in [("last_logits", "float32"), ("last_logits_f64", "float64")] {
        let distance = furthest(last, &expected.floats(name));
        println!("last logits: {distance:.1e} from those of {precision}");
        assert!(distance < tolerance(), "{distance}");
    }
    let step = reference()["logits_column_step"].as_u64().unwrap() as usize;
    let columns: Vec<f32> = logits.chunks(vocab).flat_map(|row| row.iter().step_by(step).copied()).collect();
    let distance = furthest(&columns, &expected.floats("logits_cols"));
    println!("every {step}th logit of each position: {distance:.1e}");
    assert!(distance < tolerance(), "{distance}");

    let top = (expected.ids("top8_ids"), expected.floats("top8_logits"));
    for ((row, ids), values) in logits.chunks(vocab).zip(top.0.chunks(8)).zip(top.1.chunks(8)) {
        let mut order: Vec<u32> = (0..vocab as u32).collect();
        order.sort_by(|x, y| row[*y as usize].total_cmp(&row[*x as usize]));
        let found: Vec<f32> = order[..8].iter().map(|id| row[*id as usize]).collect();
        assert!(furthest(&found, values) < tolerance());
        // Two that are nearer to each other than the tolerance may change places.
        for (at, (found, expected)) in order.iter().zip(ids).enumerate() {
            let tie = (row[*expected as usize] - values[at]).abs() < tolerance();
            assert!(found == expected || tie, "place {at}: {found} instead of {expected}");
        }
    }
}

/// The most likely tokens after the prompt, so many, are the expected ones.
pub fn greedy_ids_agree<B: Backend<Elem = f32>>(
    model: &LanguageModel<configured::Vocab, impl Decoder<B>, B>,
    maximum: usize,
) -> Vec<u32> {
    let mut text = Texts::new(model, One);
    let Generated { ids, finish } = generate(&mut text, vec![greedy(&prompt(), maximum)]).unwrap().remove(0);
    let found: Vec<u32> = ids.iter().map(|id| id.get()).collect();
    assert_eq!((&found[..], finish), (&Expected::open().ids("greedy_ids")[..maximum], Finish::Maximum));
    found
}
