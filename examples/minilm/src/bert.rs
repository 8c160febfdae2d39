//! BERT ([Devlin et al. 2018](https://arxiv.org/abs/1810.04805)), generic over its dimensions.

use congruent::Error;
use congruent::backend::{Autodiff, Backend, DeviceOf, Float};
use congruent::io::{LoadError, SafeTensors, Weights, load_on};
use congruent::module::{Parameter, ParameterMut};
use congruent::nn::{
    Activation, Dropout, Embedding, EncoderLayer, FeedForward, LayerNorm, Linear, MultiHeadAttention, NormOrder,
    Training, attention_weights,
};
use congruent::prelude::*;
use std::path::Path;

/// The dimensions of a BERT model.
#[allow(missing_docs)]
pub trait Dims: Copy {
    type Vocab: Dense;
    type Positions: Dense;
    type TokenTypes: Dense;
    type Embed: Dense;
    type Heads: Dense;
    type HeadDim: Dense;
    type Ffn: Dense;
    fn vocab(self) -> Self::Vocab;
    fn positions(self) -> Self::Positions;
    fn token_types(self) -> Self::TokenTypes;
    fn embed(self) -> Self::Embed;
    fn heads(self) -> Self::Heads;
    fn head_dim(self) -> Self::HeadDim;
    fn ffn(self) -> Self::Ffn;
}

/// The model: token ids in, hidden states out. Its parameters have the names that they are published under.
#[derive(Clone, Module)]
pub struct Bert<D: Dims, Bk: Backend = Cpu<f32>> {
    #[module(name = "embeddings.word_embeddings")]
    words: Embedding<D::Vocab, D::Embed, Bk>,
    #[module(name = "embeddings.position_embeddings")]
    positions: Embedding<D::Positions, D::Embed, Bk>,
    #[module(name = "embeddings.token_type_embeddings")]
    token_types: Embedding<D::TokenTypes, D::Embed, Bk>,
    #[module(name = "embeddings.LayerNorm")]
    norm: LayerNorm<D::Embed, Bk>,
    #[module(name = "encoder.layer")]
    layers: Vec<Layer<D, Bk>>,
    /// Nothing here uses it: what is loaded is saved again whole.
    #[module(name = "pooler.dense")]
    pooler: Option<Linear<D::Embed, D::Embed, Bk>>,
}

#[derive(Clone)]
struct Layer<D: Dims, Bk: Backend>(EncoderLayer<D::Embed, D::Heads, D::HeadDim, D::Ffn, Bk>);

/// The published names of the parts of a layer.
mod names {
    pub const QUERY: &str = "attention.self.query";
    pub const KEY: &str = "attention.self.key";
    pub const VALUE: &str = "attention.self.value";
    pub const OUTPUT: &str = "attention.output.dense";
    pub const ATTENTION_NORM: &str = "attention.output.LayerNorm";
    pub const UP: &str = "intermediate.dense";
    pub const DOWN: &str = "output.dense";
    pub const FEED_FORWARD_NORM: &str = "output.LayerNorm";
}

/// Visits the parts of a layer.
macro_rules! visit_parts {
    ($visit:ident, $layer:expr, $path:expr, $visitor:expr) => {{
        let (layer, path, visitor) = ($layer, $path, $visitor);
        layer.attention.query.$visit(&path.at(names::QUERY), visitor);
        layer.attention.key.$visit(&path.at(names::KEY), visitor);
        layer.attention.value.$visit(&path.at(names::VALUE), visitor);
        layer.attention.output.$visit(&path.at(names::OUTPUT), visitor);
        layer.attention_norm.$visit(&path.at(names::ATTENTION_NORM), visitor);
        layer.feed_forward.up.$visit(&path.at(names::UP), visitor);
        layer.feed_forward.down.$visit(&path.at(names::DOWN), visitor);
        layer.feed_forward_norm.$visit(&path.at(names::FEED_FORWARD_NORM), visitor);
    }};
}

