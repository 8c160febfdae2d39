//! CLIP ([Radford et al. 2021](https://arxiv.org/abs/2103.00020)): one space for texts and images, in which a text is near the images that
//! it describes.

mod config;
mod text;
mod vision;

pub use config::{Config, TextConfig, VisionConfig};
pub use text::{TextDims, TextModel};
pub use vision::VisionModel;

use crate::published_layer::{LayerNames, PartNames};
use crate::vit;
use congruent::CountsWindows;
use congruent::backend::{Backend, DeviceOf, Float};
use congruent::dim::{Filled, Vocabulary, Whole};
use congruent::io::{LoadError, Source, Stored, Weights, load_on};
use congruent::nn::{Activation, Linear};
use congruent::prelude::*;

/// What is no dimension of one of the two parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The number of layers.
    pub layers: usize,
    /// What norms add to the variance.
    pub epsilon: f64,
    /// The function of the feed-forward network.
    pub activation: Activation,
}

/// The names of a layer.
#[derive(Clone)]
pub struct Names;

impl LayerNames for Names {
    const NAMES: PartNames = PartNames {
        query: "self_attn.q_proj",
        key: "self_attn.k_proj",
        value: "self_attn.v_proj",
        output: "self_attn.out_proj",
        attention_norm: "layer_norm1",
        up: "mlp.fc1",
        down: "mlp.fc2",
        feed_forward_norm: "layer_norm2",
    };
}

/// The model: a [`TextModel`] of the width `T`, a [`VisionModel`] of the width `I`, and maps of both to one space `J`. Its parameters
/// have the names that they are published under.
#[derive(Clone, Module)]
pub struct Clip<V, P, T, TH, TD, TF, C, Patch, R, W, I, H, D, F, J, B: Backend = Cpu<f32>> {
    /// What reads texts.
    #[module(name = "text_model")]
    pub text: TextModel<V, P, T, TH, TD, TF, B>,
    /// What sees images.
    #[module(name = "vision_model")]
    pub vision: VisionModel<C, Patch, R, W, I, H, D, F, B>,
    /// From a text to the common space.
    pub text_projection: Linear<T, J, B>,
    /// From an image to the common space.
    pub visual_projection: Linear<I, J, B>,
    /// The logarithm of what cosines are multiplied by.
    pub logit_scale: Tensor<(), B>,
}

impl<V, P, T, TH, TD, TF, C, Patch, R, W, I, H, D, F, J, B> Clip<V, P, T, TH, TD, TF, C, Patch, R, W, I, H, D, F, J, B>
where
    V: Vocabulary,
    P: Dense,
    T: Dense,
    TH: Filled,
    TD: Dense,
    TF: Filled,
    C: Dense,
    Patch: Dense,
    R: Dense,
    W: Dense,
    I: Dense,
    H: Filled,
    D: Dense,
    F: Filled,
    J: Dense,
    B: Backend<Elem: Float + Stored>,
{
    /// Takes the weights of files in Hugging Face layout to a device.
    ///
    /// # Errors
    /// Every tensor that is missing, surplus or of another shape.
    pub fn load(
        source: &dyn Source,
        (text, vision, joint): (TextDims<V, P, T, TH, TD, TF>, vit::Dims<C, Patch, R, W, I, H, D, F>, J),
        [text_settings, vision_settings]: [Settings; 2],
        device: &DeviceOf<B>,
    ) -> Result<Self, LoadError> {
        load_on(source, device, |weights: Weights<'_, B::Elem, B>| {
            let weights = weights.casting();
            // The positions are one after another.
            ["text_model", "vision_model"].iter().for_each(|part| weights.at(part).ignore("embeddings.position_ids"));
            Clip {
                text: TextModel::load_part(&weights.at("text_model"), text, text_settings),
                vision: VisionModel::load_part(&weights.at("vision_model"), vision, vision_settings),
                text_projection: Linear::load_without_bias(&weights.at("text_projection"), text.embed, joint),
                visual_projection: Linear::load_without_bias(&weights.at("visual_projection"), vision.embed, joint),
                logit_scale: weights.tensor("logit_scale", ()),
            }
        })
    }
}

impl<V, P, T, TH, TD, TF, C, Patch, R, W, I, H, D, F, J, B> Clip<V, P, T, TH, TD, TF, C, Patch, R, W, I, H, D, F, J, B>
where
    V: Vocabulary,
    P: Dense,
    T: Dense,
    TH: Filled,
    TD: Dense,
    TF: Filled,
    C: Dense,
    Patch: Dense,
    R: Dense,
    W: Dense,
    I: Dense,
    H: Filled,
    D: Dense,
    F: Filled,
    J: Dense,
    B: Backend<Elem: Float>,
{
    /// What each text is in the common space. Texts end with the token for the end of a text, which their lengths count.
    ///
    /// # Errors
    /// Texts are longer than the model has positions.
    pub fn text_features<N: Dense, S: Whole>(
        &self,
        ids: &TensorOf<(N, S), Index<V::Whole>, B>,
        lengths: &Lengths<N, S>,
    ) -> Result<Tensor<(N, J), B>, Error> {
        let states = self.text.forward(ids, &Causal.and(lengths.clone()))?;
        Ok(self.text_projection.forward(&states.masked_last(lengths)))
    }

    /// What each image is in the common space, of whole patches, as many as the model has positions.
    pub fn image_features<N: Dense, Y: Dense, X: Dense>(&self, images: &Tensor<(N, C, Y, X), B>) -> Tensor<(N, J), B>
    where
        (R, W): CountsWindows<(Y, X), (Patch, Patch), (Patch, Patch), congruent::N<0>, congruent::N<1>>,
    {
        self.visual_projection.forward(&self.vision.pooled(&self.vision.forward(images)))
    }

    /// As [`image_features`](Self::image_features), of images whose sizes are compared now.
    ///
    /// # Errors
    /// They are not of as many patches as the model has positions.
    pub fn try_image_features<N: Dense, Y: Dense, X: Dense>(
        &self,
        images: &Tensor<(N, C, Y, X), B>,
    ) -> Result<Tensor<(N, J), B>, Error> {
        Ok(self.visual_projection.forward(&self.vision.pooled(&self.vision.try_forward(images)?)))
    }

    /// How well each text goes with each image: the cosine of their angle, scaled. Of the texts for an image, the softmax has the
    /// probability of each.
    pub fn logits<Images: Dense, Texts: Dense>(
        &self,
        images: &Tensor<(Images, J), B>,
        texts: &Tensor<(Texts, J), B>,
    ) -> Tensor<(Images, Texts), B> {
        einsum!("i j, t j -> i t", of_length_one(images), of_length_one(texts)) * self.logit_scale.exp()
    }
}

fn of_length_one<N: Dense, J: Dense, B: Backend<Elem: Float>>(x: &Tensor<(N, J), B>) -> Tensor<(N, J), B> {
    x / x.norm(At::<1>).expand_as(x, At::<1>)
}
