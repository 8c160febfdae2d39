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
use std::marker::PhantomData;

dims! {
    Batch = 2; Seq; Greedy = 12; One = 1; New;
    Vocab = 61; Positions = 32; Embed = 24; KeyHeads = 2; Group = 2; Narrow = 6; Wide = 8; Ffn = 40; Experts = 4; ExpertFfn = 20;
}

type Heads = Times<KeyHeads, Group>;
type Model<D, B, X, W> = Llama<Vocab, Positions, Embed, Heads, KeyHeads, D, Ffn, B, X, W>;

/// The experts of a layer, and the width of each.
type OfExperts<X, W> = (X, W);
const NO_EXPERTS: OfExperts<N<1>, Ffn> = (N::<1>, Ffn);
const WIDE_EXPERTS: OfExperts<Experts, Ffn> = (Experts, Ffn);
const NARROW_EXPERTS: OfExperts<Experts, ExpertFfn> = (Experts, ExpertFfn);

fn dims<D, X, W>(
    head_dim: D,
    (experts, expert_ffn): OfExperts<X, W>,
) -> Dims<Vocab, Positions, Embed, Heads, KeyHeads, D, Ffn, X, W> {
    let (vocab, positions, embed, key_heads, ffn) = (Vocab, Positions, Embed, KeyHeads, Ffn);
    Dims { vocab, positions, embed, heads: Times(KeyHeads, Group), key_heads, head_dim, ffn, experts, expert_ffn }
}

/// Norms, softmax and angles of the expected values are of single precision; logits are up to 6, gradients up to 1.
const TOLERANCE: f64 = 2e-5;

fn load<D: Dense, B: Backend<Elem: Float + Stored>, X: Dense, W: Dense>(
    name: &str,
    head_dim: D,
    experts: OfExperts<X, W>,
) -> Model<D, B, X, W> {
    let config = Config::from_hugging_face(&config("decoders.json", name).to_string()).unwrap();
    let Config { vocab, positions, embed, key_heads, group, head_dim: found, ffn, experts: of, expert_ffn, .. } =
        config;
    assert_eq!([vocab, positions, embed, key_heads, group, found], [61, 32, 24, 2, 2, head_dim.size()]);
    // Of a model whose layers all have experts, no weight is of the other width.
    assert_eq!(ffn, if name == "qwen3_moe" { 50 } else { 40 });
    assert_eq!([of, expert_ffn], [experts.0.size(), experts.1.size()]);
    let weights = Part::weights(name);
    Model::load(&weights, dims(head_dim, experts), &config.settings, &HUGGING_FACE, &Default::default(), || ()).unwrap()
}

fn agrees<D: Dense, B: Autodiff<Elem: Float + Stored + Into<f64>>>(name: &str, head_dim: D) {
    agrees_with(PhantomData::<B>, name, head_dim, NO_EXPERTS);
}

