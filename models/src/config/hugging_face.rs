//! What a `config.json` says of a decoder.

use super::checks::{
    above_zero, between, bounded, bounded_head_dim, bounded_layers, from_zero_on, local_layers, quotient, shared,
};
use super::rope::{Rope, Ropes};
use super::{Config, activation};
use crate::decoder::{Biases, Local, Mixture, Settings};
use crate::{Error, ensure};
use congruent::nn::{Activation, ExpertNames, Routing};
use serde::Deserialize;

/// The families, by their `model_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Llama,
    Mistral,
    Mixtral,
    Qwen2,
    Qwen2Moe,
    Qwen3,
    Qwen3Moe,
    Gemma,
    Gemma2,
    Gemma3,
}
use Family::{Gemma, Gemma2, Gemma3, Llama, Mistral, Mixtral, Qwen2, Qwen2Moe, Qwen3, Qwen3Moe};

/// The entries that are read; others do not change what is calculated, or are of what this library has no model for.
#[derive(Deserialize)]
struct Json {
    vocab_size: usize,
    max_position_embeddings: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    rms_norm_eps: f64,
    hidden_act: Option<String>,
    /// Its name in Gemma.
    hidden_activation: Option<String>,
    partial_rotary_factor: Option<f64>,
    rope_theta: Option<f64>,
    rope_local_base_freq: Option<f64>,
    rope_scaling: Option<Rope>,
    rope_parameters: Option<Ropes>,
    tie_word_embeddings: Option<bool>,
    attention_bias: Option<bool>,
    /// Its name in Qwen 2 MoE, for queries, keys and values.
    qkv_bias: Option<bool>,
    mlp_bias: Option<bool>,
    sliding_window: Option<usize>,
    use_sliding_window: Option<bool>,
    max_window_layers: Option<usize>,
    sliding_window_pattern: Option<usize>,
    layer_types: Option<Vec<String>>,
    query_pre_attn_scalar: Option<f64>,
    attn_logit_softcapping: Option<f64>,
    final_logit_softcapping: Option<f64>,
    use_bidirectional_attention: Option<bool>,
    num_local_experts: Option<usize>,
    /// Its name in older files of Qwen.
    num_experts: Option<usize>,
    num_experts_per_tok: Option<usize>,
    norm_topk_prob: Option<bool>,
    moe_intermediate_size: Option<usize>,
    shared_expert_intermediate_size: Option<usize>,
    decoder_sparse_step: Option<usize>,
    mlp_only_layers: Option<Vec<usize>>,
}

/// The experts of a layer, as Mixtral names them.
const MIXTRAL: ExpertNames = ExpertNames {
    router: "block_sparse_moe.gate",
    experts: "block_sparse_moe.experts",
    gate: "w1",
    up: "w3",
    down: "w2",
};
/// As Qwen names them.
const QWEN: ExpertNames =
    ExpertNames { router: "mlp.gate", experts: "mlp.experts", gate: "gate_proj", up: "up_proj", down: "down_proj" };

/// The feed-forward networks of the layers: the width of those that all tokens go through, how many experts a layer has, their width,
/// and how they are chosen.
struct Networks {
    ffn: usize,
    experts: usize,
    expert_ffn: usize,
    mixture: Option<Mixture>,
}

impl Family {
    fn is_gemma(self) -> bool {
        matches!(self, Gemma | Gemma2 | Gemma3)
    }