impl<D: Dims, Bk: Backend<Elem: Float>> Module<Bk> for Layer<D, Bk> {
    fn visit(&self, path: &congruent::module::Path<'_>, visitor: &mut dyn FnMut(Parameter<'_, Bk>)) {
        visit_parts!(visit, &self.0, path, visitor);
    }
    fn visit_mut(&mut self, path: &congruent::module::Path<'_>, visitor: &mut dyn FnMut(ParameterMut<'_, Bk>)) {
        visit_parts!(visit_mut, &mut self.0, path, visitor);
    }
}

impl<D: Dims> Bert<D> {
    /// Takes the weights of a file in Hugging Face layout.
    pub fn load(path: &Path, dims: D, layers: usize, epsilon: f64) -> Result<Self, LoadError> {
        Bert::load_on(path, dims, layers, epsilon, &Default::default())
    }
}

impl<D: Dims, Bk: Backend<Elem = f32>> Bert<D, Bk> {
    /// As [`load`](Bert::load), to a device of any engine.
    pub fn load_on(
        path: &Path,
        dims: D,
        layers: usize,
        epsilon: f64,
        device: &DeviceOf<Bk>,
    ) -> Result<Self, LoadError> {
        load_on(&SafeTensors::open(path)?, device, |weights: Weights<'_, f32, Bk>| {
            // The positions are 0, 1, 2, …, and a classifier is that of one task.
            weights.ignore("embeddings.position_ids");
            weights.ignore("classifier");
            let (embeddings, pooler) = (weights.at("embeddings"), weights.at("pooler.dense"));
            let layer = |i| Self::load_layer(&weights.at("encoder.layer").at(i), dims, epsilon);
            Bert {
                words: Embedding::load(&embeddings.at("word_embeddings"), dims.vocab(), dims.embed()),
                positions: Embedding::load(&embeddings.at("position_embeddings"), dims.positions(), dims.embed()),
                token_types: Embedding::load(&embeddings.at("token_type_embeddings"), dims.token_types(), dims.embed()),
                norm: LayerNorm::load(&embeddings.at("LayerNorm"), dims.embed(), epsilon),
                layers: (0..layers).map(layer).collect(),
                pooler: pooler.has("weight").then(|| Linear::load(&pooler, dims.embed(), dims.embed())),
            }
        })
    }

    fn load_layer(weights: &Weights<'_, f32, Bk>, dims: D, epsilon: f64) -> Layer<D, Bk> {
        let (embed, ffn, merged) = (dims.embed(), dims.ffn(), Times(dims.heads(), dims.head_dim()));
        Layer(EncoderLayer {
            attention: MultiHeadAttention {
                query: Linear::load(&weights.at(names::QUERY), embed, merged),
                key: Linear::load(&weights.at(names::KEY), embed, merged),
                value: Linear::load(&weights.at(names::VALUE), embed, merged),
                output: Linear::load(&weights.at(names::OUTPUT), merged, embed),
            },
            attention_norm: LayerNorm::load(&weights.at(names::ATTENTION_NORM), embed, epsilon),
            feed_forward: FeedForward {
                up: Linear::load(&weights.at(names::UP), embed, ffn),
                activation: Activation::Gelu,
                down: Linear::load(&weights.at(names::DOWN), ffn, embed),
            },
            feed_forward_norm: LayerNorm::load(&weights.at(names::FEED_FORWARD_NORM), embed, epsilon),
            order: NormOrder::Post,
        })
    }

    /// What goes into the first layer.
    fn embedded<B: Dim, S: Dim>(
        &self,
        ids: &TensorOf<(B, S), Index<D::Vocab>, Bk>,
    ) -> Result<Tensor<(B, S, D::Embed), Bk>, Error> {
        let (_, sequence) = ids.shape();
        let positions = self.positions.weight.narrow(At::<0>, 0, sequence)?;
        let first_type = self.token_types.weight.at(At::<0>, 0)?;
        Ok(self.norm.forward(&(self.words.forward(ids) + &first_type + &positions)))
    }

    /// The hidden states after the last layer.
    ///
    /// # Errors
    /// The sequence is longer than the model has positions.
    pub fn last_hidden_state<B: Dim, S: Dim>(
        &self,
        ids: &TensorOf<(B, S), Index<D::Vocab>, Bk>,
        mask: &impl Mask<B, S, S, Bk::Engine>,
    ) -> Result<Tensor<(B, S, D::Embed), Bk>, Error> {
        Ok(self.layers.iter().fold(self.embedded(ids)?, |x, layer| layer.0.forward(&x, mask)))
    }

    /// As [`last_hidden_state`](Self::last_hidden_state), in training: with dropout after the embeddings and in each layer.
    ///
    /// # Errors
    /// The sequence is longer than the model has positions.
    pub fn last_hidden_state_training<B: Dim, S: Dim>(
        &self,
        ids: &TensorOf<(B, S), Index<D::Vocab>, Bk>,
        mask: &impl Mask<B, S, S, Bk::Engine>,
        dropout: Dropout,
        training: &mut Training<'_>,
    ) -> Result<Tensor<(B, S, D::Embed), Bk>, Error> {
        let embedded = dropout.forward_training(&self.embedded(ids)?, training);
        let layers = self.layers.iter();
        Ok(layers.fold(embedded, |x, layer| layer.0.forward_training(&x, mask, dropout, training)))
    }

    /// Makes the layers [tracked](Tensor::tracked), and them alone: a word that training has not seen stays where it was
    /// among those that it has.
    pub fn track_layers(&mut self)
    where
        Bk: Autodiff,
    {
        self.freeze();
        self.layers.track();
    }

    /// Where it calculates.
    pub fn device(&self) -> DeviceOf<Bk> {
        self.words.weight.device()
    }

    /// The tokens that it knows.
    pub fn vocab(&self) -> D::Vocab {
        self.words.weight.shape().0
    }

    /// The width of a hidden state.
    pub fn embed(&self) -> D::Embed {
        self.words.weight.shape().1
    }

    /// The hidden states: after the embeddings, and after each layer.
    ///
    /// # Errors
    /// The sequence is longer than the model has positions.
    pub fn hidden_states<B: Dim, S: Dim>(
        &self,
        ids: &TensorOf<(B, S), Index<D::Vocab>, Bk>,
        mask: &impl Mask<B, S, S, Bk::Engine>,
    ) -> Result<Vec<Tensor<(B, S, D::Embed), Bk>>, Error> {
        let mut states = vec![self.embedded(ids)?];
        for layer in &self.layers {
            states.push(layer.0.forward(&states[states.len() - 1], mask));
        }
        Ok(states)
    }

    /// How much each token attends to each other, in every head of a layer whose input is `hidden`.
    pub fn attention<B: Dim, S: Dim>(
        &self,
        layer: usize,
        hidden: &Tensor<(B, S, D::Embed), Bk>,
        mask: &impl Mask<B, S, S, Bk::Engine>,
    ) -> Tensor<(B, D::Heads, S, S), Bk> {
        let attention = &self.layers[layer].0.attention;
        let q = attention.query.forward(hidden).split_heads();
        let k = attention.key.forward(hidden).split_heads();
        attention_weights(&q, &k, mask)
    }
}

/// The direction of each vector: it, divided by its length.
pub fn normalized<B: Dim, E: Dense, Bk: Backend<Elem = f32>>(x: &Tensor<(B, E), Bk>) -> Tensor<(B, E), Bk> {
    let lengths = x.square().sum(At::<1>).sqrt();
    einsum!("batch embed, batch -> batch embed", x, lengths.clamp(1e-12, f32::INFINITY).recip())
}
