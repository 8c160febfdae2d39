//! ModernBERT ([Warner et al. 2024](https://arxiv.org/abs/2412.13663)): an encoder with rotary positions and gates, most of whose layers
//! attend to a window around each position.

mod config;
mod masked;

pub use config::{Config, MaskedSettings, Settings};
pub use masked::Masked;

use crate::Error;
use congruent::backend::{Backend, DeviceOf, Float};
use congruent::dim::{Filled, Vocabulary, Whole};
use congruent::io::{Source, Stored, Weights, load_on};
use congruent::mask::{Combine, PreparedMask};
use congruent::nn::{Activation, Embedding, LayerNorm, Linear, Rotary, RotaryAngles, RotaryLayout, attention};
use congruent::prelude::*;

/// The dimensions of a model.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug)]
pub struct Dims<V, P, E, H, D, F> {
    pub vocab: V,
    pub positions: P,
    pub embed: E,
    pub heads: H,
    pub head_dim: D,
    pub ffn: F,
}

/// The model: token ids in, hidden states out. Its parameters have the names that they are published under.
#[derive(Clone, Module)]
pub struct ModernBert<V, P, E, H, D, F, B: Backend = Cpu<f32>> {
    /// The embedding of the tokens.
    #[module(name = "embeddings.tok_embeddings")]
    pub tokens: Embedding<V, E, B>,
    /// The norm of the embeddings.
    #[module(name = "embeddings.norm")]
    pub norm: LayerNorm<E, B>,
    /// The layers.
    pub layers: Vec<Layer<E, H, D, F, B>>,
    /// The norm of what the last layer gives.
    pub final_norm: LayerNorm<E, B>,
    rotary: Rotary<P, D, B>,
    local_rotary: Rotary<P, D, B>,
    /// How far from its own position a layer with a window attends, to both sides.
    pub reach: usize,
}

/// Three in one: those to queries, keys and values.
type Three<M> = Plus<Plus<M, M>, M>;

/// Self-attention and a gated feed-forward network, each behind a norm and beside a residual connection.
#[derive(Clone, Module)]
pub struct Layer<E, H, D, F, B: Backend = Cpu<f32>> {
    /// The norm before the attention; the first layer has none.
    #[module(name = "attn_norm")]
    pub attention_norm: Option<LayerNorm<E, B>>,
    /// To queries, keys and values.
    #[module(name = "attn.Wqkv")]
    pub query_key_value: Linear<E, Three<Times<H, D>>, B>,
    /// From the merged heads.
    #[module(name = "attn.Wo")]
    pub attention_output: Linear<Times<H, D>, E, B>,
    /// The norm before the feed-forward network.
    #[module(name = "mlp_norm")]
    pub feed_forward_norm: LayerNorm<E, B>,
    /// To what the gates are made of, and to what passes.
    #[module(name = "mlp.Wi")]
    pub gate_up: Linear<E, Plus<F, F>, B>,
    /// The function of the gates.
    pub activation: Activation,
    /// Back to the width of the model.
    #[module(name = "mlp.Wo")]
    pub down: Linear<F, E, B>,
    /// Whether it attends to a window alone.
    pub local: bool,
}

impl<E: Dense, H: Filled, D: Dense, F: Filled, B: Backend<Elem: Float>> Layer<E, H, D, F, B> {
    fn apply<N: Dim, S: Whole>(
        &self,
        x: &Tensor<(N, S, E), B>,
        angles: &RotaryAngles<(N, S), D, B>,
        mask: &PreparedMask<N, S, S, B::Engine>,
    ) -> Tensor<(N, S, E), B> {
        let all = match &self.attention_norm {
            Some(norm) => self.query_key_value.forward(&norm.forward(x)),
            None => self.query_key_value.forward(x),
        };
        let (queries_keys, values) = all.unconcat(At::<2>);
        let (queries, keys) = queries_keys.unconcat(At::<2>);
        let (q, k) = (angles.forward(&queries.split_heads()), angles.forward(&keys.split_heads()));
        let merged = attention(&q, &k, &values.split_heads(), mask).merge_heads();
        let x = self.attention_output.forward_residual(&merged, x);
        let (gate, up) = self.gate_up.forward(&self.feed_forward_norm.forward(&x)).unconcat(At::<2>);
        self.down.forward_residual(&(self.activation.forward(&gate) * up), &x)
    }
}

impl<V: Vocabulary, P: Dense, E: Dense, H: Filled, D: Dense, F: Filled, B: Backend<Elem: Float>>
    ModernBert<V, P, E, H, D, F, B>
{
    /// The hidden states after the last layer. The mask is [`Full`], or the lengths of the texts.
    ///
    /// # Errors
    /// The sequence is longer than the model has positions.
    pub fn last_hidden_state<N: Dim, S: Whole>(
        &self,
        ids: &TensorOf<(N, S), Index<V::Whole>, B>,
        mask: &impl Mask<N, S, S, B::Engine>,
    ) -> Result<Tensor<(N, S, E), B>, congruent::Error> {
        let ((batch, sequence), device) = (ids.shape(), self.device());
        let places: Vec<u32> = (0..batch.size()).flat_map(|_| 0..sequence.size() as u32).collect();
        let places = Ids::new((batch, sequence), self.rotary.positions(), &places)?.to_engine::<B>(&device);
        let (global, local) = (self.rotary.angles(&places), self.local_rotary.angles(&places));
        let near = Allowed::by_position(sequence, sequence, |query, key| query.abs_diff(key) <= self.reach);
        let mask = PreparedMask::new(mask, &device);
        let window = PreparedMask::new(&mask.clone().and(near.to_engine::<B>(&device)), &device);
        let x = self.norm.forward(&self.tokens.forward(ids));
        let x = self.layers.iter().fold(x, |x, layer| match layer.local {
            true => layer.apply(&x, &local, &window),
            false => layer.apply(&x, &global, &mask),
        });
        Ok(self.final_norm.forward(&x))
    }

    /// The tokens that it knows: what ids are of.
    pub fn vocab(&self) -> V::Whole {
        self.tokens.weight.shape().0.whole()
    }

    /// Where it calculates.
    pub fn device(&self) -> DeviceOf<B> {
        self.tokens.weight.device()
    }
}

