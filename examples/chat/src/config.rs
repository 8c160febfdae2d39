//! What the files of a Llama model say of its sizes.

use crate::Dims;
use crate::llama::{ROPE_FACTORS, Settings};
use anyhow::{Context, bail, ensure};
use congruent::Times;
use congruent::io::{Entry, Gguf, Source};
use congruent::nn::rotary_frequencies;
use serde::Deserialize;
use std::f64::consts::TAU;

/// The dimensions of a model, of the sizes that its files say.
pub mod configured {
    use crate::llama::Llama;
    use congruent::{Cpu, Times};

    congruent::dims! {
        /// The tokens.
        pub once Vocab;
        /// The positions of a text.
        pub once Positions;
        /// The width of the model.
        pub once Embed;
        /// The heads of keys and values.
        pub once KeyHeads;
        /// The query heads that share a key head.
        pub once Group;
        /// The width of a head.
        pub once HeadDim;
        /// The width between the layers of the feed-forward network.
        pub once Ffn;
    }
    /// All of them.
    pub type All = super::Dims<Vocab, Positions, Embed, Times<KeyHeads, Group>, KeyHeads, HeadDim, Ffn>;
    /// The model of these dimensions.
    pub type Model<B = Cpu<f32>> = Llama<Vocab, Positions, Embed, Times<KeyHeads, Group>, KeyHeads, HeadDim, Ffn, B>;
}

/// The sizes and settings of a model.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Config {
    pub vocab: usize,
    pub positions: usize,
    pub embed: usize,
    pub key_heads: usize,
    /// The query heads that share a key head.
    pub group: usize,
    pub head_dim: usize,
    pub ffn: usize,
    pub settings: Settings,
}

impl Config {
    /// Reads the metadata of a GGUF file.
    ///
    /// # Errors
    /// They are not those of a Llama model, something is missing, or two of them contradict each other.
    pub fn from_gguf(file: &Gguf) -> anyhow::Result<Self> {
        let architecture = file.string("general.architecture")?;
        ensure!(
            architecture == "llama",
            "the architecture of the file is `{architecture}`, and this program knows `llama`"
        );
        let number = |name: &str| file.integer::<usize>(&format!("llama.{name}"));
        let size = |name: &str| bounded(&format!("llama.{name}"), number(name)?);
        let optional = |name: &str| file.has(&format!("llama.{name}")).then(|| number(name)).transpose();
        for (name, what) in [("expert_count", "experts"), ("attention.sliding_window", "a sliding window")] {
            ensure!(optional(name)?.unwrap_or(0) == 0, "`llama.{name}`: this program knows no models with {what}");
        }
        let scaling = "llama.rope.scaling.type";
        if file.has(scaling) {
            let kind = file.string(scaling)?;
            ensure!(kind == "none", "`{scaling}` is `{kind}`, and this program knows `none`");
        }

        let (embed, heads) = (size("embedding_length")?, number("attention.head_count")?);
        let key_heads = optional("attention.head_count_kv")?.unwrap_or(heads);
        let head_dim = optional("attention.key_length")?.map_or_else(|| quotient(embed, heads), Ok)?;
        let head_dim = bounded_head_dim("llama.attention.key_length", head_dim)?;
        for name in ["attention.value_length", "rope.dimension_count"] {
            let found = optional(name)?.unwrap_or(head_dim);
            ensure!(
                found == head_dim,
                "`llama.{name}` is {found}, and heads of keys have {head_dim} elements: this program knows no such model"
            );
        }
        let vocab = file.strings("tokenizer.ggml.tokens")?.len();
        let said = optional("vocab_size")?.unwrap_or(vocab);
        ensure!(said == vocab, "`llama.vocab_size` is {said}, and the file lists {vocab} tokens");

        let base = "llama.rope.freq_base";
        let base = if file.has(base) { file.float(base)? } else { 10000.0 };
        let mut frequencies = frequencies(base, head_dim)?;
        if let Some(factors) = file.get(ROPE_FACTORS) {
            let factors = floats(&factors).with_context(|| format!("`{ROPE_FACTORS}` is of another type than F32"))?;
            let (found, pairs) = (factors.len(), frequencies.len());
            ensure!(found == pairs, "`{ROPE_FACTORS}` has {found} elements, and a head {pairs} pairs");
            if let Some(wrong) = factors.iter().find(|factor| !(factor.is_finite() && **factor > 0.0)) {
                bail!("`{ROPE_FACTORS}` has {wrong}, which is not above 0");
            }
            frequencies.iter_mut().zip(factors).for_each(|(frequency, factor)| *frequency /= factor);
        }
        let epsilon = "llama.attention.layer_norm_rms_epsilon";
        let epsilon = from_zero_on(epsilon, file.float(epsilon)?)?;
        let layers = bounded_layers("llama.block_count", number("block_count")?)?;
        let settings = Settings { layers, epsilon, frequencies, tied: None };
        let config = Config {
            vocab,
            positions: size("context_length")?,
            embed,
            key_heads,
            group: shared(heads, key_heads)?,
            head_dim,
            ffn: size("feed_forward_length")?,
            settings,
        };
        config.checked()
    }

