//! The first layers of the model, written as a folder in Hugging Face layout.

use crate::agreement::{FirstLayers, first_layers};
use crate::{Model, file, furthest, model, reference};
use chat::{Conversation, Options, Pretrained, Texts};
use congruent::generate::{Sampling, Session};
use congruent::io::{Entry, Gguf, Source, Weights, Writer, load};
use congruent::prelude::*;
use serde_json::json;
use std::fs;
use std::path::Path;

const LAYERS: usize = 3;

const NAMES: [(&str, &str); 9] = [
    ("attn_norm", "input_layernorm"),
    ("attn_q", "self_attn.q_proj"),
    ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("ffn_norm", "post_attention_layernorm"),
    ("ffn_gate", "mlp.gate_proj"),
    ("ffn_up", "mlp.up_proj"),
    ("ffn_down", "mlp.down_proj"),
];

/// The name that a tensor has in Hugging Face layout.
fn renamed(name: &str) -> String {
    let Some(name) = name.strip_prefix("blk.") else {
        return match name {
            "token_embd.weight" => "model.embed_tokens.weight".to_owned(),
            "output_norm.weight" => "model.norm.weight".to_owned(),
            other => panic!("{other}"),
        };
    };
    let (layer, name) = name.split_once('.').unwrap();
    let (_, name) = NAMES.iter().find(|(gguf, _)| Some(*gguf) == name.strip_suffix(".weight")).unwrap();
    format!("model.layers.{layer}.{name}.weight")
}

dims! { Rows; Columns; }

/// Adds a tensor of the file, as `f32`. The rows of queries and keys get the order that they had before the conversion to
/// GGUF: of each head first the first elements of all pairs, then the second ones.
fn add(writer: &mut Writer, file: &Gguf, name: &str) {
    let sizes = file.get(name).unwrap().sizes;
    let [rows, columns] = sizes[..] else {
        bind!(rows: Rows = sizes[0]);
        return writer.add(renamed(name), &take(file, name, (rows,)));
    };
    bind!(rows: Rows = rows, columns: Columns = columns);
    let tensor = take(file, name, (rows, columns));
    let (elements, half) = (tensor.to_vec(), 32);
    let permuted = ["attn_q", "attn_k"].iter().any(|part| name.contains(part));
    let row = |row: usize| match permuted {
        true => row / (2 * half) * 2 * half + row % half * 2 + row / half % 2,
        false => row,
    };
    let columns_of = columns.size();
    let tensor = Tensor::from_fn((rows, columns), |[r, c]| elements[row(r) * columns_of + c]);
    writer.add(renamed(name), &tensor);
}

fn take<S: Shape>(file: &Gguf, name: &str, shape: S) -> Tensor<S> {
    let one = One { file, name };
    load(&one, |weights: Weights<'_, f32>| weights.tensor(name, shape)).unwrap()
}

struct One<'a> {
    file: &'a Gguf,
    name: &'a str,
}

impl Source for One<'_> {
    fn names(&self) -> Vec<String> {
        vec![self.name.to_owned()]
    }
    fn get(&self, name: &str) -> Option<Entry> {
        self.file.get(name)
    }
}

fn write_folder(file: &Gguf, folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let mut shards = [Writer::default(), Writer::default()];
    let mut places = serde_json::Map::new();
    let layers = FirstLayers { file, layers: LAYERS };
    for (at, name) in layers.names().iter().enumerate() {
        add(&mut shards[at % 2], file, name);
        places.insert(renamed(name), format!("part-{}.safetensors", at % 2).into());
    }
    for (at, shard) in shards.iter().enumerate() {
        shard.write(folder.join(format!("part-{at}.safetensors"))).unwrap();
    }
    let mut config = reference()["config"].clone();
    config["num_hidden_layers"] = LAYERS.into();
    let words = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true});
    let tokens = file.strings("tokenizer.ggml.tokens").unwrap();
    let vocab: serde_json::Map<_, _> =
        tokens.iter().zip(0..).map(|(token, id)| (token.to_string(), id.into())).collect();
    let kinds: Vec<i32> = file.integers("tokenizer.ggml.token_type").unwrap();
    let added = tokens.iter().zip(&kinds).enumerate().filter(|(_, (_, kind))| **kind == 3).map(|(id, (token, _))| {
        json!({"id": id, "content": token, "special": true, "normalized": false,
            "single_word": false, "lstrip": false, "rstrip": false})
    });
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": null, "normalizer": null, "post_processor": null,
        "added_tokens": added.collect::<Vec<_>>(),
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true}, words]},
        "decoder": words,
        "model": {"type": "BPE", "vocab": vocab, "merges": file.strings("tokenizer.ggml.merges").unwrap()},
    });
    let template = file.string("tokenizer.chat_template").unwrap();
    let special =
        json!({"bos_token": "<|im_start|>", "eos_token": {"content": "<|im_end|>"}, "chat_template": template});
    for (name, content) in [
        ("config.json", config),
        ("model.safetensors.index.json", json!({ "weight_map": places })),
        ("tokenizer.json", tokenizer),
        ("tokenizer_config.json", special),
    ] {
        fs::write(folder.join(name), content.to_string()).unwrap();
    }
}

#[test]
fn a_folder_gives_what_the_file_gives() {
    let (Some(file), Some((published, _))) = (file(), model()) else { return };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("hugging-face-{}", std::process::id()));
    write_folder(file, &folder);
    let pretrained = Pretrained::open(&folder).unwrap();
    let dims = pretrained.config.dims().unwrap();
    let layers = std::cell::Cell::new(0);
    let model: Model = pretrained.load(dims, &Default::default(), || layers.set(layers.get() + 1)).unwrap();
    assert_eq!(layers.get(), LAYERS);

    let other: Model = first_layers(file, LAYERS, &Default::default());
    assert_eq!((&pretrained.end, &pretrained.begin), (&published.end, &published.begin));
    let text = "Why is the sky blue? <|im_end|> 1234 naïve";
    let ids = crate::indices(&pretrained.tokenizer.encode(text).unwrap());
    assert_eq!(ids, crate::indices(&published.tokenizer.encode(text).unwrap()));
    let [found, expected] = [&model, &other].map(|model| {
        let mut texts = Texts::new(model, N::<1>);
        texts.extend(&[(0, &ids)]).unwrap().remove(0).to_vec()
    });
    let distance = furthest(&found, &expected);
    println!("logits after {LAYERS} layers: {distance:.1e} from those of the GGUF file");
    assert!(distance < crate::agreement::tolerance(), "{distance}");

    let options =
        Options { sampling: Sampling::GREEDY, seed: 0, max_tokens: 5, stop: vec![], system: None, raw: false };
    let [found, expected] = [(&pretrained, &model), (published, &other)].map(|(pretrained, model)| {
        let mut conversation = Conversation::new(pretrained, model, options.clone()).unwrap();
        conversation.ask("Hi", |_| Ok(())).unwrap().text
    });
    assert_eq!(found, expected);
    assert_eq!(model.vocab().size(), 49152);
    fs::remove_dir_all(&folder).unwrap();
}
