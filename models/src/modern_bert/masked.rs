//! Which token is hidden.

use super::{Dims, ModernBert, Settings, linear, norm, rotaries};
use crate::{Error, ensure};
use congruent::backend::{Backend, DeviceOf, Float};
use congruent::dim::{Filled, Vocabulary};
use congruent::io::{Source, Stored, Weights, load_on};
use congruent::nn::{Activation, LayerNorm, Linear};
use congruent::prelude::*;

/// The model, and a head that says which token a text has at a position where it was replaced by that of the mask. Its parameters have
/// the names that they are published under.
#[derive(Clone, Module)]
pub struct Masked<V, P, E, H, D, F, B: Backend = Cpu<f32>> {
    /// The model, whose embedding of the tokens makes the logits.
    pub model: ModernBert<V, P, E, H, D, F, B>,
    /// The map of each hidden state.
    #[module(name = "head.dense")]
    pub dense: Linear<E, E, B>,
    /// The function of what it gives.
    pub activation: Activation,
    /// The norm behind the function.
    #[module(name = "head.norm")]
    pub norm: LayerNorm<E, B>,
    /// What is added to the logits.
    #[module(name = "decoder.bias")]
    pub bias: Option<Tensor<(V,), B>>,
}

impl<V: Vocabulary, P: Dense, E: Dense, H: Filled, D: Dense, F: Filled, B: Backend<Elem: Float>>
    Masked<V, P, E, H, D, F, B>
{
    /// The logits of the token at each position, of the hidden states that [`model`](Self::model) gave. Where `V` is a
    /// [`Shard`](congruent::dim::Shard) they are those of a part.
    pub fn logits<N: Dim, S: Dim>(&self, states: &Tensor<(N, S, E), B>) -> Tensor<(N, S, V), B> {
        let x = self.norm.forward(&self.dense.forward_activated(states, self.activation));
        let logits = self.model.tokens.logits(&x);
        match &self.bias {
            Some(bias) => logits + bias,
            None => logits,
        }
    }
}

impl<V: Vocabulary, P: Dense, E: Dense, H: Filled, D: Dense, F: Filled, B: Backend<Elem: Float + Stored>>
    Masked<V, P, E, H, D, F, B>
{
    /// Takes the weights of files to a device.
    ///
    /// # Errors
    /// Every tensor that is missing, surplus or of another shape; the size of a head is odd; logits are not made by the embedding of the
    /// tokens.
    pub fn load(
        source: &dyn Source,
        dims: Dims<V, P, E, H, D, F>,
        settings: &Settings,
        device: &DeviceOf<B>,
    ) -> Result<Self, Error> {
        let head = &settings.masked;
        ensure!(
            head.tied,
            "`tie_word_embeddings` is false, and this library makes the logits by the embedding of the tokens"
        );
        let rotaries = rotaries(dims, settings, device)?;
        let model = load_on(source, device, |weights: Weights<'_, B::Elem, B>| {
            let weights = weights.casting();
            // What some files of tied models hold beside.
            weights.ignore("decoder.weight");
            Masked {
                model: ModernBert::load_part(&weights.at("model"), dims, settings, rotaries),
                dense: linear(&weights.at("head.dense"), dims.embed, dims.embed, head.dense_bias),
                activation: head.activation,
                norm: norm(&weights.at("head.norm"), dims.embed, settings),
                bias: head.output_bias.then(|| weights.tensor("decoder.bias", (dims.vocab,))),
            }
        });
        Ok(model?)
    }
}
