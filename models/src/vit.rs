//! ViT ([Dosovitskiy et al. 2020](https://arxiv.org/abs/2010.11929)): an image as a sequence of patches, behind a token that stands
//! for all of it.

use crate::config::{activation, bounded, bounded_layers, from_zero_on, quotient};
use crate::published_layer::{LayerDims, LayerNames, LayerSettings, PartNames, PublishedLayer};
use crate::{Error, ensure};
use congruent::CountsWindows;
use congruent::backend::{Backend, DeviceOf, Float};
use congruent::dim::Filled;
use congruent::io::{LoadError, Source, Stored, Weights, load_on};
use congruent::nn::{Activation, LayerNorm, Linear, NormOrder, PatchEmbedding};
use congruent::prelude::*;
use serde::Deserialize;

/// The sizes and settings of a model.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Config {
    pub channels: usize,
    /// The side of a patch, in pixels.
    pub patch: usize,
    /// How many patches stand one above the other.
    pub rows: usize,
    /// How many patches stand side by side.
    pub columns: usize,
    pub embed: usize,
    pub heads: usize,
    pub head_dim: usize,
    pub ffn: usize,
    pub settings: Settings,
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
    /// Whether queries, keys and values have biases.
    pub biased: bool,
}

/// A size that a configuration gives once for both axes, or as height and width.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
pub(crate) enum Sides {
    Both(usize),
    Each([usize; 2]),
}

impl Sides {
    fn each(self) -> [usize; 2] {
        match self {
            Sides::Both(side) => [side; 2],
            Sides::Each(sides) => sides,
        }
    }
}

/// The side of a patch, and how many of them stand one above the other and side by side.
pub(crate) fn grid(image: Sides, patch: Sides) -> Result<[usize; 3], Error> {
    let ([height, width], [side, other]) = (image.each(), patch.each());
    ensure!(side == other, "`patch_size` is {side} by {other}, and this library has square patches");
    let side = bounded("patch_size", side)?;
    ensure!(
        height >= side && width >= side,
        "`image_size` is {height} by {width}, which holds no patch of {side} by {side}"
    );
    Ok([side, bounded("image_size", height)? / side, bounded("image_size", width)? / side])
}

impl Config {
    /// Reads the text of a `config.json`.
    ///
    /// # Errors
    /// Something is missing, or is not of such a model.
    pub fn read(json: &str) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Json {
            hidden_size: usize,
            num_hidden_layers: usize,
            num_attention_heads: usize,
            intermediate_size: usize,
            image_size: Sides,
            patch_size: Sides,
            num_channels: usize,
            layer_norm_eps: f64,
            hidden_act: Option<String>,
            qkv_bias: Option<bool>,
            pooler_output_size: Option<usize>,
            pooler_act: Option<String>,
        }
        let json: Json = serde_json::from_str(json)?;
        let embed = bounded("hidden_size", json.hidden_size)?;
        let pooled = json.pooler_output_size.unwrap_or(embed);
        ensure!(pooled == embed, "`pooler_output_size` is {pooled}, and `hidden_size` {embed}: they have to be one");
        let pooler = json.pooler_act.as_deref().unwrap_or("tanh");
        ensure!(pooler == "tanh", "`pooler_act` is `{pooler}`, and this library knows `tanh`");
        let [patch, rows, columns] = grid(json.image_size, json.patch_size)?;
        Ok(Config {
            channels: bounded("num_channels", json.num_channels)?,
            patch,
            rows,
            columns,
            embed,
            heads: json.num_attention_heads,
            head_dim: quotient(embed, json.num_attention_heads)?,
            ffn: bounded("intermediate_size", json.intermediate_size)?,
            settings: Settings {
                layers: bounded_layers("num_hidden_layers", json.num_hidden_layers)?,
                epsilon: from_zero_on("layer_norm_eps", json.layer_norm_eps)?,
                activation: activation("hidden_act", json.hidden_act.as_deref().unwrap_or("gelu"))?,
                biased: json.qkv_bias.unwrap_or(true),
            },
        })
    }
}

/// The dimensions of a model.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug)]
pub struct Dims<C, P, R, W, E, H, D, F> {
    pub channels: C,
    /// The side of a patch.
    pub patch: P,
    /// How many patches stand one above the other.
    pub rows: R,
    /// How many patches stand side by side.
    pub columns: W,
    pub embed: E,
    pub heads: H,
    pub head_dim: D,
    pub ffn: F,
}