    pub fn read(self, json: &str) -> Result<Config, Error> {
        let json: Json = serde_json::from_str(json)?;
        let part = json.partial_rotary_factor.unwrap_or(1.0);
        ensure!(part == 1.0, "`partial_rotary_factor` is {part}, and this library turns whole heads");
        let both = json.use_bidirectional_attention.unwrap_or(false);
        ensure!(!both, "`use_bidirectional_attention` is true, and this library predicts from what is before");
        let heads = json.num_attention_heads;
        let key_heads = json.num_key_value_heads.unwrap_or(heads);
        let head_dim = json.head_dim.map_or_else(|| quotient(json.hidden_size, heads), Ok)?;
        let head_dim = bounded_head_dim("head_dim", head_dim)?;
        let layers = bounded_layers("num_hidden_layers", json.num_hidden_layers)?;
        let epsilon = from_zero_on("rms_norm_eps", json.rms_norm_eps)?;
        let (frequencies, of_local) = self.frequencies(&json, head_dim)?;
        let cap = |name, cap: Option<f64>| cap.map(|cap| above_zero(name, cap)).transpose();
        let scale = match json.query_pre_attn_scalar.filter(|_| matches!(self, Gemma2 | Gemma3)) {
            Some(scalar) => Some(above_zero("query_pre_attn_scalar", scalar)?.sqrt().recip()),
            None => None,
        };
        let biased = json.attention_bias.unwrap_or(false);
        let qwen2 = self == Qwen2 || self == Qwen2Moe && json.qkv_bias.unwrap_or(true);
        let Networks { ffn, experts, expert_ffn, mixture } = self.networks(&json, layers)?;
        let settings = Settings {
            tied: Some(json.tie_word_embeddings.unwrap_or(self.is_gemma())),
            activation: self.activation(&json)?,
            local: self.local(&json, layers, of_local)?,
            scale,
            attention_cap: cap("attn_logit_softcapping", json.attn_logit_softcapping)?,
            logit_cap: cap("final_logit_softcapping", json.final_logit_softcapping)?,
            embedding_scale: if self.is_gemma() { (json.hidden_size as f64).sqrt() } else { 1.0 },
            offset_norms: self.is_gemma(),
            head_norms: matches!(self, Qwen3 | Qwen3Moe | Gemma3),
            norms_behind: matches!(self, Gemma2 | Gemma3),
            biases: Some(Biases {
                query_key_value: biased || qwen2,
                output: biased && !matches!(self, Qwen2 | Qwen2Moe),
                feed_forward: json.mlp_bias.unwrap_or(false),
            }),
            mixture,
            ..Settings::llama(layers, epsilon, frequencies)
        };
        let config = Config {
            vocab: bounded("vocab_size", json.vocab_size)?,
            positions: bounded("max_position_embeddings", json.max_position_embeddings)?,
            embed: bounded("hidden_size", json.hidden_size)?,
            key_heads,
            group: shared(heads, key_heads)?,
            head_dim,
            ffn,
            experts,
            expert_ffn,
            settings,
        };
        config.checked()
    }

    /// The feed-forward networks of the layers.
    fn networks(self, json: &Json, layers: usize) -> Result<Networks, Error> {
        let said = |name: &str, size: Option<usize>, most: usize| {
            let size = size.ok_or_else(|| Error::Config(format!("missing field `{name}`")))?;
            between(name, size, most)
        };
        let ffn = bounded("intermediate_size", json.intermediate_size)?;
        let names = match self {
            Mixtral => &MIXTRAL,
            Qwen2Moe | Qwen3Moe => &QWEN,
            _ => return Ok(Networks { ffn, experts: 1, expert_ffn: ffn, mixture: None }),
        };
        let experts = said("num_local_experts", json.num_local_experts.or(json.num_experts), 1 << 16)?;
        let routing = Routing::new(said("num_experts_per_tok", json.num_experts_per_tok, experts)?);
        let normalized = self == Mixtral || json.norm_topk_prob.unwrap_or(false);
        let expert_ffn = match self {
            Mixtral => ffn,
            _ => said("moe_intermediate_size", json.moe_intermediate_size, 1 << 32)?,
        };
        // Of so many layers, the last has experts.
        let step = between("decoder_sparse_step", json.decoder_sparse_step.unwrap_or(1), 1 << 16)?;
        let listed = json.mlp_only_layers.as_deref().unwrap_or_default();
        let dense: Vec<_> = (0..layers).filter(|i| !(i + 1).is_multiple_of(step) || listed.contains(i)).collect();
        let shared = self == Qwen2Moe;
        let of_all = match shared {
            true => said("shared_expert_intermediate_size", json.shared_expert_intermediate_size, 1 << 32)?,
            false => ffn,
        };
        ensure!(
            dense.is_empty() || of_all == ffn,
            "`shared_expert_intermediate_size` is {of_all} and `intermediate_size`, of layers without experts, {ffn}: in \
             the models of this library they are one dimension"
        );
        let mixture = Mixture { routing: Routing { normalized, ..routing }, names, shared, dense };
        Ok(Networks { ffn: of_all, experts, expert_ffn, mixture: Some(mixture) })
    }

