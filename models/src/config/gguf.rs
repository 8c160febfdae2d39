//! What a GGUF file says of a decoder.

use super::checks::{bounded, bounded_head_dim, bounded_layers, frequencies, from_zero_on, quotient, shared};
use crate::config::Config;
use crate::decoder::{ROPE_FACTORS, Settings};
use crate::{Error, ensure};
use congruent::io::{Dtype, Entry, Gguf, Source};

impl Config {
    /// Reads the metadata of a GGUF file.
    ///
    /// # Errors
    /// They are not those of a Llama model, something is missing, or two of them contradict each other.
    pub fn from_gguf(file: &Gguf) -> Result<Self, Error> {
        let architecture = file.string("general.architecture")?;
        ensure!(
            architecture == "llama",
            "the architecture of the file is `{architecture}`, and this library knows `llama`"
        );
        let number = |name: &str| file.integer::<usize>(&format!("llama.{name}"));
        let size = |name: &str| bounded(&format!("llama.{name}"), number(name)?);
        let optional = |name: &str| file.has(&format!("llama.{name}")).then(|| number(name)).transpose();
        for (name, what) in [("expert_count", "experts"), ("attention.sliding_window", "a sliding window")] {
            ensure!(optional(name)?.unwrap_or(0) == 0, "`llama.{name}`: this library knows no models with {what}");
        }
        let scaling = "llama.rope.scaling.type";
        if file.has(scaling) {
            let kind = file.string(scaling)?;
            ensure!(kind == "none", "`{scaling}` is `{kind}`, and this library knows `none`");
        }

        let (embed, heads) = (size("embedding_length")?, number("attention.head_count")?);
        let key_heads = optional("attention.head_count_kv")?.unwrap_or(heads);
        let head_dim = optional("attention.key_length")?.map_or_else(|| quotient(embed, heads), Ok)?;
        let head_dim = bounded_head_dim("llama.attention.key_length", head_dim)?;
        for name in ["attention.value_length", "rope.dimension_count"] {
            let found = optional(name)?.unwrap_or(head_dim);
            ensure!(
                found == head_dim,
                "`llama.{name}` is {found}, and heads of keys have {head_dim} elements: this library knows no such model"
            );
        }
        let vocab = file.strings("tokenizer.ggml.tokens")?.len();
        let said = optional("vocab_size")?.unwrap_or(vocab);
        ensure!(said == vocab, "`llama.vocab_size` is {said}, and the file lists {vocab} tokens");

        let base = "llama.rope.freq_base";
        let base = if file.has(base) { file.float(base)? } else { 10000.0 };
        let mut frequencies = frequencies(base, head_dim)?;
        if let Some(factors) = file.get(ROPE_FACTORS) {
            let factors = floats(&factors)
                .ok_or_else(|| Error::Config(format!("`{ROPE_FACTORS}` is of another type than F32")))?;
            let (found, pairs) = (factors.len(), frequencies.len());
            ensure!(found == pairs, "`{ROPE_FACTORS}` has {found} elements, and a head {pairs} pairs");
            let wrong = factors.iter().find(|factor| !(factor.is_finite() && **factor > 0.0));
            ensure!(wrong.is_none(), "`{ROPE_FACTORS}` has {}, which is not above 0", wrong.unwrap_or(&0.0));
            frequencies.iter_mut().zip(factors).for_each(|(frequency, factor)| *frequency /= factor);
        }
        let epsilon = "llama.attention.layer_norm_rms_epsilon";
        let epsilon = from_zero_on(epsilon, file.float(epsilon)?)?;
        let layers = bounded_layers("llama.block_count", number("block_count")?)?;
        let settings = Settings::llama(layers, epsilon, frequencies);
        let ffn = size("feed_forward_length")?;
        let config = Config {
            vocab,
            positions: size("context_length")?,
            embed,
            key_heads,
            group: shared(heads, key_heads)?,
            head_dim,
            ffn,
            experts: 1,
            expert_ffn: ffn,
            settings,
        };
        config.checked()
    }
}

fn floats(entry: &Entry) -> Option<Vec<f64>> {
    let bytes = entry.bytes.as_slice().chunks_exact(4);
    let floats = bytes.map(|bytes| f64::from(f32::from_le_bytes(bytes.try_into().unwrap_or_default())));
    (entry.dtype == Dtype::F32).then(|| floats.collect())
}
