//! Whisper with random weights against what the transformers library makes of it: what the encoder gives, logits at once and in parts,
//! greedy transcripts, gradients, and how sound becomes frames.

mod common;

use common::{
    KNOWN, On, Padded, Part, assert_gradient_of_tokens, assert_near, assert_saved_as_published, config, on_ranks,
    only_known,
};
use congruent::backend::{Autodiff, DeviceOf, Float};
use congruent::dim::{Filled, Vocabulary};
use congruent::generate::{Request, Sampler, Sampling, generate};
use congruent::io::Stored;
use congruent::nn::next_token_loss;
use congruent::prelude::*;
use congruent_models::Architecture;
use congruent_models::whisper::{Config, Dims, Transcripts, Whisper, log_mel};
use serde_json::json;

dims! {
    Batch = 2; Mels = 8; Frames = 20; Sounds = 10; Transcript; Greedy = 10; New; Positions = 16;
    Vocab = 61; Embed = 24; Heads = 3; HeadDim = 8; Ffn = 40; Bands = 16; Second = 100;
    AlongHeads = 3; AlongFfn = 2; More = 66;
}

type Model<B, V = Vocab, H = Heads, F = Ffn> = Whisper<Mels, Sounds, V, Positions, Embed, H, HeadDim, F, B>;

/// Softmax of the expected values is of single precision; logits are up to 6.
const TOLERANCE: f64 = 2e-5;

/// Vocabulary, heads and features of the feed-forward networks may be parts.
fn model<V: Vocabulary, H: Filled, F: Filled, B: Autodiff<Elem: Float + Stored>>(
    (vocab, heads, ffn): (V, H, F),
    device: &DeviceOf<B>,
) -> Model<B, V, H, F> {
    let Architecture::Whisper(config) = Architecture::read(&config("whisper.json", "whisper").to_string()).unwrap()
    else {
        panic!("it is a Whisper");
    };
    let Config { mels, sounds, positions, embed, head_dim, settings, .. } = &config;
    assert_eq!([*mels, *sounds, *positions, *embed, *head_dim], [8, 10, 16, 24, 8]);
    assert_eq!([config.vocab, config.heads, config.ffn], [KNOWN, 3, 40]);
    let (mels, sounds, positions, embed, head_dim) = (Mels, Sounds, Positions, Embed, HeadDim);
    let dims = Dims { mels, sounds, vocab, positions, embed, heads, head_dim, ffn };
    let weights = Padded(Part::weights("whisper"), vocab.whole().size());
    Whisper::load(&weights, dims, settings, device).unwrap()
}

fn agrees<V: Vocabulary, H: Filled, F: Filled, B: Autodiff<Elem: Float + Stored + Into<f64>>>(
    dims: (V, H, F),
    device: &DeviceOf<B>,
) {
    let (mut model, expected) = (model::<V, H, F, B>(dims, device), Part::expected("whisper"));
    let tokens = model.vocab();
    assert_eq!(model.decoder.tokens.weight.sizes(), [dims.0.size(), 24]);
    let frames: Tensor<_, B> = expected.tensor("frames", (Batch, Mels, Frames));
    bind!(transcript: Transcript = expected.columns("targets"));
    let targets = Ids::new((Batch, transcript), tokens, &expected.ids("targets", (Batch, transcript))).unwrap();
    let logits: Tensor<(Batch, _, Vocab)> = expected.tensor("logits", (Batch, transcript, Vocab));

    // In parts.
    let encoded = model.encode(&frames).unwrap();
    assert_near("memory", &encoded, &expected.tensor("memory", (Batch, Sounds, Embed)), TOLERANCE);
    let memory = model.memory(&encoded);
    let mut cache = model.cache(Batch);
    let last = transcript.size() - 1;
    for (begin, length) in [(0, last - 2), (last - 2, 2), (last, 1)] {
        bind!(part: New = length);
        let new = targets.narrow(transcript, begin, part).unwrap().to_engine::<B>(device);
        let found = cache.step(part, |step| model.hidden_states(&new, &memory, step)).unwrap();
        let expected = logits.narrow(transcript, begin, part).unwrap();
        let found = model.logits(&found).of_all_ranks(At::<2>).narrow(At::<2>, 0, Vocab).unwrap();
        assert_near(&format!("from {begin}"), &found, &expected, TOLERANCE);
    }

    // The most likely tokens, alone and beside another transcript.
    let request = |maximum| Request {
        prompt: vec![Index::new(tokens, 1).unwrap()],
        sampler: Sampler::new(Sampling::GREEDY, 0).unwrap(),
        end: vec![],
        maximum,
    };
    let both = &mut Transcripts::new(&model, &frames).unwrap();
    let both = generate(both, vec![request(10), request(4)]).unwrap();
    let numbers: Vec<u32> = both[0].ids.iter().map(|id| id.get()).collect();
    assert_eq!(numbers, expected.ids("greedy", (Greedy,)));

    // At once, with gradients.
    model.track();
    let there = targets.to_engine::<B>(device);
    let memory = model.memory(&model.encode(&frames).unwrap());
    let found = model.logits(&model.forward(&there, &memory, &Causal).unwrap());
    let of_known = found.of_all_ranks(At::<2>).narrow(At::<2>, 0, Vocab).unwrap();
    assert_near("at once", &of_known, &logits, TOLERANCE);
    let found = found + &only_known(dims.0, device);
    let gradients = next_token_loss(&found, &there).mean(At::<1>).mean(Batch).backward();
    let gradient = gradients.of(&model.decoder.tokens.weight);
    assert_gradient_of_tokens(&expected, "model.decoder.embed_tokens.weight", &gradient, TOLERANCE);
    macro_rules! near {
        ($path:literal, $weight:expr) => {{
            let gradient = gradients.of(&$weight);
            let expected = expected.tensor(concat!("gradient.", $path), gradient.shape());
            assert_near(concat!("gradient of ", $path), &gradient, &expected, TOLERANCE);
        }};
    }
    near!("model.encoder.conv1.weight", model.encoder.conv1.weight);
    near!("model.encoder.layers.0.self_attn.k_proj.weight", model.encoder.layers[0].layer.attention.key.weight);
    near!("model.decoder.embed_positions.weight", model.decoder.positions.weight);
    near!(
        "model.decoder.layers.1.encoder_attn.v_proj.bias",
        model.decoder.layers[1].cross.value.bias.as_ref().unwrap()
    );
    // What the encoder adds to positions is not trained.
    assert!(!model.encoder.positions.weight.is_tracked());
}

