//! Llama ([Touvron et al. 2023](https://arxiv.org/abs/2302.13971)) and the families that are built as it is, by [`Settings`]:
//! Mistral ([Jiang et al. 2023](https://arxiv.org/abs/2310.06825)), Qwen 2 ([Yang et al. 2024](https://arxiv.org/abs/2407.10671)),
//! Qwen 3 ([Yang et al. 2025](https://arxiv.org/abs/2505.09388)), Gemma 2 ([Gemma Team 2024](https://arxiv.org/abs/2408.00118)) and
//! Gemma 3 ([Gemma Team 2025](https://arxiv.org/abs/2503.19786)); and with mixtures of experts in place of their feed-forward networks,
//! Mixtral ([Jiang et al. 2024](https://arxiv.org/abs/2401.04088)), Qwen 2 MoE and Qwen 3 MoE.
//!
//! On a mesh, the key heads, the features of the feed-forward networks and the vocabulary may be a [`Shard`](congruent::dim::Shard): each
//! rank reads its part of the same files, and the output layers add what the ranks have. Ids are of the whole vocabulary, and the logits of
//! the tokens that are drawn next are gathered. The model is the same code, of these dimensions.

mod format;
mod layer;
mod load;

pub use crate::config::{Config, configured};
pub use format::{Format, GGUF, HUGGING_FACE, ROPE_FACTORS};
pub use layer::{FeedForward, GatedNetwork, Norm, RotaryAttention, RotaryLayer, SharedExpert};

use crate::{Decoder, LanguageModel};
use congruent::backend::{Backend, Float};
use congruent::dim::{Summed, Whole};
use congruent::mask::PreparedMask;
use congruent::nn::{Activation, CacheStep, ExpertNames, KeysAndValues, Rotary, Routing};
use congruent::prelude::*;
use congruent::shape::SharesHeads;

/// What is no dimension.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The number of layers.
    pub layers: usize,
    /// What the norms add to the mean of squares.
    pub epsilon: f64,
    /// How far each pair of elements of a head turns from one position to the next, in radians.
    pub frequencies: Vec<f64>,
    /// Whether logits are made by the embedding of the tokens; none where this is so just if the file has no other weight.
    pub tied: Option<bool>,
    /// The function of the gates.
    pub activation: Activation,
    /// Which layers attend to a window alone.
    pub local: Option<Local>,
    /// What products of queries and keys are multiplied by, in place of `1 / √head_dim`.
    pub scale: Option<f64>,
    /// No score of attention is farther from zero.
    pub attention_cap: Option<f64>,
    /// No logit is farther from zero.
    pub logit_cap: Option<f64>,
    /// What the embeddings of tokens are multiplied by.
    pub embedding_scale: f64,
    /// Whether the weights of norms are by how much their factors differ from one, as in Gemma.
    pub offset_norms: bool,
    /// Whether queries and keys are normalised, each head by itself, before they are turned.
    pub head_norms: bool,
    /// Whether attention and feed-forward network have a norm behind them too, before their output is added.
    pub norms_behind: bool,
    /// Which linear layers have biases; none where those do that the file has one for.
    pub biases: Option<Biases>,
    /// How tokens are sent to experts, if layers have some in place of one feed-forward network.
    pub mixture: Option<Mixture>,
}

/// How tokens are sent to experts.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    /// To how many, and with which weights.
    pub routing: Routing,
    /// How a layer names them.
    pub names: &'static ExpertNames,
    /// Whether there is a network beside them that all tokens go through, with a gate.
    pub shared: bool,
    /// The layers that have one network and no experts.
    pub dense: Vec<usize>,
}

impl Settings {
    /// Those of Llama, of so many layers: everything that has no number here is absent.
    pub fn llama(layers: usize, epsilon: f64, frequencies: Vec<f64>) -> Self {
        Settings {
            layers,
            epsilon,
            frequencies,
            tied: None,
            activation: Activation::Silu,
            local: None,
            scale: None,
            attention_cap: None,
            logit_cap: None,
            embedding_scale: 1.0,
            offset_norms: false,
            head_norms: false,
            norms_behind: false,
            biases: None,
            mixture: None,
        }
    }
}

/// Layers that attend to a window: each position to its own and those right before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Local {
    /// How many positions it has, with its own.
    pub window: usize,
    /// Of each layer, whether it is one of them.
    pub layers: Vec<bool>,
    /// How far pairs of elements turn in these layers, where it is not as far as in the others.
    pub frequencies: Option<Vec<f64>>,
}

/// Which linear layers have biases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Biases {
    /// Those to queries, keys and values.
    pub query_key_value: bool,
    /// That from the merged heads.
    pub output: bool,
    /// Those of the feed-forward network.
    pub feed_forward: bool,
}

/// The model: see [`load`](LanguageModel::load).
pub type Llama<V, P, E, Q, H, D, F, B = Cpu<f32>, X = N<1>, W = F> =
    LanguageModel<V, RotaryDecoder<E, Q, H, D, F, P, B, X, W>, B>;

