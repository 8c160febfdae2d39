//! Decoders with random weights against what the transformers library makes of them: logits at once, in parts and in texts of
//! different lengths, greedy texts, and gradients.

mod common;

use common::{Part, assert_near, config};
use congruent::backend::{Autodiff, Backend, Float};
use congruent::generate::{Request, Sampler, Sampling, Session, generate};
use congruent::io::{SafeTensors, Stored, Writer};
use congruent::nn::next_token_loss;
use congruent::prelude::*;
use congruent_models::decoder::{Config, FeedForward, HUGGING_FACE, Llama};
use congruent_models::{Dims, Texts};

dims! {
    Batch = 2; Seq = 11; Greedy = 12; One = 1; New;
    Vocab = 61; Positions = 32; Embed = 24; KeyHeads = 2; Group = 2; Narrow = 6; Wide = 8; Ffn = 40; Experts = 4;
}

type Model<D, B, X> = Llama<Vocab, Positions, Embed, Times<KeyHeads, Group>, KeyHeads, D, Ffn, B, X>;

fn dims<D, X>(head_dim: D, experts: X) -> Dims<Vocab, Positions, Embed, Times<KeyHeads, Group>, KeyHeads, D, Ffn, X> {
    let (vocab, positions, embed, key_heads, ffn) = (Vocab, Positions, Embed, KeyHeads, Ffn);
    Dims { vocab, positions, embed, heads: Times(KeyHeads, Group), key_heads, head_dim, ffn, experts }
}

/// Norms, softmax and angles of the expected values are of single precision; logits are up to 6, gradients up to 1.
const TOLERANCE: f64 = 2e-5;

fn load<D: Dense, B: Backend<Elem: Float + Stored>, X: Dense>(name: &str, head_dim: D, experts: X) -> Model<D, B, X> {
    let config = Config::from_hugging_face(&config("decoders.json", name).to_string()).unwrap();
    let Config { vocab, positions, embed, key_heads, group, head_dim: found, ffn, experts: of, .. } = config;
    assert_eq!([vocab, positions, embed, key_heads, group, found, ffn], [61, 32, 24, 2, 2, head_dim.size(), 40]);
    assert_eq!(of, experts.size());
    let weights = Part::weights(name);
    Model::load(&weights, dims(head_dim, experts), &config.settings, &HUGGING_FACE, &Default::default(), || ()).unwrap()
}

fn agrees<D: Dense, B: Autodiff<Elem: Float + Stored + Into<f64>>>(name: &str, head_dim: D) {
    agrees_with::<D, B, _>(name, head_dim, N::<1>);
}

