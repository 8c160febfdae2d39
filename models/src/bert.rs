//! BERT ([Devlin et al. 2018](https://arxiv.org/abs/1810.04805)) and RoBERTa
//! ([Liu et al. 2019](https://arxiv.org/abs/1907.11692)), which has the same layers, and counts positions from behind the id of its
//! padding.
//!
//! On a mesh, the vocabulary, the heads and the features of the feed-forward networks may be a [`Shard`](congruent::dim::Shard) each.

use crate::config::activation;
use crate::ensure;
use crate::published_layer::{LayerDims, LayerNames, LayerSettings, PartNames, PublishedLayer};
use congruent::Error;
use congruent::backend::{Autodiff, Backend, DeviceOf, Float};
use congruent::dim::{Filled, Table, Vocabulary, Whole};
use congruent::io::{LoadError, Source, Stored, Weights, load_on};
use congruent::nn::{Activation, Dropout, Embedding, LayerNorm, Linear, NormOrder, Training, attention_weights};
use congruent::prelude::*;
use serde::Deserialize;

/// What `config.json` says of the model.
#[derive(Clone, Debug, Deserialize)]
#[allow(missing_docs)]
pub struct Config {
    pub model_type: String,
    pub vocab_size: usize,
    pub max_position_embeddings: usize,
    pub type_vocab_size: usize,
    pub hidden_size: usize,
    pub num_attention_heads: usize,
    pub intermediate_size: usize,
    pub num_hidden_layers: usize,
    pub layer_norm_eps: f64,
    #[serde(default)]
    pub pad_token_id: u32,
    #[serde(default = "gelu")]
    pub hidden_act: String,
    #[serde(default = "absolute")]
    pub position_embedding_type: String,
}

fn gelu() -> String {
    "gelu".to_owned()
}
fn absolute() -> String {
    "absolute".to_owned()
}

/// The most layers of a configuration.
const MAX_LAYERS: usize = 1 << 16;

impl Config {
    /// Reads the text of a `config.json`.
    ///
    /// # Errors
    /// Something is missing, or is not of such a model.
    pub fn read(json: &str) -> Result<Self, crate::Error> {
        let config: Config = serde_json::from_str(json)?;
        // Each is asked for by its number, and a size of a head is calculated.
        let (layers, heads) = (config.num_hidden_layers, config.num_attention_heads);
        ensure!(layers <= MAX_LAYERS, "`num_hidden_layers` is {layers}, at most {MAX_LAYERS}");
        ensure!(heads > 0, "`num_attention_heads` is 0");
        let kind = &config.position_embedding_type;
        ensure!(kind == "absolute", "`position_embedding_type` is `{kind}`, and this library knows `absolute`");
        config.settings()?;
        Ok(config)
    }

    /// What is no dimension.
    ///
    /// # Errors
    /// The activation is none that is known.
    pub fn settings(&self) -> Result<Settings, crate::Error> {
        Ok(Settings {
            layers: self.num_hidden_layers,
            epsilon: self.layer_norm_eps,
            activation: activation("hidden_act", &self.hidden_act)?,
            first_position: if self.model_type == "roberta" { self.pad_token_id as usize + 1 } else { 0 },
        })
    }
}

/// What is no dimension.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The number of layers.
    pub layers: usize,
    /// What norms add to the variance.
    pub epsilon: f64,
    /// The function of the feed-forward network.
    pub activation: Activation,
    /// Which row of the table of positions is that of the first token.
    pub first_position: usize,
}

/// The dimensions of a BERT model.
#[allow(missing_docs)]
pub trait Dims: Copy {
    type Vocab: Vocabulary;
    type Positions: Dense;
    type TokenTypes: Dense;
    type Embed: Dense;
    type Heads: Filled;
    type HeadDim: Dense;
    type Ffn: Filled;
    fn vocab(self) -> Self::Vocab;
    fn positions(self) -> Self::Positions;
    fn token_types(self) -> Self::TokenTypes;
    fn embed(self) -> Self::Embed;
    fn heads(self) -> Self::Heads;
    fn head_dim(self) -> Self::HeadDim;
    fn ffn(self) -> Self::Ffn;
}