/// Layers with rotary positions one after another, and a norm.
#[derive(Clone, Module)]
pub struct RotaryDecoder<E, Q, H, D, F, P, B: Backend = Cpu<f32>, X = N<1>, W = F> {
    /// The layers.
    pub layers: Vec<RotaryLayer<E, Q, H, D, F, B, X, W>>,
    /// The norm of what the last layer gives.
    pub norm: Norm<E, B>,
    /// The positions of queries and keys.
    pub rotary: Rotary<P, D, B>,
    /// Those in layers with a window, where they are others.
    pub local_rotary: Option<Rotary<P, D, B>>,
    /// The window of the layers that have one.
    pub window: Option<usize>,
    /// What the embeddings of tokens are multiplied by.
    pub embedding_scale: f64,
}

impl<E, Q, H, D, F, P, B, X, W> RotaryDecoder<E, Q, H, D, F, P, B, X, W>
where
    E: Dense,
    Q: SharesHeads<H>,
    H: Dim,
    D: Dense,
    Times<Q, D>: Summed,
    F: Summed,
    P: Dense,
    B: Backend<Elem: Float>,
    X: Dense,
    W: Summed,
{
    /// What goes into each layer, of embeddings that follow those of the cache; the last is what the decoder gives.
    ///
    /// # Panics
    /// The cache has fewer layers.
    pub fn states_cached<N: Dim, S: Whole, K: Whole>(
        &self,
        x: &Tensor<(N, S, E), B>,
        step: &mut CacheStep<'_, N, H, D, P, S, K, B>,
    ) -> Vec<Tensor<(N, S, E), B>> {
        let mut states = Vec::new();
        let last = self.apply_cached(x, step, |state| states.push(state.clone()));
        states.push(last);
        states
    }

    fn apply_cached<N: Dim, S: Whole, K: Whole>(
        &self,
        x: &Tensor<(N, S, E), B>,
        step: &mut CacheStep<'_, N, H, D, P, S, K, B>,
        see: impl FnMut(&Tensor<(N, S, E), B>),
    ) -> Tensor<(N, S, E), B> {
        let device = x.device();
        let global = PreparedMask::new(step.mask(), &device);
        let local = self.window.map(|window| PreparedMask::new(&step.mask().within(window), &device));
        let positions = step.positions().clone();
        self.apply(x, &positions, global, local, |layer, (keys, values)| step.append(layer, &keys, &values), see)
    }

    /// The layers, each of which attends to `all` the keys and values that there are of it with its own; and the norm. The masks
    /// are that of all layers, and that of those with a window.
    fn apply<N: Dim, S: Whole, K: Whole>(
        &self,
        x: &Tensor<(N, S, E), B>,
        positions: &TensorOf<(N, S), Index<P>, B>,
        global: PreparedMask<N, S, K, B::Engine>,
        local: Option<PreparedMask<N, S, K, B::Engine>>,
        mut all: impl FnMut(usize, KeysAndValues<N, H, D, S, B>) -> KeysAndValues<N, H, D, K, B>,
        mut see: impl FnMut(&Tensor<(N, S, E), B>),
    ) -> Tensor<(N, S, E), B> {
        let angles = self.rotary.angles(positions);
        let of_local = self.local_rotary.as_ref().map(|rotary| rotary.angles(positions));
        let of_local = of_local.as_ref().unwrap_or(&angles);
        let x = x.affine(self.embedding_scale, 0.0);
        let x = self.layers.iter().enumerate().fold(x, |x, (i, layer)| {
            see(&x);
            let (angles, mask) = match &local {
                Some(mask) if layer.local => (of_local, mask),
                _ => (&angles, &global),
            };
            layer.apply(&x, angles, mask, |new| all(i, new))
        });
        self.norm.forward(&x)
    }
}

impl<E, Q, H, D, F, P, B, X, W> Decoder<B> for RotaryDecoder<E, Q, H, D, F, P, B, X, W>
where
    E: Dense,
    Q: SharesHeads<H>,
    H: Dim,
    D: Dense,
    Times<Q, D>: Summed,
    F: Summed,
    P: Dense,
    B: Backend<Elem: Float>,
    X: Dense,
    W: Summed,
{
    type Positions = P;
    type Embed = E;
    type KeyHeads = H;
    type HeadDim = D;

    const NAMES: [&str; 3] = ["model.embed_tokens", "model", "lm_head"];

    fn depth(&self) -> usize {
        self.layers.len()
    }

    fn forward<N: Dim, S: Whole>(
        &self,
        x: &Tensor<(N, S, E), B>,
        positions: &TensorOf<(N, S), Index<P>, B>,
        mask: &impl Mask<N, S, S, B::Engine>,
    ) -> Tensor<(N, S, E), B> {
        let global = PreparedMask::new(mask, &x.device());
        let local = self.window.map(|window| global.clone().within(window));
        self.apply(x, positions, global, local, |_, new| new, |_| ())
    }

    fn forward_cached<N: Dim, S: Whole, K: Whole>(
        &self,
        x: &Tensor<(N, S, E), B>,
        step: &mut CacheStep<'_, N, H, D, P, S, K, B>,
    ) -> Tensor<(N, S, E), B> {
        self.apply_cached(x, step, |_| ())
    }
}
