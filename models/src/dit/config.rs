//! What a `config.json` of diffusers says of DiT.

use crate::config::{bounded, bounded_layers, from_zero_on};
use crate::vit::{Sides, grid};
use crate::{Error, ensure};
use congruent::nn::Activation;
use serde::Deserialize;

/// The sizes and settings of a model.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Config {
    /// The classes, and behind them that of any image.
    pub classes: usize,
    pub channels: usize,
    pub out_channels: usize,
    /// The side of a patch.
    pub patch: usize,
    /// How many patches stand one above the other, and side by side.
    pub rows: usize,
    pub embed: usize,
    pub heads: usize,
    pub head_dim: usize,
    pub ffn: usize,
    pub settings: Settings,
}

/// What is no dimension.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The number of blocks.
    pub layers: usize,
    /// What the norm before the feed-forward network adds to the variance.
    pub epsilon: f64,
    /// The function of the feed-forward network.
    pub activation: Activation,
    /// Whether queries, keys and values have biases.
    pub biased: bool,
}

impl Config {
    /// Reads the text of a `config.json`.
    ///
    /// # Errors
    /// Something is missing, or is not of such a model.
    pub fn read(json: &str) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Json {
            num_attention_heads: usize,
            attention_head_dim: usize,
            in_channels: usize,
            out_channels: Option<usize>,
            num_layers: usize,
            sample_size: usize,
            patch_size: usize,
            num_embeds_ada_norm: usize,
            norm_eps: f64,
            attention_bias: Option<bool>,
            activation_fn: Option<String>,
            norm_type: Option<String>,
            norm_elementwise_affine: Option<bool>,
        }
        let json: Json = serde_json::from_str(json)?;
        let function = json.activation_fn.as_deref().unwrap_or("gelu-approximate");
        let activation = match function {
            "gelu" => Activation::Gelu,
            "gelu-approximate" => Activation::GeluTanh,
            other => {
                let message = format!("`activation_fn` is `{other}`; known are `gelu` and `gelu-approximate`");
                return Err(Error::Config(message));
            }
        };
        let norm = json.norm_type.as_deref().unwrap_or("ada_norm_zero");
        ensure!(norm == "ada_norm_zero", "`norm_type` is `{norm}`, and DiT has `ada_norm_zero`");
        let affine = json.norm_elementwise_affine.unwrap_or(false);
        ensure!(!affine, "`norm_elementwise_affine` is true, and the norms of DiT have no parameters");
        let channels = bounded("in_channels", json.in_channels)?;
        let heads = bounded("num_attention_heads", json.num_attention_heads)?;
        let head_dim = bounded("attention_head_dim", json.attention_head_dim)?;
        let embed = bounded("num_attention_heads · attention_head_dim", heads.saturating_mul(head_dim))?;
        ensure!(embed.is_multiple_of(4), "a width of {embed} is not that of sines and cosines of rows and columns");
        let [patch, rows, _] = grid(Sides::Both(json.sample_size), Sides::Both(json.patch_size))?;
        Ok(Config {
            classes: bounded("num_embeds_ada_norm", json.num_embeds_ada_norm)? + 1,
            channels,
            out_channels: bounded("out_channels", json.out_channels.unwrap_or(channels))?,
            patch,
            rows,
            embed,
            heads,
            head_dim,
            ffn: embed.saturating_mul(4),
            settings: Settings {
                layers: bounded_layers("num_layers", json.num_layers)?,
                epsilon: from_zero_on("norm_eps", json.norm_eps)?,
                activation,
                biased: json.attention_bias.unwrap_or(true),
            },
        })
    }
}