    fn activation(self, json: &Json) -> Result<Activation, Error> {
        // What the first files of Gemma call GELU is its approximation by tanh.
        if self == Gemma {
            return Ok(Activation::GeluTanh);
        }
        let (name, said) = match &json.hidden_activation {
            Some(said) if self.is_gemma() => ("hidden_activation", Some(said)),
            _ => ("hidden_act", json.hidden_act.as_ref()),
        };
        let default = if self.is_gemma() { Activation::GeluTanh } else { Activation::Silu };
        said.map_or(Ok(default), |said| activation(name, said))
    }

    /// How far pairs of elements turn: in all layers, and in those with a window if it is not as far there.
    fn frequencies(self, json: &Json, head_dim: usize) -> Result<(Vec<f64>, Option<Vec<f64>>), Error> {
        match (&json.rope_parameters, self) {
            // What newer versions write.
            (Some(Ropes::Each { full_attention, sliding_attention }), _) => {
                let [full, local] =
                    [full_attention, sliding_attention].map(|rope| rope.frequencies(json.rope_theta, head_dim));
                Ok((full?, Some(local?)))
            }
            (Some(Ropes::All(rope)), _) => Ok((rope.frequencies(json.rope_theta, head_dim)?, None)),
            (None, Gemma3) => {
                let base = json.rope_theta.unwrap_or(1e6);
                let full = json.rope_scaling.clone().unwrap_or_default().frequencies(Some(base), head_dim)?;
                Ok((full, Some(Rope::default().frequencies(json.rope_local_base_freq, head_dim)?)))
            }
            (None, _) => {
                let rope = json.rope_scaling.clone().unwrap_or_default();
                Ok((rope.frequencies(json.rope_theta, head_dim)?, None))
            }
        }
    }

    /// Which layers have a window: newer versions list them, older ones follow the rule of the family.
    fn local(self, json: &Json, layers: usize, frequencies: Option<Vec<f64>>) -> Result<Option<Local>, Error> {
        let window = json.sliding_window.filter(|_| match self {
            Llama | Gemma => false,
            Qwen2 | Qwen2Moe | Qwen3 | Qwen3Moe => json.use_sliding_window.unwrap_or(false),
            Mistral | Mixtral | Gemma2 | Gemma3 => true,
        });
        let Some(window) = window else { return Ok(None) };
        let is_local: Vec<bool> = match &json.layer_types {
            Some(types) => local_layers(types, layers)?,
            None => {
                let first = json.max_window_layers.unwrap_or(0);
                let pattern = json.sliding_window_pattern.unwrap_or(6).max(1);
                let rule = |layer: usize| match self {
                    Qwen2 | Qwen2Moe | Qwen3 => layer >= first,
                    Gemma2 => layer.is_multiple_of(2),
                    Gemma3 => !(layer + 1).is_multiple_of(pattern),
                    _ => true,
                };
                (0..layers).map(rule).collect()
            }
        };
        ensure!(window > 0, "`sliding_window` is 0: a position attends to its own at least");
        Ok(Some(Local { window, layers: is_local, frequencies }))
    }
}
