//! What reads texts.

use super::{Names, Settings};
use crate::published_layer::{LayerDims, LayerSettings, PublishedLayer};
use congruent::backend::{Backend, Float};
use congruent::dim::{Filled, Vocabulary};
use congruent::io::{Stored, Weights};
use congruent::nn::{Embedding, LayerNorm, LearnedPositions, NormOrder};
use congruent::prelude::*;

/// The dimensions of a [`TextModel`].
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug)]
pub struct TextDims<V, P, E, H, D, F> {
    pub vocab: V,
    pub positions: P,
    pub embed: E,
    pub heads: H,
    pub head_dim: D,
    pub ffn: F,
}

/// Layers in which each token attends to those before it, and a norm.
#[derive(Clone, Module)]
pub struct TextModel<V, P, E, H, D, F, B: Backend = Cpu<f32>> {
    /// What the tokens are to the first layer.
    #[module(name = "embeddings.token_embedding")]
    pub tokens: Embedding<V, E, B>,
    /// What is added to each token.
    #[module(name = "embeddings.position_embedding")]
    pub positions: LearnedPositions<P, E, B>,
    /// The layers.
    #[module(name = "encoder.layers")]
    pub layers: Vec<PublishedLayer<Names, E, H, D, F, B>>,
    /// The norm of what the last layer gives.
    #[module(name = "final_layer_norm")]
    pub norm: LayerNorm<E, B>,
}

impl<V: Vocabulary, P: Dense, E: Dense, H: Filled, D: Dense, F: Filled, B: Backend<Elem: Float + Stored>>
    TextModel<V, P, E, H, D, F, B>
{
    pub(super) fn load_part(
        weights: &Weights<'_, B::Elem, B>,
        TextDims { vocab, positions, embed, heads, head_dim, ffn }: TextDims<V, P, E, H, D, F>,
        settings: Settings,
    ) -> Self {
        let embeddings = weights.at("embeddings");
        let dims = LayerDims { embed, heads, head_dim, ffn };
        TextModel {
            tokens: Embedding::load(&embeddings.at("token_embedding"), vocab, embed),
            positions: LearnedPositions::load(&embeddings.at("position_embedding"), positions, embed),
            layers: layers(&weights.at("encoder.layers"), dims, settings),
            norm: LayerNorm::load(&weights.at("final_layer_norm"), embed, settings.epsilon),
        }
    }
}

/// The layers of a part.
pub(super) fn layers<E: Dim, H: Dim, D: Dim, F: Dim, B: Backend<Elem: Float + Stored>>(
    weights: &Weights<'_, B::Elem, B>,
    dims: LayerDims<E, H, D, F>,
    Settings { layers, epsilon, activation }: Settings,
) -> Vec<PublishedLayer<Names, E, H, D, F, B>> {
    let settings = LayerSettings { epsilon, activation, order: NormOrder::Pre, biases: [true; 3] };
    (0..layers).map(|i| PublishedLayer::load(&weights.at(i), dims, settings)).collect()
}

impl<V: Vocabulary, P: Dense, E: Dense, H: Filled, D: Dense, F: Filled, B: Backend<Elem: Float>>
    TextModel<V, P, E, H, D, F, B>
{
    /// The hidden states of the tokens. The mask is [`Causal`], perhaps together with the lengths of the texts.
    ///
    /// # Errors
    /// Texts are longer than the model has positions.
    pub fn forward<N: Dim, S: Dim>(
        &self,
        ids: &TensorOf<(N, S), Index<V::Whole>, B>,
        mask: &impl Mask<N, S, S, B::Engine>,
    ) -> Result<Tensor<(N, S, E), B>, Error> {
        let x = self.positions.forward(&self.tokens.forward(ids))?;
        Ok(self.norm.forward(&self.layers.iter().fold(x, |x, layer| layer.layer.forward(&x, mask))))
    }
}