/// The token that stands for the image, and behind it the patches, row by row.
pub type Tokens<R, W> = Plus<N<1>, Times<R, W>>;

/// The model: images in, hidden states out. Its parameters have the names that they are published under.
#[derive(Clone, Module)]
pub struct Vit<C, P, R, W, E, H, D, F, B: Backend = Cpu<f32>> {
    /// What stands for the image, before anything is known of it.
    #[module(name = "embeddings.cls_token")]
    pub class_token: Tensor<(N<1>, N<1>, E), B>,
    /// The map of each patch.
    #[module(name = "embeddings.patch_embeddings")]
    pub patches: PatchEmbedding<C, E, P, P, B>,
    /// What is added to each token.
    #[module(name = "embeddings.position_embeddings")]
    pub positions: Tensor<(N<1>, Tokens<R, W>, E), B>,
    /// The layers.
    #[module(name = "encoder.layer")]
    pub layers: Vec<PublishedLayer<Names, E, H, D, F, B>>,
    /// The norm of what the last layer gives.
    #[module(name = "layernorm")]
    pub norm: LayerNorm<E, B>,
    /// From the first token to features of the image, in files that have it: [`pooled`](Self::pooled).
    #[module(name = "pooler.dense")]
    pub pooler: Option<Linear<E, E, B>>,
}

/// The model, and a linear layer from the first token to classes `K`.
#[derive(Clone, Module)]
pub struct Classifier<K, C, P, R, W, E, H, D, F, B: Backend = Cpu<f32>> {
    /// The model.
    pub vit: Vit<C, P, R, W, E, H, D, F, B>,
    /// To the logits of the classes.
    pub classifier: Linear<E, K, B>,
}

/// The names of a layer.
#[derive(Clone)]
pub struct Names;

impl LayerNames for Names {
    const NAMES: PartNames = PartNames {
        query: "attention.attention.query",
        key: "attention.attention.key",
        value: "attention.attention.value",
        output: "attention.output.dense",
        attention_norm: "layernorm_before",
        up: "intermediate.dense",
        down: "output.dense",
        feed_forward_norm: "layernorm_after",
    };
}

impl<C: Dense, P: Dense, R: Dense, W: Dense, E: Dense, H: Filled, D: Dense, F: Filled, B: Backend<Elem: Float + Stored>>
    Vit<C, P, R, W, E, H, D, F, B>
{
    /// Takes the weights of files in Hugging Face layout to a device: those of the model, or of one with a classifier, which is left
    /// out.
    ///
    /// # Errors
    /// Every tensor that is missing, surplus or of another shape.
    pub fn load(
        source: &dyn Source,
        dims: Dims<C, P, R, W, E, H, D, F>,
        settings: &Settings,
        device: &DeviceOf<B>,
    ) -> Result<Self, LoadError> {
        load_on(source, device, |weights: Weights<'_, B::Elem, B>| {
            let weights = weights.casting();
            weights.ignore("classifier");
            let whole = weights.at("vit");
            Self::load_part(if whole.has(CLASS_TOKEN) { &whole } else { &weights }, dims, settings)
        })
    }

    fn load_part(weights: &Weights<'_, B::Elem, B>, dims: Dims<C, P, R, W, E, H, D, F>, settings: &Settings) -> Self {
        let Dims { channels, patch, rows, columns, embed, heads, head_dim, ffn } = dims;
        let Settings { epsilon, activation, biased, .. } = *settings;
        // Of training that hides patches.
        weights.ignore("embeddings.mask_token");
        let layer_settings = LayerSettings { epsilon, activation, order: NormOrder::Pre, biases: [biased; 3] };
        let layer = |i| {
            let dims = LayerDims { embed, heads, head_dim, ffn };
            PublishedLayer::load(&weights.at("encoder.layer").at(i), dims, layer_settings)
        };
        let pooler = weights.at("pooler.dense");
        Vit {
            class_token: weights.tensor(CLASS_TOKEN, (N, N, embed)),
            patches: PatchEmbedding::load(&weights.at("embeddings.patch_embeddings"), channels, embed, (patch, patch)),
            positions: weights.tensor("embeddings.position_embeddings", (N, Plus(N, Times(rows, columns)), embed)),
            layers: (0..settings.layers).map(layer).collect(),
            norm: LayerNorm::load(&weights.at("layernorm"), embed, epsilon),
            pooler: pooler.has("weight").then(|| Linear::load(&pooler, embed, embed)),
        }
    }
}

