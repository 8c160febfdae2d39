//! The sizes of models, and files that contradict themselves.

#[path = "config/experts.rs"]
mod experts;

use congruent::io::Gguf;
use congruent_models::decoder::Config;
use serde_json::{Value, json};

/// A value of the metadata of a GGUF file.
#[derive(Clone)]
enum Meta {
    Number(u32),
    Float(f32),
    Text(&'static str),
    Texts(usize),
}
use Meta::{Float, Number, Text, Texts};

/// A file of these metadata, and of `rope_freqs.weight` if there are such factors.
fn gguf(metadata: &[(&str, Meta)], factors: &[f32]) -> Gguf {
    fn text(file: &mut Vec<u8>, text: &str) {
        file.extend((text.len() as u64).to_le_bytes());
        file.extend(text.as_bytes());
    }
    fn number(file: &mut Vec<u8>, number: u32) {
        file.extend(number.to_le_bytes());
    }
    let mut file = b"GGUF".to_vec();
    number(&mut file, 3);
    file.extend(u64::from(!factors.is_empty()).to_le_bytes());
    file.extend((metadata.len() as u64).to_le_bytes());
    for (key, value) in metadata {
        text(&mut file, key);
        match value {
            Number(value) => [4, *value].into_iter().for_each(|value| number(&mut file, value)),
            Float(value) => [6, value.to_bits()].into_iter().for_each(|value| number(&mut file, value)),
            Text(value) => {
                number(&mut file, 8);
                text(&mut file, value);
            }
            Texts(count) => {
                [9, 8].into_iter().for_each(|kind| number(&mut file, kind));
                file.extend((*count as u64).to_le_bytes());
                (0..*count).for_each(|_| text(&mut file, "token"));
            }
        }
    }
    if !factors.is_empty() {
        text(&mut file, "rope_freqs.weight");
        number(&mut file, 1);
        file.extend((factors.len() as u64).to_le_bytes());
        number(&mut file, 0);
        file.extend(0u64.to_le_bytes());
    }
    file.resize(file.len().next_multiple_of(32), 0);
    factors.iter().for_each(|factor| file.extend(factor.to_le_bytes()));
    Gguf::from_bytes(file).unwrap()
}

/// Two query heads of four elements on one key head.
const METADATA: [(&str, Meta); 11] = [
    ("general.architecture", Text("llama")),
    ("llama.block_count", Number(2)),
    ("llama.context_length", Number(64)),
    ("llama.embedding_length", Number(8)),
    ("llama.feed_forward_length", Number(24)),
    ("llama.attention.head_count", Number(2)),
    ("llama.attention.head_count_kv", Number(1)),
    ("llama.attention.layer_norm_rms_epsilon", Float(1e-5)),
    ("llama.rope.freq_base", Float(100.0)),
    ("llama.vocab_size", Number(10)),
    ("tokenizer.ggml.tokens", Texts(10)),
];

/// The metadata with one value changed, added, or taken away.
fn changed(key: &'static str, value: Option<Meta>) -> Vec<(&'static str, Meta)> {
    let mut metadata = METADATA.to_vec();
    metadata.retain(|(other, _)| *other != key);
    metadata.extend(value.map(|value| (key, value)));
    metadata
}

fn sizes(config: &Config) -> [usize; 7] {
    let Config { vocab, positions, embed, key_heads, group, head_dim, ffn, .. } = *config;
    [vocab, positions, embed, key_heads, group, head_dim, ffn]
}

#[test]
fn a_file_says_its_sizes() {
    let config = Config::from_gguf(&gguf(&METADATA, &[])).unwrap();
    assert_eq!(sizes(&config), [10, 64, 8, 1, 2, 4, 24]);
    assert_eq!((config.settings.layers, config.settings.tied), (2, None));
    assert_eq!(config.settings.frequencies, [1.0, 0.1]);

    // Without what may be missing.
    let config = Config::from_gguf(&gguf(&changed("llama.attention.head_count_kv", None), &[])).unwrap();
    assert_eq!(sizes(&config), [10, 64, 8, 2, 1, 4, 24]);
    let config = Config::from_gguf(&gguf(&changed("llama.vocab_size", None), &[])).unwrap();
    assert_eq!(config.vocab, 10);
    let config = Config::from_gguf(&gguf(&changed("llama.rope.freq_base", None), &[])).unwrap();
    assert_eq!(config.settings.frequencies, [1.0, 0.01]);
    // Heads that are wider than the model.
    let config = Config::from_gguf(&gguf(&changed("llama.attention.key_length", Some(Number(6))), &[])).unwrap();
    assert_eq!(config.head_dim, 6);

    // Llama 3's factors.
    let config = Config::from_gguf(&gguf(&METADATA, &[1.0, 4.0])).unwrap();
    assert_eq!(config.settings.frequencies, [1.0, 0.025]);
}

#[test]
fn what_contradicts_itself_is_named() {
    for (key, value, expected) in [
        (
            "general.architecture",
            Some(Text("qwen2")),
            "the architecture of the file is `qwen2`, and this library knows `llama`",
        ),
        ("general.architecture", None, "metadata `general.architecture`: expected a text, found nothing"),
        ("llama.embedding_length", Some(Number(9)), "a width of 9 cannot be shared by 2 heads"),
        ("llama.attention.head_count", Some(Number(0)), "a width of 8 cannot be shared by 0 heads"),
        ("llama.attention.head_count_kv", Some(Number(3)), "3 heads of keys cannot be shared by 2 heads of queries"),
        ("llama.attention.head_count_kv", Some(Number(0)), "0 heads of keys cannot be shared by 2 heads of queries"),
        ("llama.vocab_size", Some(Number(11)), "`llama.vocab_size` is 11, and the file lists 10 tokens"),
        ("llama.expert_count", Some(Number(8)), "`llama.expert_count`: this library knows no models with experts"),
        (
            "llama.rope.scaling.type",
            Some(Text("yarn")),
            "`llama.rope.scaling.type` is `yarn`, and this library knows `none`",
        ),
        ("llama.rope.freq_base", Some(Float(0.0)), "the base of the positions is 0, which is not above 0"),
        ("llama.rope.freq_base", Some(Float(-5.0)), "the base of the positions is -5, which is not above 0"),
        ("llama.rope.freq_base", Some(Float(f32::NAN)), "the base of the positions is NaN, which is not above 0"),
        (
            "llama.attention.key_length",
            Some(Number(u32::MAX - 1)),
            "`llama.attention.key_length` is 4294967294, and this library takes 1 to 65536",
        ),
        (
            "llama.attention.key_length",
            Some(Number(0)),
            "`llama.attention.key_length` is 0, and this library takes 1 to 65536",
        ),
        (
            "llama.attention.key_length",
            Some(Number(5)),
            "`llama.attention.key_length` is 5, which is odd: rotary positions turn pairs of elements",
        ),
        (
            "llama.block_count",
            Some(Number(1 << 20)),
            "`llama.block_count` is 1048576, and this library takes 1 to 65536",
        ),
        ("llama.block_count", Some(Number(0)), "`llama.block_count` is 0, and this library takes 1 to 65536"),
        (
            "llama.feed_forward_length",
            Some(Number(0)),
            "`llama.feed_forward_length` is 0, and this library takes 1 to 4294967296",
        ),
        (
            "llama.context_length",
            Some(Number(0)),
            "`llama.context_length` is 0, and this library takes 1 to 4294967296",
        ),
        (
            "llama.attention.layer_norm_rms_epsilon",
            Some(Float(-1.0)),
            "`llama.attention.layer_norm_rms_epsilon` is -1, which is no number from 0 on",
        ),
        (
            "llama.attention.layer_norm_rms_epsilon",
            Some(Float(f32::NAN)),
            "`llama.attention.layer_norm_rms_epsilon` is NaN, which is no number from 0 on",
        ),
        (
            "llama.context_length",
            Some(Number(u32::MAX)),
            "4294967295 positions of heads of 4 elements are more than this library takes",
        ),
    ] {
        let error = Config::from_gguf(&gguf(&changed(key, value), &[])).unwrap_err();
        assert_eq!(error.to_string(), expected, "{key}");
    }
    let error = Config::from_gguf(&gguf(&changed("llama.rope.dimension_count", Some(Number(2))), &[])).unwrap_err();
    assert!(error.to_string().starts_with("`llama.rope.dimension_count` is 2, and heads of keys have 4"), "{error}");
    let error = Config::from_gguf(&gguf(&METADATA, &[1.0])).unwrap_err();
    assert_eq!(error.to_string(), "`rope_freqs.weight` has 1 elements, and a head 2 pairs");
    let error = Config::from_gguf(&gguf(&METADATA, &[1.0, 0.0])).unwrap_err();
    assert_eq!(error.to_string(), "`rope_freqs.weight` has 0, which is not above 0");
    let config = Config::from_gguf(&gguf(&METADATA, &[])).unwrap();
    assert_eq!(config.clone().with_context(10).unwrap().positions, 10);
    for wrong in [0, 65] {
        let error = config.clone().with_context(wrong).unwrap_err().to_string();
        assert_eq!(error, format!("the model has a context of 64 tokens, which cannot be {wrong}"));
    }
}

/// Llama 3.1 8B.
fn llama_3() -> Value {
    json!({
        "model_type": "llama", "hidden_act": "silu", "hidden_size": 4096, "intermediate_size": 14336,
        "max_position_embeddings": 131072, "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8,
        "rms_norm_eps": 1e-5, "rope_theta": 500000.0, "vocab_size": 128256,
        "rope_scaling": {"factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
            "original_max_position_embeddings": 8192, "rope_type": "llama3"}
    })
}

/// By the formula of the transformers library, in Python.
const FREQUENCIES: [(usize, f64); 9] = [
    (0, 1.0),
    (20, 0.016560440080994446),
    (28, 0.0032114459947525913),
    (29, 0.002166570763503359),
    (31, 0.0008567514129196321),
    (34, 0.00017850781276799638),
    (35, 9.556212353964683e-05),
    (40, 3.428102195952591e-05),
    (63, 3.068925988914511e-07),
];

#[test]
fn hugging_face_says_the_same() {
    let read = |json: &Value| Config::from_hugging_face(&json.to_string());
    let config = read(&llama_3()).unwrap();
    assert_eq!(sizes(&config), [128256, 131072, 4096, 8, 4, 128, 14336]);
    assert_eq!((config.settings.layers, config.settings.tied, config.settings.epsilon), (32, Some(false), 1e-5));
    for (pair, expected) in FREQUENCIES {
        let found = config.settings.frequencies[pair];
        assert!((found - expected).abs() < 1e-12 * expected, "{pair}: {found}, expected {expected}");
    }
    // As older and newer versions write it.
    let mut json = llama_3();
    json["rope_scaling"]["type"] = json!("llama3");
    assert_eq!(read(&json).unwrap().settings.frequencies, config.settings.frequencies);
    let mut parameters = json["rope_scaling"].take();
    parameters["rope_theta"] = json["rope_theta"].take();
    json["rope_parameters"] = parameters;
    assert_eq!(read(&json).unwrap().settings.frequencies, config.settings.frequencies);

    for (key, value, expected) in [
        (
            "model_type",
            json!("mamba"),
            "`model_type` is `mamba`; known are `DiTTransformer2DModel`, `bert`, `clip`, `gemma`, `gemma2`, `gemma3_text`, \
             `gpt2`, `llama`, `mistral`, `mixtral`, `modernbert`, `qwen2`, `qwen2_moe`, `qwen3`, `qwen3_moe`, `roberta`, `t5`, `vit`, \
             `whisper`",
        ),
        (
            "hidden_act",
            json!("mish"),
            "`hidden_act` is `mish`; known are `relu`, `gelu`, `gelu_new`, `gelu_pytorch_tanh`, `quick_gelu`, `silu` and `swish`",
        ),
        ("num_attention_heads", json!(33), "a width of 4096 cannot be shared by 33 heads"),
        ("num_key_value_heads", json!(5), "5 heads of keys cannot be shared by 32 heads of queries"),
        ("partial_rotary_factor", json!(0.5), "`partial_rotary_factor` is 0.5, and this library turns whole heads"),
        (
            "rope_scaling",
            json!({"type": "dynamic", "factor": 2.0}),
            "positions are stretched by the rule `dynamic`, and this library knows `llama3` and `linear`",
        ),
        ("rope_scaling", json!({"rope_type": "llama3"}), "`factor` is missing for the positions"),
        ("head_dim", json!(1u64 << 32), "`head_dim` is 4294967296, and this library takes 1 to 65536"),
        ("head_dim", json!(u64::MAX - 1), "`head_dim` is 18446744073709551614, and this library takes 1 to 65536"),
        ("head_dim", json!(0), "`head_dim` is 0, and this library takes 1 to 65536"),
        (
            "num_hidden_layers",
            json!(u64::MAX),
            "`num_hidden_layers` is 18446744073709551615, and this library takes 1 to 65536",
        ),
        ("vocab_size", json!(0), "`vocab_size` is 0, and this library takes 1 to 4294967296"),
        (
            "intermediate_size",
            json!(u64::MAX),
            "`intermediate_size` is 18446744073709551615, and this library takes 1 to 4294967296",
        ),
        ("rms_norm_eps", json!(-1e-5), "`rms_norm_eps` is -0.00001, which is no number from 0 on"),
        ("rope_theta", json!(-10000.0), "the base of the positions is -10000, which is not above 0"),
    ] {
        let mut json = llama_3();
        json[key] = value;
        assert_eq!(read(&json).unwrap_err().to_string(), expected);
    }
    let mut json = llama_3();
    json.as_object_mut().unwrap().remove("hidden_size");
    let error = read(&json).unwrap_err().to_string();
    assert!(error.contains("missing field `hidden_size`"), "{error}");
    json = llama_3();
    json["rope_scaling"] = Value::Null;
    json["head_dim"] = json!(64);
    let config = read(&json).unwrap();
    assert_eq!((config.head_dim, config.settings.frequencies[1]), (64, 500000.0f64.powf(-2.0 / 64.0)));
    // Every number may be any: a configuration or an error.
    for key in llama_3().as_object().unwrap().keys().map(String::as_str).chain(["head_dim", "partial_rotary_factor"]) {
        for number in [json!(0), json!(1), json!(u64::MAX), json!(1u64 << 63), json!(1e308), json!(-1), json!(5e-324)] {
            let mut json = llama_3();
            json[key] = number;
            let _ = read(&json);
        }
    }
    for key in ["factor", "high_freq_factor", "low_freq_factor", "original_max_position_embeddings"] {
        for number in [0.0, -1.0, 1e308, 5e-324] {
            let mut json = llama_3();
            json["rope_scaling"][key] = json!(number);
            if let Ok(config) = read(&json) {
                assert!(config.settings.frequencies.iter().all(|x| x.is_finite()), "{key} of {number}");
            }
        }
    }
}

/// Layers with a window: by a list, or by the rule of the family, as older files have it.
#[test]
fn layers_with_a_window() {
    let local = |model_type: &str, entries: Value| {
        let mut json = llama_3();
        json["model_type"] = json!(model_type);
        json["num_hidden_layers"] = json!(7);
        json["rope_scaling"] = Value::Null;
        json.as_object_mut().unwrap().remove("hidden_act");
        json.as_object_mut().unwrap().extend(entries.as_object().unwrap().clone());
        Config::from_hugging_face(&json.to_string()).map(|config| config.settings.local)
    };
    let layers = |model_type: &str, entries: Value| {
        let local = local(model_type, entries).unwrap();
        local.map(|local| local.layers.iter().map(|local| if *local { 'w' } else { '-' }).collect::<String>())
    };
    let window = json!({"sliding_window": 4});
    assert_eq!(layers("mistral", window.clone()).unwrap(), "wwwwwww");
    assert_eq!(layers("mistral", json!({"sliding_window": null})), None);
    assert_eq!(layers("llama", window.clone()), None);
    assert_eq!(layers("gemma2", window.clone()).unwrap(), "w-w-w-w");
    assert_eq!(layers("gemma3_text", window.clone()).unwrap(), "wwwww-w");
    let third = json!({"sliding_window": 4, "sliding_window_pattern": 3});
    assert_eq!(layers("gemma3_text", third).unwrap(), "ww-ww-w");
    assert_eq!(layers("qwen2", window), None);
    let late = json!({"sliding_window": 4, "use_sliding_window": true, "max_window_layers": 5});
    assert_eq!(layers("qwen2", late.clone()).unwrap(), "-----ww");
    let kinds = |kinds: [&str; 7]| {
        let mut json = late.clone();
        json["layer_types"] = json!(kinds);
        json
    };
    let [full, window] = ["full_attention", "sliding_attention"];
    assert_eq!(layers("qwen3", kinds([full, window, full, full, full, full, window])).unwrap(), "-w----w");
    let error = local("qwen3", kinds([full, window, full, full, full, full, "linear_attention"])).unwrap_err();
    assert!(error.to_string().starts_with("`layer_types` has `linear_attention`, and"), "{error}");
    let error = local("gemma2", json!({"sliding_window": 0})).unwrap_err();
    assert_eq!(error.to_string(), "`sliding_window` is 0: a position attends to its own at least");
    let error = local("mistral", json!({"sliding_window": 4, "layer_types": [full]})).unwrap_err();
    assert_eq!(error.to_string(), "`layer_types` has 1 entries, and there are 7 layers");

    // Gemma 3 turns less far in layers without a window, and has a base of its own in those with one.
    let bases = json!({"sliding_window": 4, "rope_theta": 100.0, "rope_local_base_freq": 16.0, "head_dim": 4});
    assert_eq!(local("gemma3_text", bases).unwrap().unwrap().frequencies, Some(vec![1.0, 0.25]));
}
