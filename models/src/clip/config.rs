//! What a `config.json` says of CLIP.

use super::Settings;
use crate::Error;
use crate::config::{activation, bounded, bounded_layers, from_zero_on, quotient};
use crate::vit::{Sides, grid};
use serde::Deserialize;

/// The sizes and settings of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// What reads texts.
    pub text: TextConfig,
    /// What sees images.
    pub vision: VisionConfig,
    /// The width of the common space.
    pub joint: usize,
}

/// The sizes and settings of the part that reads texts.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct TextConfig {
    pub vocab: usize,
    pub positions: usize,
    pub embed: usize,
    pub heads: usize,
    pub head_dim: usize,
    pub ffn: usize,
    pub settings: Settings,
}

/// The sizes and settings of the part that sees images.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct VisionConfig {
    pub channels: usize,
    /// The side of a patch, in pixels.
    pub patch: usize,
    /// How many patches stand one above the other.
    pub rows: usize,
    /// How many patches stand side by side.
    pub columns: usize,
    pub embed: usize,
    pub heads: usize,
    pub head_dim: usize,
    pub ffn: usize,
    pub settings: Settings,
}

/// The entries of both parts. Those of which a file says nothing are as in the first model, ViT-B/32.
#[derive(Deserialize)]
struct Part {
    hidden_size: Option<usize>,
    intermediate_size: Option<usize>,
    num_hidden_layers: Option<usize>,
    num_attention_heads: Option<usize>,
    hidden_act: Option<String>,
    layer_norm_eps: Option<f64>,
    vocab_size: Option<usize>,
    max_position_embeddings: Option<usize>,
    num_channels: Option<usize>,
    image_size: Option<Sides>,
    patch_size: Option<Sides>,
}

impl Part {
    fn settings(&self) -> Result<Settings, Error> {
        Ok(Settings {
            layers: bounded_layers("num_hidden_layers", self.num_hidden_layers.unwrap_or(12))?,
            epsilon: from_zero_on("layer_norm_eps", self.layer_norm_eps.unwrap_or(1e-5))?,
            activation: activation("hidden_act", self.hidden_act.as_deref().unwrap_or("quick_gelu"))?,
        })
    }

    fn text(&self) -> Result<TextConfig, Error> {
        let embed = bounded("hidden_size", self.hidden_size.unwrap_or(512))?;
        let heads = self.num_attention_heads.unwrap_or(8);
        Ok(TextConfig {
            vocab: bounded("vocab_size", self.vocab_size.unwrap_or(49408))?,
            positions: bounded("max_position_embeddings", self.max_position_embeddings.unwrap_or(77))?,
            embed,
            heads,
            head_dim: quotient(embed, heads)?,
            ffn: bounded("intermediate_size", self.intermediate_size.unwrap_or(2048))?,
            settings: self.settings()?,
        })
    }

    fn vision(&self) -> Result<VisionConfig, Error> {
        let embed = bounded("hidden_size", self.hidden_size.unwrap_or(768))?;
        let heads = self.num_attention_heads.unwrap_or(12);
        let (image, patch) = (self.image_size.unwrap_or(Sides::Both(224)), self.patch_size.unwrap_or(Sides::Both(32)));
        let [patch, rows, columns] = grid(image, patch)?;
        Ok(VisionConfig {
            channels: bounded("num_channels", self.num_channels.unwrap_or(3))?,
            patch,
            rows,
            columns,
            embed,
            heads,
            head_dim: quotient(embed, heads)?,
            ffn: bounded("intermediate_size", self.intermediate_size.unwrap_or(3072))?,
            settings: self.settings()?,
        })
    }
}

impl Config {
    /// Reads the text of a `config.json`.
    ///
    /// # Errors
    /// Something is missing, or is not of such a model.
    pub fn read(json: &str) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Json {
            text_config: Part,
            vision_config: Part,
            projection_dim: Option<usize>,
        }
        let Json { text_config, vision_config, projection_dim } = serde_json::from_str(json)?;
        let of = |part: &'static str| move |error: Error| Error::Config(format!("`{part}`: {error}"));
        Ok(Config {
            text: text_config.text().map_err(of("text_config"))?,
            vision: vision_config.vision().map_err(of("vision_config"))?,
            joint: bounded("projection_dim", projection_dim.unwrap_or(512))?,
        })
    }
}