impl<V: Vocabulary, P: Dense, E: Dense, H: Filled, D: Dense, F: Filled, B: Backend<Elem: Float + Stored>>
    ModernBert<V, P, E, H, D, F, B>
{
    /// Takes the weights of files to a device.
    ///
    /// # Errors
    /// Every tensor that is missing, surplus or of another shape; the size of a head is odd.
    pub fn load(
        source: &dyn Source,
        dims: Dims<V, P, E, H, D, F>,
        settings: &Settings,
        device: &DeviceOf<B>,
    ) -> Result<Self, Error> {
        let rotaries = rotaries(dims, settings, device)?;
        let model = load_on(source, device, |weights: Weights<'_, B::Elem, B>| {
            let weights = weights.casting();
            // Heads are those of one task.
            ["head", "decoder", "classifier"].iter().for_each(|head| weights.ignore(head));
            let below = weights.at("model");
            let weights = if below.has("embeddings.tok_embeddings.weight") { below } else { weights };
            Self::load_part(&weights, dims, settings, rotaries)
        });
        Ok(model?)
    }

    fn load_part(
        weights: &Weights<'_, B::Elem, B>,
        dims: Dims<V, P, E, H, D, F>,
        settings: &Settings,
        [rotary, local_rotary]: [Rotary<P, D, B>; 2],
    ) -> Self {
        let Dims { vocab, embed, .. } = dims;
        let layer = |(i, local): (usize, &bool)| {
            Layer::load(&weights.at("layers").at(i), dims, settings, Place { first: i == 0, local: *local })
        };
        ModernBert {
            tokens: Embedding::load(&weights.at("embeddings.tok_embeddings"), vocab, embed),
            norm: norm(&weights.at("embeddings.norm"), embed, settings),
            layers: settings.local.iter().enumerate().map(layer).collect(),
            final_norm: norm(&weights.at("final_norm"), embed, settings),
            rotary,
            local_rotary,
            reach: settings.reach,
        }
    }
}

/// The angles of positions: of layers without a window, and of those with one.
fn rotaries<V, P: Dense, E, H, D: Dense, F, B: Backend<Elem: Float>>(
    dims: Dims<V, P, E, H, D, F>,
    settings: &Settings,
    device: &DeviceOf<B>,
) -> Result<[Rotary<P, D, B>; 2], Error> {
    let Dims { positions, head_dim, .. } = dims;
    let table = |frequencies| Rotary::on_device(positions, head_dim, frequencies, RotaryLayout::Half, device);
    Ok([table(&settings.frequencies)?, table(&settings.local_frequencies)?])
}

/// Which layer it is.
struct Place {
    first: bool,
    local: bool,
}

impl<E: Dim, H: Dim, D: Dim, F: Dim, B: Backend<Elem: Float + Stored>> Layer<E, H, D, F, B> {
    fn load<V, P>(
        weights: &Weights<'_, B::Elem, B>,
        dims: Dims<V, P, E, H, D, F>,
        settings: &Settings,
        Place { first, local }: Place,
    ) -> Self {
        let (embed, ffn, merged) = (dims.embed, dims.ffn, Times(dims.heads, dims.head_dim));
        let (attention, network) = (settings.attention_bias, settings.feed_forward_bias);
        let three = Plus(Plus(merged, merged), merged);
        Layer {
            attention_norm: (!first).then(|| norm(&weights.at("attn_norm"), embed, settings)),
            query_key_value: linear(&weights.at("attn.Wqkv"), embed, three, attention),
            attention_output: linear(&weights.at("attn.Wo"), merged, embed, attention),
            feed_forward_norm: norm(&weights.at("mlp_norm"), embed, settings),
            gate_up: linear(&weights.at("mlp.Wi"), embed, Plus(ffn, ffn), network),
            activation: settings.activation,
            down: linear(&weights.at("mlp.Wo"), ffn, embed, network),
            local,
        }
    }
}

fn norm<E: Dim, B: Backend<Elem: Stored>>(
    weights: &Weights<'_, B::Elem, B>,
    embed: E,
    settings: &Settings,
) -> LayerNorm<E, B> {
    match settings.norm_bias {
        true => LayerNorm::load(weights, embed, settings.epsilon),
        false => LayerNorm::load_without_bias(weights, embed, settings.epsilon),
    }
}

fn linear<I: Dim, O: Dim, B: Backend<Elem: Stored>>(
    weights: &Weights<'_, B::Elem, B>,
    input: I,
    output: O,
    biased: bool,
) -> Linear<I, O, B> {
    match biased {
        true => Linear::load(weights, input, output),
        false => Linear::load_without_bias(weights, input, output),
    }
}
