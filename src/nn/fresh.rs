//! Layers of a transformer that are to be trained from the begin.

use super::{DecoderLayer, EncoderLayer, FeedForward, LayerNorm, MultiHeadAttention, NormOrder};
use crate::Rng;
use crate::dim::Dim;

/// That of PyTorch.
const EPSILON: f64 = 1e-5;

impl<E: Dim, H: Dim, D: Dim, F: Dim> EncoderLayer<E, H, D, F> {
    /// A new layer with random parameters, GELU, and norms after each sublayer with an epsilon of 1e-5. What is to be otherwise
    /// is a field:
    ///
    /// ```
    /// use congruent::nn::{Encoder, EncoderLayer, NormOrder};
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 5; Embed = 12; Heads = 3; HeadDim = 4; Hidden = 24; }
    /// let rng = &mut Rng::with_seed(1);
    /// let mut layer = || EncoderLayer { order: NormOrder::Pre, ..EncoderLayer::random(Embed, Heads, HeadDim, Hidden, rng) };
    /// let encoder = Encoder { layers: vec![layer(), layer()] };
    /// let y = encoder.forward(&Tensor::ones((Batch, Seq, Embed)), &Causal);
    /// ```
    pub fn random(embed: E, heads: H, head_dim: D, hidden: F, rng: &mut Rng) -> Self {
        EncoderLayer {
            attention: MultiHeadAttention::random(embed, heads, head_dim, rng),
            attention_norm: LayerNorm::new(embed, EPSILON),
            feed_forward: FeedForward::random(embed, hidden, rng),
            feed_forward_norm: LayerNorm::new(embed, EPSILON),
            order: NormOrder::Post,
        }
    }
}

impl<E: Dim, H: Dim, D: Dim, F: Dim> DecoderLayer<E, H, D, F> {
    /// A new layer with random parameters, GELU, and norms after each sublayer with an epsilon of 1e-5. What is to be otherwise
    /// is a field, as in [`EncoderLayer::random`].
    ///
    /// ```
    /// use congruent::{nn::DecoderLayer, prelude::*};
    /// dims! { Batch = 2; Source = 7; Target = 5; Embed = 12; Heads = 3; HeadDim = 4; Hidden = 24; }
    /// let layer = DecoderLayer::random(Embed, Heads, HeadDim, Hidden, &mut Rng::with_seed(1));
    /// let (x, memory) = (Tensor::ones((Batch, Target, Embed)), Tensor::ones((Batch, Source, Embed)));
    /// let y: Tensor<(Batch, Target, Embed)> = layer.forward(&x, &memory, &Causal, &Full);
    /// ```
    pub fn random(embed: E, heads: H, head_dim: D, hidden: F, rng: &mut Rng) -> Self {
        DecoderLayer {
            attention: MultiHeadAttention::random(embed, heads, head_dim, rng),
            attention_norm: LayerNorm::new(embed, EPSILON),
            cross: MultiHeadAttention::random(embed, heads, head_dim, rng),
            cross_norm: LayerNorm::new(embed, EPSILON),
            feed_forward: FeedForward::random(embed, hidden, rng),
            feed_forward_norm: LayerNorm::new(embed, EPSILON),
            order: NormOrder::Post,
        }
    }
}