#[test]
fn whisper() {
    agrees::<_, _, _, Cpu<f32>>((Vocab, Heads, Ffn), &Default::default());
    agrees::<_, _, _, Cpu<f64>>((Vocab, Heads, Ffn), &Default::default());
}

#[test]
fn in_parts_on_the_ranks_of_a_mesh() {
    on_ranks((AlongHeads, Heads), (AlongFfn, Ffn), |mesh, heads, ffn| {
        let device = &mesh.device();
        agrees::<_, _, _, On>((Vocab, heads, ffn), device);
        agrees::<_, _, _, On>((mesh.shard(More, AlongHeads), heads, ffn), device);
        agrees::<_, _, _, On>((mesh.shard(More, AlongFfn), heads, ffn), device);
    });
}

#[test]
fn sound_becomes_frames() {
    let samples: Vec<f32> = (0..12000)
        .map(|at| {
            let (t, turn) = (at as f64 / 16000.0, std::f64::consts::TAU);
            let fading = 0.4 * (turn * 440.0 * t).sin() * (-3.0 * t).exp();
            (fading + 0.1 * (turn * (1000.0 + 1500.0 * t) * t).sin()) as f32
        })
        .collect();
    let expected: Tensor<(Bands, Second)> = Part::expected("whisper").tensor("log_mel", (Bands, Second));
    // Both are of double precision, and stored in single.
    assert_near("frames", &log_mel(&samples, Bands, Second), &expected, 1e-5);
    // What is more than a second has no part in it.
    let mut longer = samples.clone();
    longer.resize(16000, 0.0);
    let a_second = log_mel(&longer, Bands, Second);
    longer.resize(20000, 1.0);
    assert_eq!(log_mel(&longer, Bands, Second).to_vec(), a_second.to_vec());
    dims! { None = 0; }
    assert_eq!(log_mel(&samples, Bands, None).sizes(), [16, 0]);
}

#[test]
fn other_frames_and_configurations_are_refused() {
    let model = model::<_, _, _, Cpu<f32>>((Vocab, Heads, Ffn), &Default::default());
    dims! { Fewer = 18; }
    let error = model.encode(&Tensor::zeros((Batch, Mels, Fewer))).err().unwrap().to_string();
    assert!(error.contains("Fewer") && error.contains("Sounds"), "{error}");
    for (key, value, expected) in [
        ("decoder_attention_heads", json!(2), "`encoder_attention_heads` is 3, and `decoder_attention_heads` 2"),
        ("scale_embedding", json!(true), "`scale_embedding` is true, and no version of Whisper has that"),
        ("d_model", json!(25), "a width of 25 cannot be shared by 3 heads"),
    ] {
        let mut json = config("whisper.json", "whisper");
        json[key] = value;
        let error = Architecture::read(&json.to_string()).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn a_model_is_saved_as_it_is_published() {
    assert_saved_as_published(
        &model::<_, _, _, Cpu<f32>>((Vocab, Heads, Ffn), &Default::default()),
        &Part::weights("whisper"),
    );
}
