//! GPT-2 with random weights against what the transformers library makes of them.

use chat::gpt2::Gpt2;
use chat::{Dims, Texts};
use congruent::generate::{Request, Sampler, Sampling, Session, generate};
use congruent::io::{Entry, SafeTensors, Source, Weights, load};
use congruent::prelude::*;
use std::path::Path;

dims! {
    Batch = 2; Seq = 9; Greedy = 12; One = 1;
    Vocab = 61; Positions = 32; Embed = 24; Heads = 3; HeadDim = 8; Ffn = 96;
}
type Model = Gpt2<Vocab, Positions, Embed, Heads, HeadDim, Ffn>;

/// The tensors of a file whose names begin with `expected.`, or the others.
struct Part<'a> {
    file: &'a SafeTensors,
    expected: bool,
}

impl Source for Part<'_> {
    fn names(&self) -> Vec<String> {
        let mut names = self.file.names();
        names.retain(|name| name.starts_with("expected.") == self.expected);
        names
    }
    fn get(&self, name: &str) -> Option<Entry> {
        self.file.get(name)
    }
}

struct Expected {
    ids: Vec<u32>,
    logits: Tensor<(Batch, Seq, Vocab)>,
    greedy: Vec<u32>,
}

fn read() -> (Model, Expected) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/reference/gpt2.safetensors");
    let file = SafeTensors::open(path).unwrap();
    let dims = Dims {
        vocab: Vocab,
        positions: Positions,
        embed: Embed,
        heads: Heads,
        key_heads: Heads,
        head_dim: HeadDim,
        ffn: Ffn,
    };
    let model = Gpt2::load(&Part { file: &file, expected: false }, dims, 3, 1e-5).unwrap();
    let part = Part { file: &file, expected: true };
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
    (model, Expected { ids, logits: logits.unwrap(), greedy })
}

/// The expected values were calculated in double precision: logits are up to 40.
const TOLERANCE: f32 = 1e-4;

#[test]
fn logits_at_once_and_in_parts() {
    let (model, expected) = read();
    let ids = Ids::new((Batch, Seq), Vocab, &expected.ids).unwrap();
    let mut cache = model.cache(Batch);
    let logits = cache.step(Seq, |step| model.output.forward(&model.hidden_states(&ids, step))).unwrap();
    let furthest = (&logits - &expected.logits).abs().to_vec().into_iter().fold(0.0, f32::max);
    assert!(furthest < TOLERANCE, "{furthest}");

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
            let furthest = (found - expected).abs().to_vec().into_iter().fold(0.0, f32::max);
            assert!(furthest < TOLERANCE, "{furthest} in text {i} after {done:?}");
        }
    }
}

#[test]
fn greedy_text() {
    let (model, expected) = read();
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

#[test]
fn another_vocabulary_is_refused_by_name() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/reference/gpt2.safetensors");
    let file = SafeTensors::open(path).unwrap();
    dims! { Larger = 62; }
    let dims = Dims {
        vocab: Larger,
        positions: Positions,
        embed: Embed,
        heads: Heads,
        key_heads: Heads,
        head_dim: HeadDim,
        ffn: Ffn,
    };
    let error = Gpt2::load(&Part { file: &file, expected: false }, dims, 3, 1e-5).err().unwrap().to_string();
    assert!(error.contains("shape: `wte.weight`, expected (Larger = 62, Embed = 24), found [61, 24]"), "{error}");
}