/// The name of a tensor that every file has.
const CLASS_TOKEN: &str = "embeddings.cls_token";

impl<C: Dense, P: Dense, R: Dense, W: Dense, E: Dense, H: Filled, D: Dense, F: Filled, B: Backend<Elem: Float>>
    Vit<C, P, R, W, E, H, D, F, B>
{
    /// The hidden states of the tokens of each image, whose pixels are whole patches, as many as the model has positions.
    pub fn forward<Batch: Dim, Y: Dense, X: Dense>(
        &self,
        images: &Tensor<(Batch, C, Y, X), B>,
    ) -> Tensor<(Batch, Tokens<R, W>, E), B>
    where
        (R, W): CountsWindows<(Y, X), (P, P), (P, P), N<0>, N<1>>,
    {
        self.states(&self.patches.forward(images, self.grid()))
    }

    /// As [`forward`](Self::forward), of images whose sizes are compared now.
    ///
    /// # Errors
    /// They are not of as many patches as the model has positions.
    pub fn try_forward<Batch: Dim, Y: Dense, X: Dense>(
        &self,
        images: &Tensor<(Batch, C, Y, X), B>,
    ) -> Result<Tensor<(Batch, Tokens<R, W>, E), B>, congruent::Error> {
        Ok(self.states(&self.patches.try_forward(images, self.grid())?))
    }

    /// What the model makes of the first token of each image, in files that have a pooler.
    pub fn pooled<Batch: Dim>(&self, states: &Tensor<(Batch, Tokens<R, W>, E), B>) -> Option<Tensor<(Batch, E), B>> {
        self.pooler.as_ref().map(|pooler| pooler.forward(&first(states)).tanh())
    }

    fn grid(&self) -> (R, W) {
        let (_, Plus(_, Times(rows, columns)), _) = self.positions.shape();
        (rows, columns)
    }

    fn states<Batch: Dim>(&self, patches: &Tensor<(Batch, Times<R, W>, E), B>) -> Tensor<(Batch, Tokens<R, W>, E), B> {
        let (batch, ..) = patches.shape();
        let token = self.class_token.sum(At::<0>).expand(batch);
        // The same for each image.
        let x = token.concat(At::<1>, patches) + self.positions.sum(At::<0>);
        self.norm.forward(&self.layers.iter().fold(x, |x, layer| layer.layer.forward(&x, &Full)))
    }
}

/// The first token of each image.
pub(crate) fn first<Batch: Dim, S: Dense, E: Dense, B: Backend<Elem: Float>>(
    states: &Tensor<(Batch, Plus<N<1>, S>, E), B>,
) -> Tensor<(Batch, E), B> {
    states.unconcat(At::<1>).0.sum(At::<1>)
}

impl<K, C, P, R, W, E, H, D, F, B> Classifier<K, C, P, R, W, E, H, D, F, B>
where
    K: Dense,
    C: Dense,
    P: Dense,
    R: Dense,
    W: Dense,
    E: Dense,
    H: Filled,
    D: Dense,
    F: Filled,
    B: Backend<Elem: Float + Stored>,
{
    /// Takes the weights of files in Hugging Face layout to a device.
    ///
    /// # Errors
    /// Every tensor that is missing, surplus or of another shape.
    pub fn load(
        source: &dyn Source,
        dims: Dims<C, P, R, W, E, H, D, F>,
        classes: K,
        settings: &Settings,
        device: &DeviceOf<B>,
    ) -> Result<Self, LoadError> {
        load_on(source, device, |weights: Weights<'_, B::Elem, B>| {
            let weights = weights.casting();
            Classifier {
                vit: Vit::load_part(&weights.at("vit"), dims, settings),
                classifier: Linear::load(&weights.at("classifier"), dims.embed, classes),
            }
        })
    }
}

impl<K, C, P, R, W, E, H, D, F, B> Classifier<K, C, P, R, W, E, H, D, F, B>
where
    K: Dense,
    C: Dense,
    P: Dense,
    R: Dense,
    W: Dense,
    E: Dense,
    H: Filled,
    D: Dense,
    F: Filled,
    B: Backend<Elem: Float>,
{
    /// The logits of the classes, of the hidden states that [`vit`](Self::vit) gave.
    pub fn logits<Batch: Dim>(&self, states: &Tensor<(Batch, Tokens<R, W>, E), B>) -> Tensor<(Batch, K), B> {
        self.classifier.forward(&first(states))
    }
}
