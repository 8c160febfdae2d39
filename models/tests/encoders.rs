//! Encoders with random weights against what the transformers library makes of them: states of a padded batch, and gradients.

mod common;

use common::{Part, assert_near, config};
use congruent::backend::{Autodiff, Backend, Float, Number, Value};
use congruent::io::{SafeTensors, Source, Stored, Writer};
use congruent::prelude::*;
use congruent_models::Architecture;
use congruent_models::bert::{Bert, Dims};
use congruent_models::modern_bert::{self, ModernBert};

dims! {
    Batch = 2; Seq = 9; Vocab = 61; Positions = 32; TokenTypes = 1; Embed = 24; Heads = 3; HeadDim = 8; Ffn = 40;
}

#[derive(Clone, Copy)]
struct Small;

macro_rules! dims_of { ($($field:ident: $Dim:ident),*) => {
    impl Dims for Small {
        $(
            type $Dim = $Dim;
            fn $field(self) -> $Dim {
                $Dim
            }
        )*
    }
} }
dims_of!(
    vocab: Vocab, positions: Positions, token_types: TokenTypes, embed: Embed, heads: Heads, head_dim: HeadDim, ffn: Ffn
);

/// The expected values are of double precision; states are up to 3, gradients up to 0.2.
const TOLERANCE: f64 = 1e-5;

#[test]
fn roberta() {
    let Architecture::Bert(config) = Architecture::read(&config("encoders.json", "roberta").to_string()).unwrap()
    else {
        panic!("RoBERTa is a kind of BERT");
    };
    let settings = config.settings().unwrap();
    assert_eq!((settings.layers, settings.first_position), (3, 2));
    let mut model: Bert<Small> = Bert::load(&Part::weights("roberta"), Small, settings).unwrap();
    model.track();
    let expected = Part::expected("roberta");
    let (batch, seq) = (Batch, Ragged(Seq));
    let ids = Ids::new((batch, seq), Vocab, &expected.ids("ids", (Batch, Seq))).unwrap();
    let lengths: Vec<usize> = expected.ids("lengths", (Batch,)).into_iter().map(|length| length as usize).collect();
    let lengths = Lengths::new(batch, seq, &lengths).unwrap();
    let state = model.last_hidden_state(&ids, &lengths).unwrap();
    let states = expected.tensor("states", (batch, seq, Embed)).fill_padding(&lengths, 0.0);
    assert_near("states", &state.fill_padding(&lengths, 0.0), &states, TOLERANCE);

    // The mean over the live elements.
    let live: usize = lengths.as_slice().iter().sum();
    let loss = state.square().masked_sum(&lengths).sum(Embed).sum(Batch) * (1.0 / (live * Embed.size()) as f32);
    let gradient = loss.backward().of(&model.words.weight);
    let expected = expected.tensor("gradient.embeddings.word_embeddings.weight", (Vocab, Embed));
    assert_near("gradient of the embedding of tokens", &gradient, &expected, TOLERANCE);
}

/// The positions of RoBERTa begin behind those of padding: there are two fewer than rows.
#[test]
fn a_text_past_the_positions_is_refused() {
    let Architecture::Bert(config) = Architecture::read(&config("encoders.json", "roberta").to_string()).unwrap()
    else {
        panic!("RoBERTa is a kind of BERT");
    };
    let model: Bert<Small> = Bert::load(&Part::weights("roberta"), Small, config.settings().unwrap()).unwrap();
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

type Modern<B = Cpu<f32>> = ModernBert<Vocab, Positions, Embed, Heads, HeadDim, Ffn, B>;

fn modern_bert<B: Backend<Elem: Float + Stored>>() -> Modern<B> {
    let config = config("encoders.json", "modernbert").to_string();
    let Architecture::ModernBert(config) = Architecture::read(&config).unwrap() else { panic!("another model") };
    let modern_bert::Config { vocab, positions, embed, heads, head_dim, ffn, settings } = config;
    assert_eq!([vocab, positions, embed, heads, head_dim, ffn], [61, 32, 24, 3, 8, 40]);
    assert_eq!((&settings.local[..], settings.reach), (&[false, true, true, false][..], 2));
    let (vocab, positions, embed, heads, head_dim, ffn) = (Vocab, Positions, Embed, Heads, HeadDim, Ffn);
    let dims = modern_bert::Dims { vocab, positions, embed, heads, head_dim, ffn };
    ModernBert::load(&Part::weights("modernbert"), dims, &settings, &Default::default()).unwrap()
}

fn modern_bert_agrees<B: Autodiff<Elem: Float + Stored + Into<f64>>>() {
    let mut model = modern_bert::<B>();
    model.track();
    let expected = Part::expected("modernbert");
    let (batch, seq) = (Batch, Ragged(Seq));
    let ids =
        Ids::new((batch, seq), Vocab, &expected.ids("ids", (Batch, Seq))).unwrap().to_engine::<B>(&model.device());
    let lengths: Vec<usize> = expected.ids("lengths", (Batch,)).into_iter().map(|length| length as usize).collect();
    let lengths = Lengths::new(batch, seq, &lengths).unwrap();
    let state = model.last_hidden_state(&ids, &lengths).unwrap();
    let states = expected.tensor("states", (batch, seq, Embed)).fill_padding(&lengths, 0.0);
    // What stands in padding means nothing.
    let filled = state.fill_padding(&lengths, B::Elem::from_value(Value::Float(0.0)));
    assert_near("states", &filled, &states, TOLERANCE_OF_SINGLE);

    let live: usize = lengths.as_slice().iter().sum();
    let loss =
        state.square().masked_sum(&lengths).sum(Embed).sum(Batch).affine(1.0 / (live * Embed.size()) as f64, 0.0);
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
    near!("embeddings.tok_embeddings.weight", model.tokens.weight);
    near!("layers.1.attn.Wqkv.weight", model.layers[1].query_key_value.weight);
    near!("layers.2.mlp.Wi.weight", model.layers[2].gate_up.weight);
}

/// The library calculates angles and softmax in single precision.
const TOLERANCE_OF_SINGLE: f64 = 2e-5;

#[test]
fn modern_bert_in_both_precisions() {
    modern_bert_agrees::<Cpu<f32>>();
    modern_bert_agrees::<Cpu<f64>>();
}

#[test]
fn modern_bert_is_saved_as_it_is_published() {
    let mut writer = Writer::default();
    writer.module("", &modern_bert::<Cpu<f32>>());
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
