//! T5 with random weights against what the transformers library makes of it: what the encoder gives, logits at once and in parts,
//! greedy answers, and gradients.

mod common;

use common::{
    KNOWN, On, Padded, Part, assert_gradient_of_tokens, assert_near, assert_saved_as_published, config, on_ranks,
    only_known,
};
use congruent::backend::{Autodiff, DeviceOf, Float, Number, Value};
use congruent::dim::{Filled, Vocabulary};
use congruent::generate::{Request, Sampler, Sampling, generate};
use congruent::io::Stored;
use congruent::nn::next_token_loss;
use congruent::prelude::*;
use congruent_models::Architecture;
use congruent_models::t5::{Answers, Config, Dims, T5};

dims! {
    Batch = 2; Text; Answer; Greedy = 10; New; Positions = 16;
    Vocab = 61; Embed = 24; Heads = 3; HeadDim = 6; Ffn = 40; Buckets = 8;
    AlongHeads = 3; AlongFfn = 2; More = 66;
}

/// The dimensions, some of which may be parts.
fn dims<V, H, F>(vocab: V, heads: H, ffn: F) -> Dims<V, Embed, H, HeadDim, F, Buckets> {
    Dims { vocab, embed: Embed, heads, head_dim: HeadDim, ffn, buckets: Buckets }
}

type Model<B, V = Vocab, H = Heads, F = Ffn> = T5<V, Embed, H, HeadDim, F, Buckets, B>;

/// Logits are up to 6. In single precision the library itself is up to 5e-5 from its double precision, for three seeds.
const TOLERANCE: f64 = 1e-4;
/// Those of the embedding are up to 12, where the library's are up to 1e-4 from its double precision.
const OF_GRADIENTS: f64 = 3e-4;

fn settings(name: &str) -> Config {
    match Architecture::read(&config("t5.json", name).to_string()).unwrap() {
        Architecture::T5(config) => config,
        other => panic!("{other:?}"),
    }
}

fn agrees<V: Vocabulary, H: Filled, F: Filled, B: Autodiff<Elem: Float + Stored + Into<f64>>>(
    name: &str,
    dims: Dims<V, Embed, H, HeadDim, F, Buckets>,
    device: &DeviceOf<B>,
) {
    let config = settings(name);
    let Config { vocab, embed, heads, head_dim, ffn, buckets, .. } = config;
    assert_eq!([vocab, embed, heads, head_dim, ffn, buckets], [KNOWN, 24, 3, 6, 40, 8]);
    let tokens = dims.vocab.whole();
    let weights = Padded(Part::weights(name), tokens.size());
    let mut model: Model<B, V, H, F> = T5::load(&weights, dims, &config.settings, device).unwrap();
    assert_eq!(model.tokens.weight.sizes(), [dims.vocab.size(), 24]);
    let expected = Part::expected(name);
    bind!(text: Text = expected.columns("ids"), answer: Answer = expected.columns("targets"));
    let (batch, text) = (Batch, Ragged(text));
    let numbers = expected.ids("ids", (batch, text));
    let ids = Ids::new((batch, text), tokens, &numbers).unwrap().to_engine::<B>(device);
    let lengths: Vec<usize> = expected.ids("lengths", (Batch,)).into_iter().map(|length| length as usize).collect();
    let lengths = Lengths::new(batch, text, &lengths).unwrap();
    let targets = Ids::new((Batch, answer), tokens, &expected.ids("targets", (Batch, answer))).unwrap();
    let logits: Tensor<(Batch, _, Vocab)> = expected.tensor("logits", (Batch, answer, Vocab));

    // In parts.
    let encoded = model.encode(&ids, &lengths).unwrap();
    let memory = expected.tensor("memory", (batch, text, Embed)).fill_padding(&lengths, 0.0);
    let found = encoded.fill_padding(&lengths, B::Elem::from_value(Value::Float(0.0)));
    assert_near(&format!("{name}: memory"), &found, &memory, TOLERANCE);
    let memory = model.memory(&encoded);
    let mut cache = model.cache(Batch, Positions);
    let last = answer.size() - 1;
    for (begin, length) in [(0, last - 2), (last - 2, 2), (last, 1)] {
        bind!(part: New = length);
        let new = targets.narrow(answer, begin, part).unwrap().to_engine::<B>(device);
        let found = cache.step(part, |step| model.hidden_states(&new, &memory, &lengths, step)).unwrap().unwrap();
        let expected = logits.narrow(answer, begin, part).unwrap();
        let found = model.logits(&found).of_all_ranks(At::<2>).narrow(At::<2>, 0, Vocab).unwrap();
        assert_near(&format!("{name} from {begin}"), &found, &expected, TOLERANCE);
    }

    // The most likely tokens, alone and beside another answer.
    let request = |maximum| Request {
        prompt: vec![Index::new(tokens, 0).unwrap()],
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
    let there = targets.to_engine::<B>(device);
    let memory = model.memory(&model.encode(&ids, &lengths).unwrap());
    let found = model.logits(&model.forward(&there, &memory, &Causal, &lengths).unwrap());
    let of_known = found.of_all_ranks(At::<2>).narrow(At::<2>, 0, Vocab).unwrap();
    assert_near(&format!("{name} at once"), &of_known, &logits, TOLERANCE);
    let found = found + &only_known(dims.vocab, device);
    let gradients = next_token_loss(&found, &there).mean(At::<1>).mean(Batch).backward();
    let gradient = gradients.of(&model.tokens.weight);
    assert_gradient_of_tokens(&expected, "shared.weight", &gradient, OF_GRADIENTS);
    macro_rules! near {
        ($path:literal, $weight:expr) => {{
            let gradient = gradients.of(&$weight);
            let expected = expected.tensor(concat!("gradient.", $path), gradient.shape());
            assert_near(concat!("gradient of ", $path), &gradient, &expected, OF_GRADIENTS);
        }};
    }
    near!("encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", model.encoder.distances.weight);
    near!("decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", model.decoder.distances.weight);
    near!("decoder.block.1.layer.1.EncDecAttention.k.weight", model.decoder.layers[1].cross.key.weight);
}

#[test]
fn t5() {
    agrees::<_, _, _, Cpu<f32>>("t5", dims(Vocab, Heads, Ffn), &Default::default());
    agrees::<_, _, _, Cpu<f64>>("t5", dims(Vocab, Heads, Ffn), &Default::default());
}

#[test]
fn version_1_1() {
    agrees::<_, _, _, Cpu<f32>>("t5-gated", dims(Vocab, Heads, Ffn), &Default::default());
}

#[test]
fn in_parts_on_the_ranks_of_a_mesh() {
    for name in ["t5", "t5-gated"] {
        on_ranks((AlongHeads, Heads), (AlongFfn, Ffn), |mesh, heads, ffn| {
            let device = &mesh.device();
            agrees::<_, _, _, On>(name, dims(Vocab, heads, ffn), device);
            agrees::<_, _, _, On>(name, dims(mesh.shard(More, AlongHeads), heads, ffn), device);
            agrees::<_, _, _, On>(name, dims(mesh.shard(More, AlongFfn), heads, ffn), device);
        });
    }
}

#[test]
fn a_model_is_saved_as_it_is_published() {
    for name in ["t5", "t5-gated"] {
        let weights = Part::weights(name);
        let model: Model<Cpu<f32>> =
            T5::load(&weights, dims(Vocab, Heads, Ffn), &settings(name).settings, &Default::default()).unwrap();
        assert_saved_as_published(&model, &weights);
    }
}