fn agrees_with<D: Dense, B: Autodiff<Elem: Float + Stored + Into<f64>>, X: Dense>(name: &str, head_dim: D, experts: X) {
    let (mut model, expected) = (load::<D, B, X>(name, head_dim, experts), Part::expected(name));
    let device = model.device();
    let numbers = expected.ids("ids", (Batch, Seq));
    let ids = Ids::new((Batch, Seq), Vocab, &numbers).unwrap();
    let there = ids.to_engine::<B>(&device);
    let logits: Tensor<(Batch, Seq, Vocab)> = expected.tensor("logits", (Batch, Seq, Vocab));

    // In parts, of two tokens and then of one.
    let mut cache = model.cache(Batch);
    for (begin, length) in [(0, 7), (7, 2), (9, 1), (10, 1)] {
        bind!(part: New = length);
        let new = ids.narrow(Seq, begin, part).unwrap().to_engine::<B>(&device);
        let found = cache.step(part, |step| model.logits(&model.hidden_states(&new, step))).unwrap();
        assert_near(&format!("{name} from {begin}"), &found, &logits.narrow(Seq, begin, part).unwrap(), TOLERANCE);
    }

    // As texts of different lengths.
    let mut texts = Texts::new(&model, Batch);
    let rows: Vec<Vec<Index<Vocab>>> = ids.to_vec().chunks(11).map(<[_]>::to_vec).collect();
    let mut done = [0, 0];
    for counts in [[6, 1], [1, 9], [4, 1]] {
        let new: Vec<_> = (0..2).map(|i| (i, &rows[i][done[i]..done[i] + counts[i]])).collect();
        for (i, found) in texts.extend(&new).unwrap().into_iter().enumerate() {
            done[i] += counts[i];
            let expected = logits.at(Batch, i).unwrap().at(Seq, done[i] - 1).unwrap();
            assert_near(&format!("{name}: text {i} after {done:?}"), &found, &expected, TOLERANCE);
        }
    }

    // The most likely tokens.
    let sampler = Sampler::new(Sampling::GREEDY, 0).unwrap();
    let request = Request { prompt: rows[0].clone(), sampler, end: vec![], maximum: 12 };
    let text = generate(&mut Texts::new(&model, One), vec![request]).unwrap().remove(0);
    assert_eq!(text.ids.iter().map(|id| id.get()).collect::<Vec<_>>(), expected.ids("greedy", (Greedy,)), "{name}");

    // At once, with gradients.
    model.track();
    let places: Vec<u32> = (0..2).flat_map(|_| 0..11).collect();
    let positions = Ids::new((Batch, Seq), Positions, &places).unwrap().to_engine::<B>(&device);
    let found = model.logits(&model.forward(&there, &positions, &Causal));
    assert_near(&format!("{name} at once"), &found, &logits, TOLERANCE);
    let gradients = next_token_loss(&found, &there).mean(At::<1>).mean(Batch).backward();
    let layer = &model.decoder.layers[0];
    let (path, weight) = ("model.embed_tokens.weight", gradients.of(&model.tokens.weight));
    let found = expected.tensor(&format!("gradient.{path}"), weight.shape());
    assert_near(&format!("{name}: gradient of {path}"), &weight, &found, TOLERANCE);
    let (path, weight) = ("model.layers.0.self_attn.k_proj.weight", gradients.of(&layer.attention.key.weight));
    let found = expected.tensor(&format!("gradient.{path}"), weight.shape());
    assert_near(&format!("{name}: gradient of {path}"), &weight, &found, TOLERANCE);
    let (path, weight) = ("model.layers.0.input_layernorm.weight", gradients.of(layer.attention_norm.weight()));
    let found = expected.tensor(&format!("gradient.{path}"), weight.shape());
    assert_near(&format!("{name}: gradient of {path}"), &weight, &found, TOLERANCE);
    if let FeedForward::Mixture(mixture) = &layer.feed_forward {
        let weight = gradients.of(&mixture.router().weight);
        let found = expected.tensor("gradient.model.layers.0.mlp.gate.weight", weight.shape());
        assert_near(&format!("{name}: gradient of the router"), &weight, &found, TOLERANCE);
        let all = expected.tensor("gradient.model.layers.0.mlp.experts.down_proj", (experts, Embed, Ffn));
        for (i, expert) in mixture.experts().iter().enumerate() {
            let (weight, found) = (gradients.of(&expert.down.weight), all.at(At::<0>, i).unwrap());
            assert_near(&format!("{name}: gradient of expert {i}"), &weight, &found, TOLERANCE);
        }
    }
}

#[test]
fn llama_with_stretched_positions() {
    agrees::<_, Cpu<f32>>("llama", Narrow);
    agrees::<_, Cpu<f64>>("llama", Narrow);
}

#[test]
fn mistral() {
    agrees::<_, Cpu<f32>>("mistral", Narrow);
}

#[test]
fn qwen() {
    agrees::<_, Cpu<f32>>("qwen2", Narrow);
    agrees::<_, Cpu<f32>>("qwen3", Wide);
}

#[test]
fn mixtures_of_experts() {
    agrees_with::<_, Cpu<f32>, _>("mixtral", Narrow, Experts);
    agrees_with::<_, Cpu<f32>, _>("qwen3_moe", Wide, Experts);
    agrees_with::<_, Cpu<f64>, _>("qwen3_moe", Wide, Experts);
}

#[test]
fn gemma() {
    agrees::<_, Cpu<f32>>("gemma", Wide);
    agrees::<_, Cpu<f32>>("gemma2", Wide);
    agrees::<_, Cpu<f32>>("gemma3", Wide);
    agrees::<_, Cpu<f64>>("gemma3", Wide);
}

