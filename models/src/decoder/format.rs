//! How files name the tensors of a decoder.

use congruent::nn::RotaryLayout;

/// In GGUF files, what the frequencies are divided by, where they are stretched.
pub const ROPE_FACTORS: &str = "rope_freqs.weight";

/// The names of the tensors of a file, and the order of the elements of its heads.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    pub(super) embedding: &'static str,
    pub(super) layers: &'static str,
    pub(super) attention_norm: &'static str,
    pub(super) query: &'static str,
    pub(super) key: &'static str,
    pub(super) value: &'static str,
    pub(super) attention_output: &'static str,
    pub(super) query_norm: &'static str,
    pub(super) key_norm: &'static str,
    /// The norm before the feed-forward network, where there are none behind.
    pub(super) ffn_norm: &'static str,
    /// The norms behind the attention, before the feed-forward network, and behind it.
    pub(super) norms_behind: [&'static str; 3],
    pub(super) gate: &'static str,
    pub(super) up: &'static str,
    pub(super) down: &'static str,
    pub(super) norm: &'static str,
    pub(super) output: &'static str,
    pub(super) rotary: RotaryLayout,
}

/// The format of GGUF files of Llama. The rows of queries and keys have another order there than in Hugging Face's files.
pub const GGUF: Format = Format {
    embedding: "token_embd",
    layers: "blk",
    attention_norm: "attn_norm",
    query: "attn_q",
    key: "attn_k",
    value: "attn_v",
    attention_output: "attn_output",
    query_norm: "attn_q_norm",
    key_norm: "attn_k_norm",
    ffn_norm: "ffn_norm",
    norms_behind: ["post_attention_norm", "ffn_norm", "post_ffw_norm"],
    gate: "ffn_gate",
    up: "ffn_up",
    down: "ffn_down",
    norm: "output_norm",
    output: "output",
    rotary: RotaryLayout::Interleaved,
};

/// The format of folders in Hugging Face layout.
pub const HUGGING_FACE: Format = Format {
    embedding: "model.embed_tokens",
    layers: "model.layers",
    attention_norm: "input_layernorm",
    query: "self_attn.q_proj",
    key: "self_attn.k_proj",
    value: "self_attn.v_proj",
    attention_output: "self_attn.o_proj",
    query_norm: "self_attn.q_norm",
    key_norm: "self_attn.k_norm",
    ffn_norm: "post_attention_layernorm",
    norms_behind: ["post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm"],
    gate: "mlp.gate_proj",
    up: "mlp.up_proj",
    down: "mlp.down_proj",
    norm: "model.norm",
    output: "lm_head",
    rotary: RotaryLayout::Half,
};