fn agrees_with<D: Dense, B: Autodiff<Elem: Float + Stored + Into<f64>>, X: Dense, W: Dense>(
    _: PhantomData<B>,
    name: &str,
    head_dim: D,
    experts: OfExperts<X, W>,
) {
    let (mut model, expected) = (load::<D, B, X, W>(name, head_dim, experts), Part::expected(name));
    let device = model.device();
    bind!(seq: Seq = expected.columns("ids"));
    let ids = Ids::new((Batch, seq), Vocab, &expected.ids("ids", (Batch, seq))).unwrap();
    let there = ids.to_engine::<B>(&device);
    let logits: Tensor<(Batch, _, Vocab)> = expected.tensor("logits", (Batch, seq, Vocab));

    // In parts, of two tokens and then of one.
    let mut cache = model.cache(Batch);
    let last = seq.size() - 1;
    for (begin, length) in [(0, last - 3), (last - 3, 2), (last - 1, 1), (last, 1)] {
        bind!(part: New = length);
        let new = ids.narrow(seq, begin, part).unwrap().to_engine::<B>(&device);
        let found = cache.step(part, |step| model.logits(&model.hidden_states(&new, step))).unwrap();
        assert_near(&format!("{name} from {begin}"), &found, &logits.narrow(seq, begin, part).unwrap(), TOLERANCE);
    }

    // As texts of different lengths.
    let mut texts = Texts::new(&model, Batch);
    let rows: Vec<Vec<Index<Vocab>>> = ids.to_vec().chunks(seq.size()).map(<[_]>::to_vec).collect();
    let mut done = [0, 0];
    for counts in [[seq.size() - 5, 1], [1, seq.size() - 2], [4, 1]] {
        let new: Vec<_> = (0..2).map(|i| (i, &rows[i][done[i]..done[i] + counts[i]])).collect();
        for (i, found) in texts.extend(&new).unwrap().into_iter().enumerate() {
            done[i] += counts[i];
            let expected = logits.at(Batch, i).unwrap().at(seq, done[i] - 1).unwrap();
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
    let places: Vec<u32> = (0..2).flat_map(|_| 0..seq.size() as u32).collect();
    let positions = Ids::new((Batch, seq), Positions, &places).unwrap().to_engine::<B>(&device);
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
    if let FeedForward::Shared(_, shared) = &layer.feed_forward {
        let (gate, down) = (gradients.of(&shared.gate.weight), gradients.of(&shared.network.down.weight));
        let of = "gradient.model.layers.0.mlp.shared_expert";
        assert_near(
            "gradient of the gate",
            &gate,
            &expected.tensor(&format!("{of}_gate.weight"), gate.shape()),
            TOLERANCE,
        );
        let found = expected.tensor(&format!("{of}.down_proj.weight"), down.shape());
        assert_near("gradient of the shared expert", &down, &found, TOLERANCE);
    }
    if let FeedForward::Mixture(mixture) | FeedForward::Shared(mixture, _) = &layer.feed_forward {
        let weight = gradients.of(&mixture.router().weight);
        let found = expected.tensor("gradient.model.layers.0.mlp.gate.weight", weight.shape());
        assert_near(&format!("{name}: gradient of the router"), &weight, &found, TOLERANCE);
        let all = expected.tensor("gradient.model.layers.0.mlp.experts.down_proj", (experts.0, Embed, experts.1));
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
    let (single, double) = (PhantomData::<Cpu<f32>>, PhantomData::<Cpu<f64>>);
    agrees_with(single, "mixtral", Narrow, WIDE_EXPERTS);
    agrees_with(single, "qwen3_moe", Wide, WIDE_EXPERTS);
    agrees_with(double, "qwen3_moe", Wide, WIDE_EXPERTS);
}

/// Beside a layer that has one network, as wide as the shared expert and not as each of the others.
#[test]
fn an_expert_for_all_tokens() {
    agrees_with(PhantomData::<Cpu<f32>>, "qwen2_moe", Narrow, NARROW_EXPERTS);
    agrees_with(PhantomData::<Cpu<f64>>, "qwen2_moe", Narrow, NARROW_EXPERTS);
    let model = load::<_, Cpu<f32>, _, _>("qwen2_moe", Narrow, NARROW_EXPERTS);
    assert!(matches!(model.decoder.layers[0].feed_forward, FeedForward::Shared(..)));
    assert!(matches!(model.decoder.layers[1].feed_forward, FeedForward::One(..)));
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
        let (model, expected) = (load::<_, Cpu<f32>, _, _>(name, Narrow, NO_EXPERTS), Part::expected(name));
        bind!(seq: Seq = expected.columns("ids"));
        let ids = Ids::new((Batch, seq), Vocab, &expected.ids("ids", (Batch, seq))).unwrap();
        let logits: Tensor<(Batch, _, Vocab)> = expected.tensor("logits", (Batch, seq, Vocab));
        let rows: Vec<Vec<Index<Vocab>>> = ids.to_vec().chunks(seq.size()).map(<[_]>::to_vec).collect();
        let mut texts = Texts::new(&model, Batch).in_eight_bits();
        let mut done = [0, 0];
        for counts in [[seq.size() - 5, 1], [1, seq.size() - 2], [4, 1]] {
            let new: Vec<_> = (0..2).map(|i| (i, &rows[i][done[i]..done[i] + counts[i]])).collect();
            for (i, found) in texts.extend(&new).unwrap().into_iter().enumerate() {
                done[i] += counts[i];
                let expected = logits.at(Batch, i).unwrap().at(seq, done[i] - 1).unwrap();
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
    for name in ["qwen2", "qwen3", "gemma3", "mixtral", "qwen3_moe", "qwen2_moe"] {
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
                let model = load::<_, Cpu<f32>, _, _>(name, $head_dim, $experts);
                writer.module("", &model);
                let file = SafeTensors::from_bytes(writer.to_bytes().unwrap()).unwrap();
                assert_eq!(sizes(&file), sizes(&weights));
                let again = Model::<_, Cpu<f32>, _, _>::load(
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
            "qwen2" => saved!(Narrow, NO_EXPERTS),
            "mixtral" => saved!(Narrow, WIDE_EXPERTS),
            "qwen3_moe" => saved!(Wide, WIDE_EXPERTS),
            "qwen2_moe" => saved!(Narrow, NARROW_EXPERTS),
            _ => saved!(Wide, NO_EXPERTS),
        }
    }
}

/// On another engine a model is of the same type with that backend, with or without experts and an output of its own.
#[test]
fn a_model_goes_to_another_engine() {
    fn agrees<D: Dense, X: Dense, W: Dense>(name: &str, head_dim: D, experts: OfExperts<X, W>) {
        let model = load::<D, Cpu<f32>, X, W>(name, head_dim, experts);
        let there: Model<D, Cpu<f32>, X, W> = model.to_engine::<Cpu<f32>>(&Default::default());
        let expected = Part::expected(name);
        bind!(seq: Seq = expected.columns("ids"));
        let ids = Ids::new((Batch, seq), Vocab, &expected.ids("ids", (Batch, seq))).unwrap();
        let logits = there.cache(Batch).step(seq, |step| there.logits(&there.hidden_states(&ids, step))).unwrap();
        assert_near(name, &logits, &expected.tensor("logits", (Batch, seq, Vocab)), TOLERANCE);
    }
    agrees("qwen2", Narrow, NO_EXPERTS);
    agrees("gemma3", Wide, NO_EXPERTS);
    agrees("qwen3_moe", Wide, WIDE_EXPERTS);
    agrees("qwen2_moe", Narrow, NARROW_EXPERTS);
}

/// A model whose files lack what its configuration says, or have more.
#[test]
fn a_file_of_another_family_is_refused_by_name() {
    let settings = Config::from_hugging_face(&config("decoders.json", "qwen3").to_string()).unwrap().settings;
    let weights = Part::weights("gemma");
    let error = Model::<_, Cpu<f32>, _, _>::load(
        &weights,
        dims(Wide, NO_EXPERTS),
        &settings,
        &HUGGING_FACE,
        &Default::default(),
        || (),
    );
    let error = error.err().unwrap().to_string();
    assert!(error.contains("missing: `model.layers.1.self_attn.q_norm.weight`, expected (Wide = 8)"), "{error}");
}
