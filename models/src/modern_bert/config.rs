//! What a `config.json` says of a ModernBERT.

use crate::config::{Rope, Ropes, activation, bounded, bounded_head_dim, bounded_layers, from_zero_on, quotient};
use crate::{Error, ensure};
use congruent::nn::Activation;
use serde::Deserialize;

/// The sizes and settings of a model.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Config {
    pub vocab: usize,
    pub positions: usize,
    pub embed: usize,
    pub heads: usize,
    pub head_dim: usize,
    pub ffn: usize,
    pub settings: Settings,
}

/// What is no dimension.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Of each layer, whether it attends to a window alone.
    pub local: Vec<bool>,
    /// How far from its own position such a layer attends, to both sides.
    pub reach: usize,
    /// How far each pair of elements of a head turns from one position to the next, in radians.
    pub frequencies: Vec<f64>,
    /// The same in layers with a window.
    pub local_frequencies: Vec<f64>,
    /// What norms add to the variance.
    pub epsilon: f64,
    /// The function of the gates.
    pub activation: Activation,
    /// Whether norms have biases.
    pub norm_bias: bool,
    /// Whether the linear layers of attention have biases.
    pub attention_bias: bool,
    /// Whether those of feed-forward networks have biases.
    pub feed_forward_bias: bool,
    /// What the head for hidden tokens is.
    pub masked: MaskedSettings,
}

/// What is set of the head for hidden tokens: see [`Masked`](super::Masked).
#[derive(Clone, Debug, PartialEq)]
pub struct MaskedSettings {
    /// Whether its logits are made by the embedding of the tokens.
    pub tied: bool,
    /// Its function.
    pub activation: Activation,
    /// Whether its linear layer has a bias.
    pub dense_bias: bool,
    /// Whether logits have a bias.
    pub output_bias: bool,
}

/// The entries that are read; others are of training, of tasks, or of a tokenizer.
#[derive(Deserialize)]
struct Json {
    vocab_size: usize,
    max_position_embeddings: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    norm_eps: f64,
    hidden_activation: String,
    local_attention: usize,
    layer_types: Option<Vec<String>>,
    global_attn_every_n_layers: Option<usize>,
    rope_parameters: Option<Ropes>,
    global_rope_theta: Option<f64>,
    local_rope_theta: Option<f64>,
    #[serde(default)]
    norm_bias: bool,
    #[serde(default)]
    attention_bias: bool,
    #[serde(default)]
    mlp_bias: bool,
    tie_word_embeddings: Option<bool>,
    classifier_activation: Option<String>,
    #[serde(default)]
    classifier_bias: bool,
    decoder_bias: Option<bool>,
}

impl Config {
    /// Reads the text of a `config.json`.
    ///
    /// # Errors
    /// Something is missing, is not of such a model, or two entries contradict each other.
    pub fn read(json: &str) -> Result<Self, Error> {
        let json: Json = serde_json::from_str(json)?;
        let layers = bounded_layers("num_hidden_layers", json.num_hidden_layers)?;
        let head_dim = quotient(json.hidden_size, json.num_attention_heads)?;
        let head_dim = bounded_head_dim("hidden_size / num_attention_heads", head_dim)?;
        let positions = bounded("max_position_embeddings", json.max_position_embeddings)?;
        let fits = positions.checked_mul(head_dim).is_some_and(|elements| elements <= 1 << 31);
        ensure!(fits, "{positions} positions of heads of {head_dim} elements are more than this library takes");
        let (full, sliding) = match &json.rope_parameters {
            Some(Ropes::Each { full_attention, sliding_attention }) => {
                (full_attention.clone(), sliding_attention.clone())
            }
            Some(Ropes::All(rope)) => (rope.clone(), rope.clone()),
            None => (Rope::default(), Rope::default()),
        };
        let settings = Settings {
            local: json.local(layers)?,
            reach: json.local_attention / 2,
            frequencies: full.frequencies(json.global_rope_theta.or(Some(160_000.0)), head_dim)?,
            local_frequencies: sliding.frequencies(json.local_rope_theta.or(Some(10_000.0)), head_dim)?,
            epsilon: from_zero_on("norm_eps", json.norm_eps)?,
            activation: activation("hidden_activation", &json.hidden_activation)?,
            norm_bias: json.norm_bias,
            attention_bias: json.attention_bias,
            feed_forward_bias: json.mlp_bias,
            masked: MaskedSettings {
                tied: json.tie_word_embeddings.unwrap_or(true),
                activation: activation(
                    "classifier_activation",
                    json.classifier_activation.as_deref().unwrap_or("gelu"),
                )?,
                dense_bias: json.classifier_bias,
                output_bias: json.decoder_bias.unwrap_or(true),
            },
        };
        Ok(Config {
            vocab: bounded("vocab_size", json.vocab_size)?,
            positions,
            embed: bounded("hidden_size", json.hidden_size)?,
            heads: json.num_attention_heads,
            head_dim,
            ffn: bounded("intermediate_size", json.intermediate_size)?,
            settings,
        })
    }
}

impl Json {
    /// Which layers have a window: newer versions list them, older ones say how often there is none.
    fn local(&self, layers: usize) -> Result<Vec<bool>, Error> {
        match &self.layer_types {
            Some(types) => crate::config::local_layers(types, layers),
            None => {
                let every = self.global_attn_every_n_layers.unwrap_or(3);
                ensure!(every > 0, "`global_attn_every_n_layers` is 0");
                Ok((0..layers).map(|layer| !layer.is_multiple_of(every)).collect())
            }
        }
    }
}
