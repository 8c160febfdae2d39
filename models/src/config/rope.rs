//! How positions are stretched beyond those of the training.

use super::checks::frequencies;
use crate::{Error, ensure};
use serde::Deserialize;
use std::f64::consts::TAU;

/// What a `config.json` says of them.
#[derive(Clone, Default, Deserialize)]
pub struct Rope {
    rope_type: Option<String>,
    /// What older versions write, and some beside the new name.
    r#type: Option<String>,
    rope_theta: Option<f64>,
    factor: Option<f64>,
    low_freq_factor: Option<f64>,
    high_freq_factor: Option<f64>,
    original_max_position_embeddings: Option<f64>,
    partial_rotary_factor: Option<f64>,
}

/// The same, for all layers or for each kind.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub enum Ropes {
    /// Those with a window have their own.
    Each {
        /// Of the layers without a window.
        full_attention: Rope,
        /// Of those with one.
        sliding_attention: Rope,
    },
    /// All layers have the same.
    All(Rope),
}

impl Rope {
    /// How far each pair of a head turns; `base` is what the configuration says elsewhere.
    pub fn frequencies(&self, base: Option<f64>, head_dim: usize) -> Result<Vec<f64>, Error> {
        let part = self.partial_rotary_factor.unwrap_or(1.0);
        ensure!(part == 1.0, "`partial_rotary_factor` is {part}, and this library turns whole heads");
        let mut frequencies = frequencies(self.rope_theta.or(base).unwrap_or(10000.0), head_dim)?;
        let number = |name: &str, value: Option<f64>| {
            value.ok_or_else(|| Error::Config(format!("`{name}` is missing for the positions")))
        };
        match self.rope_type.as_ref().or(self.r#type.as_ref()).map_or("default", String::as_str) {
            "default" => {}
            "linear" => {
                let factor = number("factor", self.factor)?;
                ensure!(factor >= 1.0, "`factor` of the positions is {factor}, which is below 1");
                frequencies.iter_mut().for_each(|frequency| *frequency /= factor);
            }
            "llama3" => {
                let factor = number("factor", self.factor)?;
                let low = number("low_freq_factor", self.low_freq_factor)?;
                let high = number("high_freq_factor", self.high_freq_factor)?;
                let context = number("original_max_position_embeddings", self.original_max_position_embeddings)?;
                ensure!(factor >= 1.0, "`factor` of the positions is {factor}, which is below 1");
                ensure!(high > low, "`high_freq_factor` is {high}, which is not above `low_freq_factor`, {low}");
                llama3(&mut frequencies, factor, [low, high], context);
            }
            other => {
                let message = format!(
                    "positions are stretched by the rule `{other}`, and this library knows `llama3` and `linear`"
                );
                return Err(Error::Config(message));
            }
        }
        Ok(frequencies)
    }
}

/// Llama 3: what turns less than `low` times in the context of the training turns slower by `factor`, what turns more than `high`
/// times stays, and between the two it goes over smoothly
/// ([the code of its authors](https://github.com/meta-llama/llama-models/blob/main/models/llama3/model.py)).
fn llama3(frequencies: &mut [f64], factor: f64, [low, high]: [f64; 2], context: f64) {
    for frequency in frequencies {
        let turns = context * *frequency / TAU;
        let kept = ((turns - low) / (high - low)).clamp(0.0, 1.0);
        *frequency *= kept + (1.0 - kept) / factor;
    }
}