/// What the ids of the tokens are of: the vocabulary that all ranks have together.
pub type Tokens<D> = <<D as Dims>::Vocab as Table>::Whole;

/// The model: token ids in, hidden states out. Its parameters have the names that they are published under.
#[derive(Clone, Module)]
pub struct Bert<D: Dims, Bk: Backend = Cpu<f32>> {
    /// The embedding of the tokens.
    #[module(name = "embeddings.word_embeddings")]
    pub words: Embedding<D::Vocab, D::Embed, Bk>,
    #[module(name = "embeddings.position_embeddings")]
    positions: Embedding<D::Positions, D::Embed, Bk>,
    #[module(name = "embeddings.token_type_embeddings")]
    token_types: Embedding<D::TokenTypes, D::Embed, Bk>,
    #[module(name = "embeddings.LayerNorm")]
    norm: LayerNorm<D::Embed, Bk>,
    #[module(name = "encoder.layer")]
    layers: Vec<PublishedLayer<Names, D::Embed, D::Heads, D::HeadDim, D::Ffn, Bk>>,
    /// Nothing here uses it: what is loaded is saved again whole.
    #[module(name = "pooler.dense")]
    pooler: Option<Linear<D::Embed, D::Embed, Bk>>,
    first_position: usize,
}

/// The names of a layer.
#[derive(Clone)]
pub struct Names;

impl LayerNames for Names {
    const NAMES: PartNames = PartNames {
        query: "attention.self.query",
        key: "attention.self.key",
        value: "attention.self.value",
        output: "attention.output.dense",
        attention_norm: "attention.output.LayerNorm",
        up: "intermediate.dense",
        down: "output.dense",
        feed_forward_norm: "output.LayerNorm",
    };
}

impl<D: Dims> Bert<D> {
    /// Takes the weights of a file in Hugging Face layout.
    ///
    /// # Errors
    /// Every tensor that is missing, surplus or of another shape.
    pub fn load(source: &dyn Source, dims: D, settings: Settings) -> Result<Self, LoadError> {
        Bert::load_on(source, dims, settings, &Default::default())
    }
}

impl<D: Dims, Bk: Backend<Elem: Float + Stored>> Bert<D, Bk> {
    /// As [`load`](Bert::load), to a device of any engine.
    ///
    /// # Errors
    /// As of [`load`](Bert::load).
    pub fn load_on(source: &dyn Source, dims: D, settings: Settings, device: &DeviceOf<Bk>) -> Result<Self, LoadError> {
        load_on(source, device, |weights: Weights<'_, Bk::Elem, Bk>| {
            let weights = weights.casting();
            // Heads are those of one task.
            ["classifier", "cls", "lm_head", "qa_outputs"].iter().for_each(|head| weights.ignore(head));
            let below = ["bert", "roberta"].into_iter().map(|name| weights.at(name));
            let weights = below.into_iter().find(|weights| weights.has(WORDS)).unwrap_or(weights);
            // The positions are one after another.
            weights.ignore("embeddings.position_ids");
            let (embeddings, pooler) = (weights.at("embeddings"), weights.at("pooler.dense"));
            let Settings { epsilon, activation, .. } = settings;
            let layer_settings = LayerSettings { epsilon, activation, order: NormOrder::Post, biases: [true; 3] };
            let layer = |i| {
                let (embed, heads, head_dim, ffn) = (dims.embed(), dims.heads(), dims.head_dim(), dims.ffn());
                let dims = LayerDims { embed, heads, head_dim, ffn };
                PublishedLayer::load(&weights.at("encoder.layer").at(i), dims, layer_settings)
            };
            Bert {
                words: Embedding::load(&embeddings.at("word_embeddings"), dims.vocab(), dims.embed()),
                positions: Embedding::load(&embeddings.at("position_embeddings"), dims.positions(), dims.embed()),
                token_types: Embedding::load(&embeddings.at("token_type_embeddings"), dims.token_types(), dims.embed()),
                norm: LayerNorm::load(&embeddings.at("LayerNorm"), dims.embed(), epsilon),
                layers: (0..settings.layers).map(layer).collect(),
                pooler: pooler.has("weight").then(|| Linear::load(&pooler, dims.embed(), dims.embed())),
                first_position: settings.first_position,
            }
        })
    }
}