    /// Reads the text of a `config.json` as the transformers library writes it.
    ///
    /// # Errors
    /// It is not that of a Llama model, something is missing, or two of its entries contradict each other.
    pub fn from_hugging_face(json: &str) -> anyhow::Result<Self> {
        let json: HuggingFace = serde_json::from_str(json)?;
        let HuggingFace { model_type, hidden_act, .. } = &json;
        ensure!(model_type == "llama", "`model_type` is `{model_type}`, and this program knows `llama`");
        ensure!(hidden_act == "silu", "`hidden_act` is `{hidden_act}`, and Llama has `silu`");
        let part = json.partial_rotary_factor;
        ensure!(part == 1.0, "`partial_rotary_factor` is {part}, and this program turns whole heads");
        let heads = json.num_attention_heads;
        let key_heads = json.num_key_value_heads.unwrap_or(heads);
        let head_dim = json.head_dim.map_or_else(|| quotient(json.hidden_size, heads), Ok)?;
        let head_dim = bounded_head_dim("head_dim", head_dim)?;

        // What newer versions write in place of `rope_theta` and `rope_scaling`.
        let parameters = json.rope_parameters.or(json.rope_scaling);
        let base = parameters.as_ref().and_then(|parameters| parameters.rope_theta).or(json.rope_theta);
        let mut frequencies = frequencies(base.unwrap_or(10000.0), head_dim)?;
        if let Some(parameters) = parameters {
            parameters.scale(&mut frequencies)?;
        }
        let settings = Settings {
            layers: bounded_layers("num_hidden_layers", json.num_hidden_layers)?,
            epsilon: from_zero_on("rms_norm_eps", json.rms_norm_eps)?,
            frequencies,
            tied: Some(json.tie_word_embeddings),
        };
        let config = Config {
            vocab: bounded("vocab_size", json.vocab_size)?,
            positions: bounded("max_position_embeddings", json.max_position_embeddings)?,
            embed: bounded("hidden_size", json.hidden_size)?,
            key_heads,
            group: shared(heads, key_heads)?,
            head_dim,
            ffn: bounded("intermediate_size", json.intermediate_size)?,
            settings,
        };
        config.checked()
    }

    /// What no weight is compared with: the sizes of the table of positions.
    fn checked(self) -> anyhow::Result<Self> {
        let Config { positions, key_heads, group, head_dim, .. } = self;
        let width = key_heads.checked_mul(group).and_then(|heads| heads.checked_mul(head_dim));
        let table = width.and_then(|_| positions.checked_mul(head_dim));
        let fits = table.is_some_and(|elements| elements <= 1 << 31);
        ensure!(fits, "{positions} positions of heads of {head_dim} elements are more than this program takes");
        Ok(self)
    }

    /// Lets texts have so many positions only.
    ///
    /// # Errors
    /// The model has fewer, or none are left.
    pub fn with_context(self, positions: usize) -> anyhow::Result<Self> {
        let most = self.positions;
        ensure!(
            (1..=most).contains(&positions),
            "the model has a context of {most} tokens, which cannot be {positions}"
        );
        Ok(Config { positions, ..self })
    }

    /// Sets the dimensions, for the whole program.
    ///
    /// # Errors
    /// They have been set to other sizes.
    pub fn dims(&self) -> Result<configured::All, congruent::Error> {
        let key_heads = configured::KeyHeads::set(self.key_heads)?;
        Ok(Dims {
            vocab: configured::Vocab::set(self.vocab)?,
            positions: configured::Positions::set(self.positions)?,
            embed: configured::Embed::set(self.embed)?,
            heads: Times(key_heads, configured::Group::set(self.group)?),
            key_heads,
            head_dim: configured::HeadDim::set(self.head_dim)?,
            ffn: configured::Ffn::set(self.ffn)?,
        })
    }
}

/// What a `config.json` says.
#[derive(Deserialize)]
struct HuggingFace {
    model_type: String,
    vocab_size: usize,
    max_position_embeddings: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    rms_norm_eps: f64,
    #[serde(default = "silu")]
    hidden_act: String,
    #[serde(default = "one")]
    partial_rotary_factor: f64,
    rope_theta: Option<f64>,
    rope_scaling: Option<Rope>,
    rope_parameters: Option<Rope>,
    #[serde(default)]
    tie_word_embeddings: bool,
}

