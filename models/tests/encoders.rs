//! Encoders with random weights against what the transformers library makes of them: states of a padded batch, and gradients.

mod common;

use common::roberta::{Embed, Ffn, HeadDim, Heads, Positions, Small, Vocab, roberta};
use common::{KNOWN, On, Padded, Part, assert_gradient_of_tokens, assert_near, config, on_ranks};
use congruent::backend::{Autodiff, Backend, DeviceOf, Float, Number, Value};
use congruent::dim::{Filled, Vocabulary};
use congruent::io::{SafeTensors, Source, Stored, Writer};
use congruent::prelude::*;
use congruent_models::Architecture;
use congruent_models::bert::Bert;
use congruent_models::modern_bert::{self, ModernBert};

dims! { Batch = 2; Seq; AlongHeads = 3; AlongFfn = 2; More = 66; }

/// The expected values are of double precision; states are up to 3, gradients up to 0.2.
const TOLERANCE: f64 = 1e-5;

fn roberta_agrees<V: Vocabulary, H: Filled, F: Filled, B: Autodiff<Elem: Float + Stored + Into<f64>>>(
    dims: Small<V, H, F>,
    device: &DeviceOf<B>,
) {
    let (weights, settings) = roberta();
    assert_eq!((settings.layers, settings.first_position), (3, 2));
    let weights = Padded(weights, dims.0.whole().size());
    let mut model: Bert<Small<V, H, F>, B> = Bert::load_on(&weights, dims, settings, device).unwrap();
    assert_eq!(model.words.weight.sizes(), [dims.0.size(), 24]);
    model.track();
    let expected = Part::expected("roberta");
    bind!(seq: Seq = expected.columns("ids"));
    let (batch, seq) = (Batch, Ragged(seq));
    let ids = Ids::new((batch, seq), model.vocab(), &expected.ids("ids", (batch, seq))).unwrap().to_engine::<B>(device);
    let lengths: Vec<usize> = expected.ids("lengths", (Batch,)).into_iter().map(|length| length as usize).collect();
    let lengths = Lengths::new(batch, seq, &lengths).unwrap();
    let state = model.last_hidden_state(&ids, &lengths).unwrap();
    let states = expected.tensor("states", (batch, seq, Embed)).fill_padding(&lengths, 0.0);
    let filled = state.fill_padding(&lengths, B::Elem::from_value(Value::Float(0.0)));
    assert_near("states", &filled, &states, TOLERANCE);

    // The mean over the valid elements.
    let valid: usize = lengths.as_slice().iter().sum();
    let sum = state.square().masked_sum(&lengths).sum(Embed).sum(Batch);
    let gradients = sum.affine(1.0 / (valid * Embed.size()) as f64, 0.0).backward();
    let gradient = gradients.of(&model.words.weight);
    assert_gradient_of_tokens(&expected, "embeddings.word_embeddings.weight", &gradient, TOLERANCE);
}

#[test]
fn roberta_in_one_process() {
    roberta_agrees::<_, _, _, Cpu<f32>>(Small(Vocab, Heads, Ffn), &Default::default());
}

#[test]
fn roberta_in_parts_on_the_ranks_of_a_mesh() {
    on_ranks((AlongHeads, Heads), (AlongFfn, Ffn), |mesh, heads, ffn| {
        let device = &mesh.device();
        roberta_agrees::<_, _, _, On>(Small(Vocab, heads, ffn), device);
        roberta_agrees::<_, _, _, On>(Small(mesh.shard(More, AlongHeads), heads, ffn), device);
        roberta_agrees::<_, _, _, On>(Small(mesh.shard(More, AlongFfn), heads, ffn), device);
    });
}