/// Logits of up to 6. Each key and value is off by at most half a 127th of the largest of its head, 0.4 %, in the root mean square
/// half of that; what two layers make of it is far below 2 % of the largest logit.
#[test]
fn keys_and_values_in_eight_bits() {
    for name in ["llama", "mistral"] {
        let (model, expected) = (load::<_, Cpu<f32>, _>(name, Narrow, N::<1>), Part::expected(name));
        let ids = Ids::new((Batch, Seq), Vocab, &expected.ids("ids", (Batch, Seq))).unwrap();
        let logits: Tensor<(Batch, Seq, Vocab)> = expected.tensor("logits", (Batch, Seq, Vocab));
        let rows: Vec<Vec<Index<Vocab>>> = ids.to_vec().chunks(11).map(<[_]>::to_vec).collect();
        let mut texts = Texts::new(&model, Batch).in_eight_bits();
        let mut done = [0, 0];
        for counts in [[6, 1], [1, 9], [4, 1]] {
            let new: Vec<_> = (0..2).map(|i| (i, &rows[i][done[i]..done[i] + counts[i]])).collect();
            for (i, found) in texts.extend(&new).unwrap().into_iter().enumerate() {
                done[i] += counts[i];
                let expected = logits.at(Batch, i).unwrap().at(Seq, done[i] - 1).unwrap();
                assert_near(&format!("{name} in eight bits: text {i} after {done:?}"), &found, &expected, 0.12);
            }
        }
    }
}

/// Sizes that only run time knows.
#[test]
fn a_size_of_heads_of_run_time() {
    dims! { HeadDim; }
    bind!(head_dim: HeadDim = 8);
    agrees::<_, Cpu<f32>>("gemma2", head_dim);
}

/// What is saved has the published names.
#[test]
fn a_model_is_saved_as_it_is_published() {
    for name in ["qwen2", "qwen3", "gemma3", "mixtral", "qwen3_moe"] {
        let mut writer = Writer::default();
        let weights = Part::weights(name);
        let settings = Config::from_hugging_face(&config("decoders.json", name).to_string()).unwrap().settings;
        let sizes = |file: &dyn congruent::io::Source| {
            let mut names = file.names();
            names.sort();
            names.into_iter().map(|name| (file.get(&name).unwrap().sizes, name)).collect::<Vec<_>>()
        };
        macro_rules! saved {
            ($head_dim:expr, $experts:expr) => {{
                let model = load::<_, Cpu<f32>, _>(name, $head_dim, $experts);
                writer.module("", &model);
                let file = SafeTensors::from_bytes(writer.to_bytes().unwrap()).unwrap();
                assert_eq!(sizes(&file), sizes(&weights));
                let again = Model::<_, Cpu<f32>, _>::load(
                    &file,
                    dims($head_dim, $experts),
                    &settings,
                    &HUGGING_FACE,
                    &Default::default(),
                    || (),
                );
                assert_eq!(again.unwrap().tokens.weight.to_vec(), model.tokens.weight.to_vec());
            }};
        }
        match name {
            "qwen2" => saved!(Narrow, N::<1>),
            "mixtral" => saved!(Narrow, Experts),
            "qwen3_moe" => saved!(Wide, Experts),
            _ => saved!(Wide, N::<1>),
        }
    }
}

/// On another engine a model is of the same type with that backend, with or without experts and an output of its own.
#[test]
fn a_model_goes_to_another_engine() {
    fn agrees<D: Dense, X: Dense>(name: &str, head_dim: D, experts: X) {
        let model = load::<D, Cpu<f32>, X>(name, head_dim, experts);
        let there: Model<D, Cpu<f32>, X> = model.to_engine::<Cpu<f32>>(&Default::default());
        let expected = Part::expected(name);
        let ids = Ids::new((Batch, Seq), Vocab, &expected.ids("ids", (Batch, Seq))).unwrap();
        let logits = there.cache(Batch).step(Seq, |step| there.logits(&there.hidden_states(&ids, step))).unwrap();
        assert_near(name, &logits, &expected.tensor("logits", (Batch, Seq, Vocab)), TOLERANCE);
    }
    agrees("qwen2", Narrow, N::<1>);
    agrees("gemma3", Wide, N::<1>);
    agrees("qwen3_moe", Wide, Experts);
}

/// A model whose files lack what its configuration says, or have more.
#[test]
fn a_file_of_another_family_is_refused_by_name() {
    let settings = Config::from_hugging_face(&config("decoders.json", "qwen3").to_string()).unwrap().settings;
    let weights = Part::weights("gemma");
    let error = Model::<_, Cpu<f32>, _>::load(
        &weights,
        dims(Wide, N::<1>),
        &settings,
        &HUGGING_FACE,
        &Default::default(),
        || (),
    );
    let error = error.err().unwrap().to_string();
    assert!(error.contains("missing: `model.layers.1.self_attn.q_norm.weight`, expected (Wide = 8)"), "{error}");
}