fn silu() -> String {
    "silu".to_owned()
}
fn one() -> f64 {
    1.0
}

/// How positions are stretched beyond those of the training.
#[derive(Deserialize)]
struct Rope {
    rope_type: Option<String>,
    /// What older versions write, and some beside the new name.
    r#type: Option<String>,
    rope_theta: Option<f64>,
    factor: Option<f64>,
    low_freq_factor: Option<f64>,
    high_freq_factor: Option<f64>,
    original_max_position_embeddings: Option<f64>,
}

impl Rope {
    /// Llama 3: what turns less than `low_freq_factor` times in the context of the training turns slower by `factor`, what
    /// turns more than `high_freq_factor` times stays, and between the two it goes over smoothly
    /// ([the code of its authors](https://github.com/meta-llama/llama-models/blob/main/models/llama3/model.py)).
    fn scale(&self, frequencies: &mut [f64]) -> anyhow::Result<()> {
        match self.rope_type.as_ref().or(self.r#type.as_ref()).map_or("default", String::as_str) {
            "default" => return Ok(()),
            "llama3" => {}
            other => bail!("positions are stretched by the rule `{other}`, and this program knows `llama3`"),
        }
        let number =
            |name: &str, value: Option<f64>| value.with_context(|| format!("`{name}` is missing for the positions"));
        let factor = number("factor", self.factor)?;
        let low = number("low_freq_factor", self.low_freq_factor)?;
        let high = number("high_freq_factor", self.high_freq_factor)?;
        let context = number("original_max_position_embeddings", self.original_max_position_embeddings)?;
        ensure!(factor >= 1.0, "`factor` of the positions is {factor}, which is below 1");
        ensure!(high > low, "`high_freq_factor` is {high}, which is not above `low_freq_factor`, {low}");
        for frequency in frequencies {
            let turns = context * *frequency / TAU;
            let kept = ((turns - low) / (high - low)).clamp(0.0, 1.0);
            *frequency *= kept + (1.0 - kept) / factor;
        }
        Ok(())
    }
}

/// A size that nothing is calculated from before.
fn between(name: &str, size: usize, most: usize) -> anyhow::Result<usize> {
    ensure!((1..=most).contains(&size), "`{name}` is {size}, and this program takes 1 to {most}");
    Ok(size)
}

/// Of the largest axes, a model has fewer than this.
fn bounded(name: &str, size: usize) -> anyhow::Result<usize> {
    between(name, size, 1 << 32)
}

/// For each pair of elements there is a frequency. They are pairs.
fn bounded_head_dim(name: &str, size: usize) -> anyhow::Result<usize> {
    ensure!(size.is_multiple_of(2), "`{name}` is {size}, which is odd: rotary positions turn pairs of elements");
    between(name, size, 1 << 16)
}

/// Each is asked for by its number.
fn bounded_layers(name: &str, layers: usize) -> anyhow::Result<usize> {
    between(name, layers, 1 << 16)
}

fn from_zero_on(name: &str, number: f64) -> anyhow::Result<f64> {
    ensure!(number.is_finite() && number >= 0.0, "`{name}` is {number}, which is no number from 0 on");
    Ok(number)
}

/// How far each pair of a head turns from one position to the next.
fn frequencies(base: f64, head_dim: usize) -> anyhow::Result<Vec<f64>> {
    ensure!(base.is_finite() && base > 0.0, "the base of the positions is {base}, which is not above 0");
    Ok(rotary_frequencies(base, head_dim))
}

fn quotient(embed: usize, heads: usize) -> anyhow::Result<usize> {
    let divides = heads > 0 && embed.is_multiple_of(heads);
    ensure!(divides, "a width of {embed} cannot be shared by {heads} heads");
    Ok(embed / heads)
}

/// How many of the query heads share a key head.
fn shared(heads: usize, key_heads: usize) -> anyhow::Result<usize> {
    let divides = key_heads > 0 && heads.is_multiple_of(key_heads);
    ensure!(divides, "{key_heads} heads of keys cannot be shared by {heads} heads of queries");
    Ok(heads / key_heads)
}

fn floats(entry: &Entry) -> Option<Vec<f64>> {
    let bytes = entry.bytes.as_slice().chunks_exact(4);
    let floats = bytes.map(|bytes| f64::from(f32::from_le_bytes(bytes.try_into().unwrap_or_default())));
    (entry.dtype == congruent::io::Dtype::F32).then(|| floats.collect())
}