/// The positions of RoBERTa begin behind those of padding: there are two fewer than rows.
#[test]
fn a_text_past_the_positions_is_refused() {
    let (weights, settings) = roberta();
    let model = Bert::load(&weights, Small(Vocab, Heads, Ffn), settings).unwrap();
    dims! { Length; }
    let state = |ids: Vec<u32>| {
        bind!(length: Length = ids.len());
        let ids = Ids::new((N::<1>, length), Vocab, &ids).unwrap();
        model.last_hidden_state(&ids, &Full).map(|state| state.sizes().into_array())
    };
    assert_eq!(state(vec![7; 30]).unwrap(), [1, 30, 24]);
    let error = state(vec![7; 31]).unwrap_err().to_string();
    assert!(error.contains("Positions"), "{error}");
}

type Modern<B = Cpu<f32>, V = Vocab, H = Heads, F = Ffn> = ModernBert<V, Positions, Embed, H, HeadDim, F, B>;
type ModernDims<V, H, F> = modern_bert::Dims<V, Positions, Embed, H, HeadDim, F>;

/// Vocabulary, heads and features of the feed-forward networks may be parts: the dimensions, the settings, and the file.
fn modern<V: Vocabulary, H, F>(
    name: &str,
    (vocab, heads, ffn): (V, H, F),
) -> (ModernDims<V, H, F>, modern_bert::Settings, Padded) {
    let config = config("encoders.json", name).to_string();
    let Architecture::ModernBert(config) = Architecture::read(&config).unwrap() else { panic!("another model") };
    let modern_bert::Config { positions, embed, head_dim, settings, .. } = config;
    assert_eq!([config.vocab, positions, embed, config.heads, head_dim, config.ffn], [KNOWN, 32, 24, 3, 8, 40]);
    assert_eq!((&settings.local[..], settings.reach), (&[false, true, true, false][..], 2));
    let (positions, embed, head_dim) = (Positions, Embed, HeadDim);
    let weights = Padded(Part::weights(name), vocab.whole().size());
    (modern_bert::Dims { vocab, positions, embed, heads, head_dim, ffn }, settings, weights)
}

fn modern_bert<V: Vocabulary, H: Filled, F: Filled, B: Backend<Elem: Float + Stored>>(
    dims: (V, H, F),
    device: &DeviceOf<B>,
) -> Modern<B, V, H, F> {
    let (dims, settings, weights) = modern("modernbert", dims);
    ModernBert::load(&weights, dims, &settings, device).unwrap()
}

fn modern_bert_agrees<V: Vocabulary, H: Filled, F: Filled, B: Autodiff<Elem: Float + Stored + Into<f64>>>(
    dims: (V, H, F),
    device: &DeviceOf<B>,
) {
    let mut model = modern_bert::<V, H, F, B>(dims, device);
    assert_eq!(model.tokens.weight.sizes(), [dims.0.size(), 24]);
    model.track();
    let expected = Part::expected("modernbert");
    bind!(seq: Seq = expected.columns("ids"));
    let (batch, seq) = (Batch, Ragged(seq));
    let ids = Ids::new((batch, seq), model.vocab(), &expected.ids("ids", (batch, seq))).unwrap().to_engine::<B>(device);
    let lengths: Vec<usize> = expected.ids("lengths", (Batch,)).into_iter().map(|length| length as usize).collect();
    let lengths = Lengths::new(batch, seq, &lengths).unwrap();
    let state = model.last_hidden_state(&ids, &lengths).unwrap();
    let states = expected.tensor("states", (batch, seq, Embed)).fill_padding(&lengths, 0.0);
    // What stands in padding means nothing.
    let filled = state.fill_padding(&lengths, B::Elem::from_value(Value::Float(0.0)));
    assert_near("states", &filled, &states, TOLERANCE_OF_SINGLE);

    let valid: usize = lengths.as_slice().iter().sum();
    let loss =
        state.square().masked_sum(&lengths).sum(Embed).sum(Batch).affine(1.0 / (valid * Embed.size()) as f64, 0.0);
    let gradients = loss.backward();
    let near = |path: &str, found: Vec<B::Elem>, expected: Vec<f32>| {
        let pairs = found.into_iter().map(Into::into).zip(expected);
        let furthest = pairs.map(|(x, y): (f64, f32)| (x - f64::from(y)).abs()).max_by(f64::total_cmp).unwrap();
        assert!(furthest < TOLERANCE_OF_SINGLE, "gradient of {path}: {furthest}");
    };
    macro_rules! near {
        ($path:literal, $weight:expr) => {
            let expected = expected.tensor::<_, Cpu<f32>>(concat!("gradient.", $path), $weight.shape());
            near($path, gradients.of(&$weight).to_vec(), expected.to_vec());
        };
    }
    let gradient = gradients.of(&model.tokens.weight);
    assert_gradient_of_tokens(&expected, "embeddings.tok_embeddings.weight", &gradient, TOLERANCE_OF_SINGLE);
    near!("layers.1.attn.Wqkv.weight", model.layers[1].query_key_value.weight);
    near!("layers.2.mlp.Wi.weight", model.layers[2].gate_up.weight);
}

