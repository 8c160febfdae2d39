//! T5 with random weights against what the transformers library makes of it: what the encoder gives, logits at once and in parts,
//! greedy answers, and gradients.

mod common;

use common::{Part, assert_near, assert_saved_as_published, config};
use congruent::backend::{Autodiff, Float, Number, Value};
use congruent::generate::{Request, Sampler, Sampling, generate};
use congruent::io::Stored;
use congruent::nn::next_token_loss;
use congruent::prelude::*;
use congruent_models::Architecture;
use congruent_models::t5::{Answers, Config, Dims, T5};

dims! {
    Batch = 2; Text = 9; Answer = 7; Greedy = 10; New; Positions = 16;
    Vocab = 61; Embed = 24; Heads = 3; HeadDim = 6; Ffn = 40; Buckets = 8;
}

const DIMS: Dims<Vocab, Embed, Heads, HeadDim, Ffn, Buckets> =
    Dims { vocab: Vocab, embed: Embed, heads: Heads, head_dim: HeadDim, ffn: Ffn, buckets: Buckets };

type Model<B> = T5<Vocab, Embed, Heads, HeadDim, Ffn, Buckets, B>;

/// Norms and softmax of the expected values are of single precision; logits are up to 5.
const TOLERANCE: f64 = 2e-5;
/// Those of the embedding are up to 8.
const OF_GRADIENTS: f64 = 1e-4;

fn settings(name: &str) -> Config {
    match Architecture::read(&config("t5.json", name).to_string()).unwrap() {
        Architecture::T5(config) => config,
        other => panic!("{other:?}"),
    }
}

fn agrees<B: Autodiff<Elem: Float + Stored + Into<f64>>>(name: &str) {
    let config = settings(name);
    let Config { vocab, embed, heads, head_dim, ffn, buckets, .. } = config;
    assert_eq!([vocab, embed, heads, head_dim, ffn, buckets], [61, 24, 3, 6, 40, 8]);
    let device = Default::default();
    let mut model: Model<B> = T5::load(&Part::weights(name), DIMS, &config.settings, &device).unwrap();
    let expected = Part::expected(name);
    let (batch, text) = (Batch, Ragged(Text));
    let numbers = expected.ids("ids", (Batch, Text));
    let ids = Ids::new((batch, text), Vocab, &numbers).unwrap().to_engine::<B>(&device);
    let lengths: Vec<usize> = expected.ids("lengths", (Batch,)).into_iter().map(|length| length as usize).collect();
    let lengths = Lengths::new(batch, text, &lengths).unwrap();
    let targets = Ids::new((Batch, Answer), Vocab, &expected.ids("targets", (Batch, Answer))).unwrap();
    let logits: Tensor<(Batch, Answer, Vocab)> = expected.tensor("logits", (Batch, Answer, Vocab));

    // In parts.
    let encoded = model.encode(&ids, &lengths).unwrap();
    let memory = expected.tensor("memory", (batch, text, Embed)).fill_padding(&lengths, 0.0);
    let found = encoded.fill_padding(&lengths, B::Elem::from_value(Value::Float(0.0)));
    assert_near(&format!("{name}: memory"), &found, &memory, TOLERANCE);
    let memory = model.memory(&encoded);
    let mut cache = model.cache(Batch, Positions);
    for (begin, length) in [(0, 4), (4, 2), (6, 1)] {
        bind!(part: New = length);
        let new = targets.narrow(Answer, begin, part).unwrap().to_engine::<B>(&device);
        let found = cache.step(part, |step| model.hidden_states(&new, &memory, &lengths, step)).unwrap().unwrap();
        let expected = logits.narrow(Answer, begin, part).unwrap();
        assert_near(&format!("{name} from {begin}"), &model.logits(&found), &expected, TOLERANCE);
    }

    // The most likely tokens, alone and beside another answer.
    let request = |maximum| Request {
        prompt: vec![Index::new(Vocab, 0).unwrap()],
        sampler: Sampler::new(Sampling::GREEDY, 0).unwrap(),
        end: vec![],
        maximum,
    };
    let both = &mut Answers::new(&model, &ids, &lengths, Positions).unwrap();
    let both = generate(both, vec![request(10), request(4)]).unwrap();
    let numbers: Vec<u32> = both[0].ids.iter().map(|id| id.get()).collect();
    assert_eq!(numbers, expected.ids("greedy", (Greedy,)), "{name}");

    // At once, with gradients.
    model.track();
    let there = targets.to_engine::<B>(&device);
    let memory = model.memory(&model.encode(&ids, &lengths).unwrap());
    let found = model.logits(&model.forward(&there, &memory, &Causal, &lengths).unwrap());
    assert_near(&format!("{name} at once"), &found, &logits, TOLERANCE);
    let gradients = next_token_loss(&found, &there).mean(At::<1>).mean(Batch).backward();
    macro_rules! near {
        ($path:literal, $weight:expr) => {{
            let gradient = gradients.of(&$weight);
            let expected = expected.tensor(concat!("gradient.", $path), gradient.shape());
            assert_near(concat!("gradient of ", $path), &gradient, &expected, OF_GRADIENTS);
        }};
    }
    near!("shared.weight", model.tokens.weight);
    near!("encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", model.encoder.distances.weight);
    near!("decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", model.decoder.distances.weight);
    near!("decoder.block.1.layer.1.EncDecAttention.k.weight", model.decoder.layers[1].cross.key.weight);
}

#[test]
fn t5() {
    agrees::<Cpu<f32>>("t5");
    agrees::<Cpu<f64>>("t5");
}

#[test]
fn version_1_1() {
    agrees::<Cpu<f32>>("t5-gated");
}

#[test]
fn a_model_is_saved_as_it_is_published() {
    for name in ["t5", "t5-gated"] {
        let weights = Part::weights(name);
        let model: Model<Cpu<f32>> = T5::load(&weights, DIMS, &settings(name).settings, &Default::default()).unwrap();
        assert_saved_as_published(&model, &weights);
    }
}
