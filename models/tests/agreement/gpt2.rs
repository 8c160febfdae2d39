//! GPT-2 with random weights against what the transformers library makes of them, on a device of any engine.

use congruent::backend::{Backend, DeviceOf};
use congruent::generate::{Request, Sampler, Sampling, Session, generate};
use congruent::io::{Entry, LoadError, SafeTensors, Source, Weights, load};
use congruent::prelude::*;
use congruent_models::gpt2::Gpt2;
use congruent_models::{Dims, Texts};
use std::path::Path;

dims! {
    pub Batch = 2; pub Seq = 9; pub Greedy = 12; pub One = 1;
    pub Vocab = 61; pub Positions = 32; pub Embed = 24; pub Heads = 3; pub HeadDim = 8; pub Ffn = 96;
}

/// The tensors of the file whose names begin with `expected.`, or the others.
pub struct Part {
    file: SafeTensors,
    expected: bool,
}

impl Part {
    pub fn open(expected: bool) -> Self {
        // The tests of `engines/burn` have this file too.
        let above = ["..", "../.."].map(|up| Path::new(env!("CARGO_MANIFEST_DIR")).join(up));
        let mut paths = above.iter().map(|folder| folder.join("tests/reference/gpt2.safetensors"));
        let path = paths.find(|path| path.exists()).unwrap();
        Part { file: SafeTensors::open(path).unwrap(), expected }
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

pub type Model<V, B> = Gpt2<V, Positions, Embed, Heads, HeadDim, Ffn, B>;

/// The model of the file, whose vocabulary has this dimension.
pub fn model<V: Dense, B: Backend<Elem = f32>>(vocab: V, device: &DeviceOf<B>) -> Result<Model<V, B>, LoadError> {
    let (positions, embed, heads, head_dim, ffn) = (Positions, Embed, Heads, HeadDim, Ffn);
    let dims = Dims { vocab, positions, embed, heads, key_heads: heads, head_dim, ffn, experts: N::<1> };
    Gpt2::load(&Part::open(false), dims, 3, 1e-5, device)
}

struct Expected {
    ids: Vec<u32>,
    logits: Tensor<(Batch, Seq, Vocab)>,
    greedy: Vec<u32>,
}

fn expected() -> Expected {
    let part = Part::open(true);
    let numbers = load(&part, |weights: Weights<'_, i32>| {
        weights.ignore("expected.logits");
        let weights = weights.at("expected");
        let [ids, greedy] =
            [weights.tensor("ids", (Batch, Seq)).to_vec(), weights.tensor("greedy", (Greedy,)).to_vec()];
        [ids, greedy].map(|ids| ids.into_iter().map(|id| id as u32).collect())
    });
    let [ids, greedy] = numbers.unwrap();
    let logits = load(&part, |weights: Weights<'_, f32>| {
        weights.ignore("expected.ids");
        weights.ignore("expected.greedy");
        weights.tensor("expected.logits", (Batch, Seq, Vocab))
    });
    Expected { ids, logits: logits.unwrap(), greedy }
}

/// The expected values were calculated in double precision: logits are up to 40.
const TOLERANCE: f32 = 1e-4;

#[track_caller]
fn assert_near<S: Shape, B: Backend<Elem = f32>>(found: &Tensor<S, B>, expected: &Tensor<S>, what: &str) {
    let differences = found.to_vec().into_iter().zip(expected.to_vec()).map(|(x, y)| (x - y).abs());
    // In this order a NaN comes last.
    let furthest = differences.max_by(f32::total_cmp).unwrap();
    assert!(furthest < TOLERANCE, "{furthest} {what}");
}

/// The logits of two rows at once, and as two texts that grow by parts of different lengths.
pub fn logits_agree<B: Backend<Elem = f32>>(device: &DeviceOf<B>) {
    let (model, expected) = (model::<_, B>(Vocab, device).unwrap(), expected());
    let ids = Ids::new((Batch, Seq), Vocab, &expected.ids).unwrap();
    let mut cache = model.cache(Batch);
    let there = ids.to_engine::<B>(device);
    let logits = cache.step(Seq, |step| model.logits(&model.hidden_states(&there, step))).unwrap();
    assert_near(&logits, &expected.logits, "at once");

    // The two rows as texts of different lengths.
    let mut texts = Texts::new(&model, Batch);
    let rows: Vec<Vec<Index<Vocab>>> = ids.to_vec().chunks(9).map(<[_]>::to_vec).collect();
    let mut done = [0, 0];
    for counts in [[4, 1], [1, 7], [4, 1]] {
        let new: Vec<_> = (0..2).map(|i| (i, &rows[i][done[i]..done[i] + counts[i]])).collect();
        let found = texts.extend(&new).unwrap();
        for (i, found) in found.into_iter().enumerate() {
            done[i] += counts[i];
            let expected = expected.logits.at(Batch, i).unwrap().at(Seq, done[i] - 1).unwrap();
            assert_near(&found, &expected, &format!("in text {i} after {done:?}"));
        }
    }
}

/// The most likely tokens, alone and beside another text.
pub fn greedy_texts_agree<B: Backend<Elem = f32>>(device: &DeviceOf<B>) {
    let (model, expected) = (model::<_, B>(Vocab, device).unwrap(), expected());
    let ids = Ids::new((Batch, Seq), Vocab, &expected.ids).unwrap().to_vec();
    let request = |ids: &[Index<Vocab>], maximum| Request {
        prompt: ids.to_vec(),
        sampler: Sampler::new(Sampling::GREEDY, 0).unwrap(),
        end: vec![],
        maximum,
    };
    let mut text = Texts::new(&model, One);
    let alone = generate(&mut text, vec![request(&ids[..9], 12)]).unwrap();
    assert_eq!(alone[0].ids.iter().map(|id| id.get()).collect::<Vec<_>>(), expected.greedy);
    // Beside another text, which is shorter and ends sooner.
    let mut texts = Texts::new(&model, Batch);
    let together = generate(&mut texts, vec![request(&ids[..9], 12), request(&ids[9..11], 3)]).unwrap();
    assert_eq!(together[0], alone[0]);
    let mut text = Texts::new(&model, One);
    assert_eq!(generate(&mut text, vec![request(&ids[9..11], 3)]).unwrap()[0], together[1]);
}

/// A file of another vocabulary.
pub fn another_vocabulary_is_refused_by_name<B: Backend<Elem = f32>>(device: &DeviceOf<B>) {
    dims! { Larger = 62; }
    let error = model::<_, B>(Larger, device).err().unwrap().to_string();
    assert!(error.contains("shape: `wte.weight`, expected (Larger = 62, Embed = 24), found [61, 24]"), "{error}");
}