/// The library calculates angles and softmax in single precision.
const TOLERANCE_OF_SINGLE: f64 = 2e-5;

#[test]
fn modern_bert_in_both_precisions() {
    modern_bert_agrees::<_, _, _, Cpu<f32>>((Vocab, Heads, Ffn), &Default::default());
    modern_bert_agrees::<_, _, _, Cpu<f64>>((Vocab, Heads, Ffn), &Default::default());
}

#[test]
fn modern_bert_in_parts_on_the_ranks_of_a_mesh() {
    fn agree<V: Vocabulary, H: Filled, F: Filled>(dims: (V, H, F), device: &DeviceOf<On>) {
        modern_bert_agrees::<_, _, _, On>(dims, device);
        hidden_tokens_agree::<_, _, _, On>(dims, device);
    }
    on_ranks((AlongHeads, Heads), (AlongFfn, Ffn), |mesh, heads, ffn| {
        let device = &mesh.device();
        agree((Vocab, heads, ffn), device);
        agree((mesh.shard(More, AlongHeads), heads, ffn), device);
        agree((mesh.shard(More, AlongFfn), heads, ffn), device);
    });
}

fn hidden_tokens_agree<V: Vocabulary, H: Filled, F: Filled, B: Autodiff<Elem: Float + Stored + Into<f64>>>(
    dims: (V, H, F),
    device: &DeviceOf<B>,
) {
    let (dims, settings, weights) = modern("modernbert_masked", dims);
    let mut model = modern_bert::Masked::<_, _, _, _, _, _, B>::load(&weights, dims, &settings, device).unwrap();
    model.track();
    let expected = Part::expected("modernbert_masked");
    bind!(seq: Seq = expected.columns("ids"));
    let (batch, seq) = (Batch, Ragged(seq));
    let ids = Ids::new((batch, seq), model.model.vocab(), &expected.ids("ids", (batch, seq))).unwrap();
    let lengths: Vec<usize> = expected.ids("lengths", (Batch,)).into_iter().map(|length| length as usize).collect();
    let lengths = Lengths::new(batch, seq, &lengths).unwrap();
    let states = model.model.last_hidden_state(&ids.to_engine::<B>(device), &lengths).unwrap();
    let logits = model.logits(&states).of_all_ranks(At::<2>).narrow(At::<2>, 0, Vocab).unwrap();
    let found = expected.tensor("states", (batch, seq, Vocab)).fill_padding(&lengths, 0.0);
    let filled = logits.fill_padding(&lengths, B::Elem::from_value(Value::Float(0.0)));
    assert_near("logits", &filled, &found, TOLERANCE_OF_SINGLE);

    let valid: usize = lengths.as_slice().iter().sum();
    let sum = logits.square().masked_sum(&lengths).sum(Vocab).sum(Batch);
    let gradients = sum.affine(1.0 / (valid * Vocab.size()) as f64, 0.0).backward();
    macro_rules! near {
        ($path:literal, $weight:expr) => {
            let gradient = gradients.of(&$weight);
            let expected = expected.tensor(concat!("gradient.", $path), gradient.shape());
            assert_near(concat!("gradient of ", $path), &gradient, &expected, TOLERANCE_OF_SINGLE);
        };
    }
    let gradient = gradients.of(&model.model.tokens.weight);
    assert_gradient_of_tokens(&expected, "model.embeddings.tok_embeddings.weight", &gradient, TOLERANCE_OF_SINGLE);
    near!("head.dense.weight", model.dense.weight);
    near!("head.norm.weight", model.norm.weight);
    let bias = gradients.of(model.bias.as_ref().unwrap()).of_all_ranks(At::<0>).narrow(At::<0>, 0, Vocab).unwrap();
    let gradient = expected.tensor("gradient.decoder.bias", (Vocab,));
    assert_near("gradient of decoder.bias", &bias, &gradient, TOLERANCE_OF_SINGLE);
}

