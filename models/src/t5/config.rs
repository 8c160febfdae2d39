//! What a `config.json` says of T5.

use crate::config::{activation, bounded, bounded_layers, from_zero_on};
use crate::{Error, ensure};
use congruent::nn::Activation;
use serde::Deserialize;

/// The sizes and settings of a model.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Config {
    pub vocab: usize,
    pub embed: usize,
    pub heads: usize,
    pub head_dim: usize,
    pub ffn: usize,
    /// The buckets of distances.
    pub buckets: usize,
    pub settings: Settings,
}

/// What is no dimension.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The number of layers of the encoder.
    pub encoder_layers: usize,
    /// The number of layers of the decoder.
    pub decoder_layers: usize,
    /// What the norms add to the mean of squares.
    pub epsilon: f64,
    /// The function of the feed-forward network.
    pub activation: Activation,
    /// Whether that has a gate.
    pub gated: bool,
    /// Distances from here on are of one bucket.
    pub max_distance: usize,
    /// Whether logits are made by the embedding of the tokens, of hidden states divided by the root of their width.
    pub tied: bool,
}

impl Config {
    /// Reads the text of a `config.json`.
    ///
    /// # Errors
    /// Something is missing, or is not of such a model.
    pub fn read(json: &str) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Json {
            vocab_size: usize,
            d_model: usize,
            d_kv: usize,
            d_ff: usize,
            num_layers: usize,
            num_decoder_layers: Option<usize>,
            num_heads: usize,
            relative_attention_num_buckets: usize,
            relative_attention_max_distance: Option<usize>,
            layer_norm_epsilon: Option<f64>,
            feed_forward_proj: Option<String>,
            tie_word_embeddings: Option<bool>,
            /// What newer versions write in its place.
            scale_decoder_outputs: Option<bool>,
        }
        let json: Json = serde_json::from_str(json)?;
        let network = json.feed_forward_proj.as_deref().unwrap_or("relu");
        let (gated, function) = match network.strip_prefix("gated-") {
            // The first files of version 1.1 mean its approximation by tanh.
            Some("gelu") => (true, "gelu_new"),
            Some(function) => (true, function),
            None => (false, network),
        };
        let buckets = json.relative_attention_num_buckets;
        ensure!(
            buckets >= 4,
            "`relative_attention_num_buckets` is {buckets}, and there are two exact ones on each side"
        );
        let max_distance = json.relative_attention_max_distance.unwrap_or(128);
        ensure!(
            max_distance > buckets / 2,
            "`relative_attention_max_distance` is {max_distance}, which is not above half of {buckets} buckets"
        );
        let layers = bounded_layers("num_layers", json.num_layers)?;
        Ok(Config {
            vocab: bounded("vocab_size", json.vocab_size)?,
            embed: bounded("d_model", json.d_model)?,
            heads: bounded("num_heads", json.num_heads)?,
            head_dim: bounded("d_kv", json.d_kv)?,
            ffn: bounded("d_ff", json.d_ff)?,
            buckets,
            settings: Settings {
                encoder_layers: layers,
                decoder_layers: json
                    .num_decoder_layers
                    .map_or(Ok(layers), |layers| bounded_layers("num_decoder_layers", layers))?,
                epsilon: from_zero_on("layer_norm_epsilon", json.layer_norm_epsilon.unwrap_or(1e-6))?,
                activation: activation("feed_forward_proj", function)?,
                gated,
                max_distance,
                tied: json.scale_decoder_outputs.or(json.tie_word_embeddings).unwrap_or(true),
            },
        })
    }
}
