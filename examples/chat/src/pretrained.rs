//! A published model: a GGUF file, or a folder in Hugging Face layout.

use crate::llama::{GGUF, HUGGING_FACE, Llama};
use crate::{Config, Dims, Template, Tokenizer};
use anyhow::Context;
use common::about;
use congruent::backend::{Backend, DeviceOf};
use congruent::dim::Filled;
use congruent::io::{Gguf, Shards, Source};
use congruent::prelude::Dense;
use congruent::shape::SharesHeads;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::path::Path;

/// How models mark the end of what one side says, beside the end of the text.
const END_OF_TURN: [&str; 3] = ["<|im_end|>", "<|eot_id|>", "<|end|>"];

/// What the files of a model say of it. The weights stay in them until they are [loaded](Self::load).
pub struct Pretrained {
    /// Its sizes.
    pub config: Config,
    /// Its tokens.
    pub tokenizer: Tokenizer,
    /// How it is asked, if it was trained for that.
    pub template: Option<Template>,
    /// The tokens that begin a text to be gone on with.
    pub begin: Vec<u32>,
    /// The tokens that end an answer.
    pub end: Vec<u32>,
    weights: Weights,
}

enum Weights {
    Gguf(Gguf),
    HuggingFace(Shards<Box<dyn Source + Send + Sync>>),
}

impl Pretrained {
    /// Opens a GGUF file, or a folder with `config.json`, `tokenizer.json`, `tokenizer_config.json` and the weights:
    /// `model.safetensors`, or the files that `model.safetensors.index.json` names.
    ///
    /// # Errors
    /// A file is missing or contradicts itself, or the model is of a kind that this program does not know.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        if path.is_dir() { Self::open_folder(path) } else { Self::open_gguf(path) }.map_err(about(path))
    }

    fn open_gguf(path: &Path) -> anyhow::Result<Self> {
        let file = Gguf::open(path)?;
        let tokenizer = Tokenizer::from_gguf(&file)?;
        let id = |name: &str| {
            let key = format!("tokenizer.ggml.{name}_token_id");
            file.has(&key).then(|| file.integer::<u32>(&key)).transpose()
        };
        let [begin, end, turn] = [id("bos")?, id("eos")?, id("eot")?];
        let written = |id: Option<u32>| id.and_then(|id| tokenizer.written(id)).unwrap_or_default();
        let key = "tokenizer.chat_template";
        let template = file.has(key).then(|| Template::new(file.string(key)?, &written(begin), &written(end)));
        let key = "tokenizer.ggml.add_bos_token";
        let begins = file.has(key) && file.boolean(key)?;
        Ok(Pretrained {
            config: Config::from_gguf(&file)?,
            template: template.transpose()?,
            begin: begin.filter(|_| begins).into_iter().collect(),
            end: end_tokens(&tokenizer, [end, turn].into_iter().flatten()),
            tokenizer,
            weights: Weights::Gguf(file),
        })
    }

    fn open_folder(folder: &Path) -> anyhow::Result<Self> {
        let config = read(&folder.join("config.json"))?;
        let tokenizer = Tokenizer::from_file(&folder.join("tokenizer.json"))?;
        let Special { bos_token, eos_token, chat_template } =
            optional(&folder.join("tokenizer_config.json"))?.unwrap_or_default();
        let [begin, end] = [bos_token, eos_token].map(|token| token.map(Written::text).unwrap_or_default());
        let path = folder.join("chat_template.jinja");
        let template = if path.exists() { Some(read(&path)?) } else { chat_template.and_then(Templates::default) };
        let template = template.map(|source| Template::new(&source, &begin, &end)).transpose()?;

        let mut ends: Vec<u32> = tokenizer.id(&end).into_iter().collect();
        for name in ["config.json", "generation_config.json"] {
            let ids: Ends = optional(&folder.join(name))?.unwrap_or_default();
            ends.extend(ids.eos_token_id.map(Ids::all).unwrap_or_default());
        }
        Ok(Pretrained {
            config: Config::from_hugging_face(&config).context("config.json")?,
            template,
            begin: tokenizer.begin()?,
            end: end_tokens(&tokenizer, ends),
            tokenizer,
            weights: Weights::HuggingFace(congruent_models::weights(folder)?),
        })
    }

    /// Takes the weights to a device. `progress` is told after each layer. Weights in blocks stay so on an engine that has such
    /// arrays, as the processor's, and else become numbers.
    ///
    /// # Errors
    /// Every tensor that is missing, surplus or of another shape.
    pub fn load<
        V: Dense,
        P: Dense,
        E: Dense,
        Q: Filled + SharesHeads<H>,
        H: Filled,
        D: Dense,
        F: Filled,
        X: Dense,
        W: Filled,
        B: Backend<Elem = f32>,
    >(
        &self,
        dims: Dims<V, P, E, Q, H, D, F, X, W>,
        device: &DeviceOf<B>,
        progress: impl Fn(),
    ) -> anyhow::Result<Llama<V, P, E, Q, H, D, F, B, X, W>> {
        let settings = &self.config.settings;
        let (source, format): (&dyn Source, _) = match &self.weights {
            Weights::Gguf(file) => (file, &GGUF),
            Weights::HuggingFace(files) => (files, &HUGGING_FACE),
        };
        Ok(Llama::load(source, dims, settings, format, device, progress)?)
    }
}

fn end_tokens(tokenizer: &Tokenizer, ids: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let turns = END_OF_TURN.iter().filter_map(|token| tokenizer.id(token));
    ids.into_iter().chain(turns).collect::<BTreeSet<_>>().into_iter().collect()
}

/// What `tokenizer_config.json` says.
#[derive(Default, Deserialize)]
struct Special {
    bos_token: Option<Written>,
    eos_token: Option<Written>,
    chat_template: Option<Templates>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Token { content: String },
}

impl Written {
    fn text(self) -> String {
        let (Written::Text(text) | Written::Token { content: text }) = self;
        text
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Templates {
    One(String),
    Many(Vec<Named>),
}

#[derive(Deserialize)]
struct Named {
    name: String,
    template: String,
}

impl Templates {
    fn default(self) -> Option<String> {
        match self {
            Templates::One(template) => Some(template),
            Templates::Many(all) => all.into_iter().find(|one| one.name == "default").map(|one| one.template),
        }
    }
}

/// The end tokens of `config.json` and `generation_config.json`.
#[derive(Default, Deserialize)]
struct Ends {
    eos_token_id: Option<Ids>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Ids {
    One(u32),
    Many(Vec<u32>),
}

impl Ids {
    fn all(self) -> Vec<u32> {
        match self {
            Ids::One(id) => vec![id],
            Ids::Many(ids) => ids,
        }
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}

fn optional<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Option<T>> {
    let parse = || serde_json::from_str(&read(path)?).with_context(|| path.display().to_string());
    path.exists().then(parse).transpose()
}