#[test]
fn hidden_tokens() {
    hidden_tokens_agree::<_, _, _, Cpu<f32>>((Vocab, Heads, Ffn), &Default::default());
    hidden_tokens_agree::<_, _, _, Cpu<f64>>((Vocab, Heads, Ffn), &Default::default());
    let (dims, mut settings, Padded(weights, _)) = modern("modernbert_masked", (Vocab, Heads, Ffn));
    let model: modern_bert::Masked<_, _, _, _, _, _> =
        modern_bert::Masked::load(&weights, dims, &settings, &Default::default()).unwrap();
    common::assert_saved_as_published(&model, &weights);
    settings.masked.tied = false;
    let other = modern_bert::Masked::<_, _, _, _, _, _, Cpu<f32>>::load(&weights, dims, &settings, &Default::default());
    assert!(other.err().unwrap().to_string().starts_with("`tie_word_embeddings` is false"));
    // The model alone is read from the same file.
    let alone: Modern = ModernBert::load(&weights, dims, &settings, &Default::default()).unwrap();
    assert_eq!(alone.tokens.weight.to_vec(), model.model.tokens.weight.to_vec());
}

#[test]
fn modern_bert_is_saved_as_it_is_published() {
    let mut writer = Writer::default();
    writer.module("", &modern_bert::<_, _, _, Cpu<f32>>((Vocab, Heads, Ffn), &Default::default()));
    let file = SafeTensors::from_bytes(writer.to_bytes().unwrap()).unwrap();
    let (mut found, mut expected) = (file.names(), Part::weights("modernbert").names());
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

/// As the files that were published first say it, and files that cannot be.
#[test]
fn what_a_modern_bert_says() {
    let mut json = config("encoders.json", "modernbert");
    let read = |json: &serde_json::Value| match Architecture::read(&json.to_string()) {
        Ok(Architecture::ModernBert(config)) => Ok(config.settings),
        Ok(_) => panic!("another model"),
        Err(error) => Err(error.to_string()),
    };
    let newer = read(&json).unwrap();
    for (key, value) in [("layer_types", None), ("rope_parameters", None), ("global_attn_every_n_layers", Some(3))] {
        json[key] = value.into();
    }
    assert_eq!(read(&json).unwrap(), newer);
    for (key, value, expected) in [
        ("global_attn_every_n_layers", 0.into(), "`global_attn_every_n_layers` is 0"),
        ("num_attention_heads", 5.into(), "a width of 24 cannot be shared by 5 heads"),
        ("num_attention_heads", 8.into(), "`hidden_size / num_attention_heads` is 3, which is odd"),
        ("layer_types", vec!["full_attention"].into(), "`layer_types` has 1 entries, and there are 4 layers"),
        ("hidden_activation", "mish".into(), "`hidden_activation` is `mish`; known are"),
    ] {
        let mut json = json.clone();
        json[key] = value;
        let error = read(&json).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }
}