/// The name of a tensor that every file has.
const WORDS: &str = "embeddings.word_embeddings.weight";

impl<D: Dims, Bk: Backend<Elem: Float>> Bert<D, Bk> {
    /// What goes into the first layer.
    fn embedded<B: Dim, S: Dim>(
        &self,
        ids: &TensorOf<(B, S), Index<Tokens<D>>, Bk>,
    ) -> Result<Tensor<(B, S, D::Embed), Bk>, Error> {
        let (_, sequence) = ids.shape();
        let positions = self.positions.weight.narrow(At::<0>, self.first_position, sequence)?;
        let first_type = self.token_types.weight.at(At::<0>, 0)?;
        Ok(self.norm.forward(&(self.words.forward(ids) + &first_type + &positions)))
    }

    /// The hidden states after the last layer.
    ///
    /// # Errors
    /// The sequence is longer than the model has positions.
    pub fn last_hidden_state<B: Dim, S: Dim>(
        &self,
        ids: &TensorOf<(B, S), Index<Tokens<D>>, Bk>,
        mask: &impl Mask<B, S, S, Bk::Engine>,
    ) -> Result<Tensor<(B, S, D::Embed), Bk>, Error> {
        Ok(self.layers.iter().fold(self.embedded(ids)?, |x, layer| layer.layer.forward(&x, mask)))
    }

    /// As [`last_hidden_state`](Self::last_hidden_state), in training: with dropout after the embeddings and in each layer.
    ///
    /// # Errors
    /// The sequence is longer than the model has positions.
    pub fn last_hidden_state_training<B: Dim, S: Dim>(
        &self,
        ids: &TensorOf<(B, S), Index<Tokens<D>>, Bk>,
        mask: &impl Mask<B, S, S, Bk::Engine>,
        dropout: Dropout,
        training: &mut Training<'_>,
    ) -> Result<Tensor<(B, S, D::Embed), Bk>, Error> {
        let embedded = dropout.forward_training(&self.embedded(ids)?, training);
        let layers = self.layers.iter();
        Ok(layers.fold(embedded, |x, layer| layer.layer.forward_training(&x, mask, dropout, training)))
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

    /// The tokens that it knows: what ids are of.
    pub fn vocab(&self) -> Tokens<D> {
        self.words.weight.shape().0.whole()
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
        ids: &TensorOf<(B, S), Index<Tokens<D>>, Bk>,
        mask: &impl Mask<B, S, S, Bk::Engine>,
    ) -> Result<Vec<Tensor<(B, S, D::Embed), Bk>>, Error> {
        let mut states = vec![self.embedded(ids)?];
        for layer in &self.layers {
            states.push(layer.layer.forward(&states[states.len() - 1], mask));
        }
        Ok(states)
    }

    /// How much each token attends to each other, in every head of a layer whose input is `hidden`.
    pub fn attention<B: Dim, S: Whole>(
        &self,
        layer: usize,
        hidden: &Tensor<(B, S, D::Embed), Bk>,
        mask: &impl Mask<B, S, S, Bk::Engine>,
    ) -> Tensor<(B, D::Heads, S, S), Bk> {
        let attention = &self.layers[layer].layer.attention;
        let q = attention.query.forward(hidden).split_heads();
        let k = attention.key.forward(hidden).split_heads();
        attention_weights(&q, &k, mask)
    }
}
