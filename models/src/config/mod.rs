//! `config.json`: which model it is, and its sizes.

mod checks;
mod decoder;
#[cfg(feature = "gguf")]
mod gguf;
mod hugging_face;
mod rope;

pub(crate) use checks::{bounded, bounded_head_dim, bounded_layers, from_zero_on, local_layers, quotient};
pub use decoder::{Config, configured};
use hugging_face::Family;
pub(crate) use rope::{Rope, Ropes};

use crate::Error;
use congruent::nn::Activation;
use serde::Deserialize;

/// A model that this library has, with its sizes and settings.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Architecture {
    /// Llama and what is built as it is: see [`decoder`](crate::decoder).
    Decoder(Config),
    /// [`gpt2`](crate::gpt2).
    Gpt2(crate::gpt2::Config),
    /// [`bert`](crate::bert): BERT and RoBERTa.
    Bert(crate::bert::Config),
    /// [`modern_bert`](crate::modern_bert).
    ModernBert(crate::modern_bert::Config),
    /// [`t5`](crate::t5).
    T5(crate::t5::Config),
    /// [`clip`](crate::clip).
    Clip(crate::clip::Config),
    /// [`dit`](crate::dit).
    Dit(crate::dit::Config),
    /// [`vit`](crate::vit).
    Vit(crate::vit::Config),
    /// [`whisper`](crate::whisper).
    Whisper(crate::whisper::Config),
}

type Read = fn(&str) -> Result<Architecture, Error>;

/// What is known, by its `model_type`, which diffusers calls `_class_name`.
const KNOWN: &[(&str, Read)] = &[
    ("DiTTransformer2DModel", |json| Ok(Architecture::Dit(crate::dit::Config::read(json)?))),
    ("bert", |json| Ok(Architecture::Bert(crate::bert::Config::read(json)?))),
    ("clip", |json| Ok(Architecture::Clip(crate::clip::Config::read(json)?))),
    ("gemma", |json| Ok(Architecture::Decoder(Family::Gemma.read(json)?))),
    ("gemma2", |json| Ok(Architecture::Decoder(Family::Gemma2.read(json)?))),
    ("gemma3_text", |json| Ok(Architecture::Decoder(Family::Gemma3.read(json)?))),
    ("gpt2", |json| Ok(Architecture::Gpt2(crate::gpt2::Config::read(json)?))),
    ("llama", |json| Ok(Architecture::Decoder(Family::Llama.read(json)?))),
    ("mistral", |json| Ok(Architecture::Decoder(Family::Mistral.read(json)?))),
    ("mixtral", |json| Ok(Architecture::Decoder(Family::Mixtral.read(json)?))),
    ("modernbert", |json| Ok(Architecture::ModernBert(crate::modern_bert::Config::read(json)?))),
    ("qwen2", |json| Ok(Architecture::Decoder(Family::Qwen2.read(json)?))),
    ("qwen2_moe", |json| Ok(Architecture::Decoder(Family::Qwen2Moe.read(json)?))),
    ("qwen3", |json| Ok(Architecture::Decoder(Family::Qwen3.read(json)?))),
    ("qwen3_moe", |json| Ok(Architecture::Decoder(Family::Qwen3Moe.read(json)?))),
    ("roberta", |json| Ok(Architecture::Bert(crate::bert::Config::read(json)?))),
    ("t5", |json| Ok(Architecture::T5(crate::t5::Config::read(json)?))),
    ("vit", |json| Ok(Architecture::Vit(crate::vit::Config::read(json)?))),
    ("whisper", |json| Ok(Architecture::Whisper(crate::whisper::Config::read(json)?))),
];

impl Architecture {
    /// Reads the text of a `config.json` as the transformers library writes it, or diffusers.
    ///
    /// ```
    /// use congruent_models::Architecture;
    /// let error = Architecture::read(r#"{"model_type": "mamba"}"#).unwrap_err();
    /// assert!(error.to_string().starts_with("`model_type` is `mamba`; known are `DiTTransformer2DModel`, `bert`, "));
    /// ```
    ///
    /// # Errors
    /// It is that of another model, something is missing, or two of its entries contradict each other.
    pub fn read(json: &str) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Kind {
            #[serde(alias = "_class_name")]
            model_type: String,
        }
        let Kind { model_type } = serde_json::from_str(json)?;
        match KNOWN.iter().find(|(name, _)| *name == model_type) {
            Some((_, read)) => read(json),
            None => {
                let known: Vec<_> = KNOWN.iter().map(|(name, _)| format!("`{name}`")).collect();
                let known = known.join(", ");
                Err(Error::Config(format!("`model_type` is `{model_type}`; known are {known}")))
            }
        }
    }
}

impl Config {
    /// Reads the text of the `config.json` of a decoder: see [`Architecture::read`].
    ///
    /// # Errors
    /// As [`Architecture::read`]; it is of a model that is no such decoder.
    pub fn from_hugging_face(json: &str) -> Result<Self, Error> {
        match Architecture::read(json)? {
            Architecture::Decoder(config) => Ok(config),
            _ => Err(Error::Config("it is the configuration of another model than a decoder like Llama".to_owned())),
        }
    }
}

/// A function by the name that a configuration has for it.
pub(crate) fn activation(key: &str, name: &str) -> Result<Activation, Error> {
    Ok(match name {
        "relu" => Activation::Relu,
        "gelu" => Activation::Gelu,
        "gelu_new" | "gelu_pytorch_tanh" => Activation::GeluTanh,
        "quick_gelu" => Activation::QuickGelu,
        "silu" | "swish" => Activation::Silu,
        other => {
            let known = "`relu`, `gelu`, `gelu_new`, `gelu_pytorch_tanh`, `quick_gelu`, `silu` and `swish`";
            return Err(Error::Config(format!("`{key}` is `{other}`; known are {known}")));
        }
    })
}
