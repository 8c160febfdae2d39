//! GPT-2 with random weights against what the transformers library makes of them, on a device of any engine.

use congruent::backend::{Backend, DeviceOf};
use congruent::dim::Filled;
use congruent::generate::{Request, Sampler, Sampling, Session, generate};
use congruent::io::{Entry, LoadError, SafeTensors, Source, Weights, load};
use congruent::prelude::*;
use congruent_models::gpt2::Gpt2;
use congruent_models::{Dims, Texts};
use std::path::{Path, PathBuf};

dims! {
    pub Batch = 2; pub Seq; pub Greedy = 12; pub One = 1;
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
        let above = ["..", "../.."].map(|up| Path::new(env!("CARGO_MANIFEST_DIR")).join(up).join("tests/reference"));
        let own = || above.into_iter().find(|folder| folder.exists()).unwrap();
        let folder = std::env::var_os("CONGRUENT_REFERENCE").map_or_else(own, PathBuf::from);
        Part { file: SafeTensors::open(folder.join("gpt2.safetensors")).unwrap(), expected }
    }

    /// How long the expected texts are.
    fn length(&self) -> usize {
        self.get("expected.ids").unwrap().sizes[1]
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

pub type Model<V, B, H = Heads, F = Ffn> = Gpt2<V, Positions, Embed, H, HeadDim, F, B>;

/// The model of the file, whose vocabulary has this dimension.
pub fn model<V: Dense, B: Backend<Elem = f32>>(vocab: V, device: &DeviceOf<B>) -> Result<Model<V, B>, LoadError> {
    model_of(vocab, Heads, Ffn, device)
}

/// As [`model`], whose heads and features of the feed-forward networks may be parts.
pub fn model_of<V: Dense, H: Filled, F: Filled, B: Backend<Elem = f32>>(
    vocab: V,
    heads: H,
    ffn: F,
    device: &DeviceOf<B>,
) -> Result<Model<V, B, H, F>, LoadError> {
    let (positions, embed, head_dim) = (Positions, Embed, HeadDim);
    let dims =
        Dims { vocab, positions, embed, heads, key_heads: heads, head_dim, ffn, experts: N::<1>, expert_ffn: ffn };
    Gpt2::load(&Part::open(false), dims, 3, 1e-5, device)
}

struct Expected<S> {
    ids: Vec<u32>,
    logits: Tensor<(Batch, S, Vocab)>,
    greedy: Vec<u32>,
}

fn expected<S: Dim>(part: &Part, seq: S) -> Expected<S> {
    let numbers = load(part, |weights: Weights<'_, i32>| {
        weights.ignore("expected.logits");
        let weights = weights.at("expected");
        let [ids, greedy] =
            [weights.tensor("ids", (Batch, seq)).to_vec(), weights.tensor("greedy", (Greedy,)).to_vec()];
        [ids, greedy].map(|ids| ids.into_iter().map(|id| id as u32).collect())
    });
    let [ids, greedy] = numbers.unwrap();
    let logits = load(part, |weights: Weights<'_, f32>| {
        weights.ignore("expected.ids");
        weights.ignore("expected.greedy");
        weights.tensor("expected.logits", (Batch, seq, Vocab))
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
    logits_of_model_agree(&model::<_, B>(Vocab, device).unwrap(), device);
}

/// As [`logits_agree`], of a model that may be a part.
pub fn logits_of_model_agree<H: Filled, F: Filled, B: Backend<Elem = f32>>(
    model: &Model<Vocab, B, H, F>,
    device: &DeviceOf<B>,
) {
    let part = Part::open(true);
    bind!(seq: Seq = part.length());
    let expected = expected(&part, seq);
    let ids = Ids::new((Batch, seq), Vocab, &expected.ids).unwrap();
    let mut cache = model.cache(Batch);
    let there = ids.to_engine::<B>(device);
    let logits = cache.step(seq, |step| model.logits(&model.hidden_states(&there, step))).unwrap();
    assert_near(&logits, &expected.logits, "at once");

    // The two rows as texts of different lengths.
    let mut texts = Texts::new(model, Batch);
    let rows: Vec<Vec<Index<Vocab>>> = ids.to_vec().chunks(seq.size()).map(<[_]>::to_vec).collect();
    let mut done = [0, 0];
    for counts in [[seq.size() - 5, 1], [1, seq.size() - 2], [4, 1]] {
        let new: Vec<_> = (0..2).map(|i| (i, &rows[i][done[i]..done[i] + counts[i]])).collect();
        let found = texts.extend(&new).unwrap();
        for (i, found) in found.into_iter().enumerate() {
            done[i] += counts[i];
            let expected = expected.logits.at(Batch, i).unwrap().at(seq, done[i] - 1).unwrap();
            assert_near(&found, &expected, &format!("in text {i} after {done:?}"));
        }
    }
}

/// The most likely tokens, alone and beside another text.
pub fn greedy_texts_agree<B: Backend<Elem = f32>>(device: &DeviceOf<B>) {
    let (model, part) = (model::<_, B>(Vocab, device).unwrap(), Part::open(true));
    bind!(seq: Seq = part.length());
    let expected = expected(&part, seq);
    let ids = Ids::new((Batch, seq), Vocab, &expected.ids).unwrap().to_vec();
    let (first, second) = ids.split_at(seq.size());
    let request = |ids: &[Index<Vocab>], maximum| Request {
        prompt: ids.to_vec(),
        sampler: Sampler::new(Sampling::GREEDY, 0).unwrap(),
        end: vec![],
        maximum,
    };
    let mut text = Texts::new(&model, One);
    let alone = generate(&mut text, vec![request(first, 12)]).unwrap();
    assert_eq!(alone[0].ids.iter().map(|id| id.get()).collect::<Vec<_>>(), expected.greedy);
    // Beside another text, which is shorter and ends sooner.
    let mut texts = Texts::new(&model, Batch);
    let together = generate(&mut texts, vec![request(first, 12), request(&second[..2], 3)]).unwrap();
    assert_eq!(together[0], alone[0]);
    let mut text = Texts::new(&model, One);
    assert_eq!(generate(&mut text, vec![request(&second[..2], 3)]).unwrap()[0], together[1]);
}

/// A file of another vocabulary.
pub fn another_vocabulary_is_refused_by_name<B: Backend<Elem = f32>>(device: &DeviceOf<B>) {
    dims! { Larger = 62; }
    let error = model::<_, B>(Larger, device).err().unwrap().to_string();
    assert!(error.contains("shape: `wte.weight`, expected (Larger = 62, Embed = 24), found [61, 24]"), "{error}");
}
