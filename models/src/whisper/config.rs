//! What a `config.json` says of Whisper.

use crate::config::{activation, bounded, bounded_layers, quotient};
use crate::{Error, ensure};
use congruent::nn::Activation;
use serde::Deserialize;

/// The sizes and settings of a model.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Config {
    /// The bands of frequencies.
    pub mels: usize,
    /// The positions of the encoder, two frames of sound each.
    pub sounds: usize,
    pub vocab: usize,
    /// The positions of a transcript.
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
    /// The number of layers of the encoder.
    pub encoder_layers: usize,
    /// The number of layers of the decoder.
    pub decoder_layers: usize,
    /// The function of the feed-forward network.
    pub activation: Activation,
    /// Whether logits are made by the embedding of the tokens.
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
            num_mel_bins: usize,
            d_model: usize,
            encoder_layers: usize,
            decoder_layers: usize,
            encoder_attention_heads: usize,
            decoder_attention_heads: usize,
            encoder_ffn_dim: usize,
            decoder_ffn_dim: usize,
            max_source_positions: usize,
            max_target_positions: usize,
            activation_function: Option<String>,
            scale_embedding: Option<bool>,
            tie_word_embeddings: Option<bool>,
        }
        let json: Json = serde_json::from_str(json)?;
        let one = |name: &str, encoder: usize, decoder: usize| {
            ensure!(
                encoder == decoder,
                "`encoder_{name}` is {encoder}, and `decoder_{name}` {decoder}: they have to be one"
            );
            Ok(encoder)
        };
        let heads = one("attention_heads", json.encoder_attention_heads, json.decoder_attention_heads)?;
        let scaled = json.scale_embedding.unwrap_or(false);
        ensure!(!scaled, "`scale_embedding` is true, and no version of Whisper has that");
        let embed = bounded("d_model", json.d_model)?;
        Ok(Config {
            mels: bounded("num_mel_bins", json.num_mel_bins)?,
            sounds: bounded("max_source_positions", json.max_source_positions)?,
            vocab: bounded("vocab_size", json.vocab_size)?,
            positions: bounded("max_target_positions", json.max_target_positions)?,
            embed,
            heads,
            head_dim: quotient(embed, heads)?,
            ffn: bounded("encoder_ffn_dim", one("ffn_dim", json.encoder_ffn_dim, json.decoder_ffn_dim)?)?,
            settings: Settings {
                encoder_layers: bounded_layers("encoder_layers", json.encoder_layers)?,
                decoder_layers: bounded_layers("decoder_layers", json.decoder_layers)?,
                activation: activation("activation_function", json.activation_function.as_deref().unwrap_or("gelu"))?,
                tied: json.tie_word_embeddings.unwrap_or(true),
            },
        })
    }
}
