//! What sees images: a ViT with a norm before its layers.

use super::text::layers;
use super::{Names, Settings};
use crate::published_layer::{LayerDims, PublishedLayer};
use crate::vit::{Dims, Tokens, first};
use congruent::backend::{Backend, Float};
use congruent::dim::Filled;
use congruent::io::{Stored, Weights};
use congruent::nn::{Conv2d, LayerNorm, LearnedPositions, PatchEmbedding};
use congruent::prelude::*;
use congruent::{CountsWindows, Sliding};

/// Layers in which each patch attends to all, and a token that stands for the image.
#[derive(Clone, Module)]
pub struct VisionModel<C, P, R, W, E, H, D, F, B: Backend = Cpu<f32>> {
    /// What stands for the image, before anything is known of it.
    #[module(name = "embeddings.class_embedding")]
    pub class_token: Tensor<(E,), B>,
    /// The map of each patch.
    #[module(name = "embeddings.patch_embedding")]
    pub patches: Conv2d<C, E, P, P, Sliding<(P, P), N<0>, N<1>>, B>,
    /// What is added to each token.
    #[module(name = "embeddings.position_embedding")]
    pub positions: LearnedPositions<Tokens<R, W>, E, B>,
    /// The norm before the layers.
    #[module(name = "pre_layrnorm")]
    pub norm_before: LayerNorm<E, B>,
    /// The layers.
    #[module(name = "encoder.layers")]
    pub layers: Vec<PublishedLayer<Names, E, H, D, F, B>>,
    /// The norm of what the last layer gives for the image.
    #[module(name = "post_layernorm")]
    pub norm: LayerNorm<E, B>,
}

impl<C: Dense, P: Dense, R: Dense, W: Dense, E: Dense, H: Filled, D: Dense, F: Filled, B: Backend<Elem: Float + Stored>>
    VisionModel<C, P, R, W, E, H, D, F, B>
{
    pub(super) fn load_part(
        weights: &Weights<'_, B::Elem, B>,
        Dims { channels, patch, rows, columns, embed, heads, head_dim, ffn }: Dims<C, P, R, W, E, H, D, F>,
        settings: Settings,
    ) -> Self {
        let (embeddings, sliding) = (weights.at("embeddings"), Sliding::default().stride((patch, patch)));
        let norm = |name| LayerNorm::load(&weights.at(name), embed, settings.epsilon);
        VisionModel {
            class_token: embeddings.tensor("class_embedding", (embed,)),
            patches: Conv2d::load_without_bias(
                &embeddings.at("patch_embedding"),
                (embed, channels, patch, patch),
                sliding,
            ),
            positions: LearnedPositions::load(
                &embeddings.at("position_embedding"),
                Plus(N, Times(rows, columns)),
                embed,
            ),
            norm_before: norm("pre_layrnorm"),
            layers: layers(&weights.at("encoder.layers"), LayerDims { embed, heads, head_dim, ffn }, settings),
            norm: norm("post_layernorm"),
        }
    }
}

impl<C: Dense, P: Dense, R: Dense, W: Dense, E: Dense, H: Filled, D: Dense, F: Filled, B: Backend<Elem: Float>>
    VisionModel<C, P, R, W, E, H, D, F, B>
{
    /// The hidden states of the tokens of each image, whose pixels are whole patches, as many as the model has positions.
    pub fn forward<Batch: Dim, Y: Dense, X: Dense>(
        &self,
        images: &Tensor<(Batch, C, Y, X), B>,
    ) -> Tensor<(Batch, Tokens<R, W>, E), B>
    where
        (R, W): CountsWindows<(Y, X), (P, P), (P, P), N<0>, N<1>>,
    {
        let patches = PatchEmbedding { projection: self.patches.clone() };
        self.states(&patches.forward(images, self.grid()))
    }

    /// As [`forward`](Self::forward), of images whose sizes are compared now.
    ///
    /// # Errors
    /// They are not of as many patches as the model has positions.
    pub fn try_forward<Batch: Dim, Y: Dense, X: Dense>(
        &self,
        images: &Tensor<(Batch, C, Y, X), B>,
    ) -> Result<Tensor<(Batch, Tokens<R, W>, E), B>, Error> {
        let patches = PatchEmbedding { projection: self.patches.clone() };
        Ok(self.states(&patches.try_forward(images, self.grid())?))
    }

    /// What stands for each image, by the hidden states of its tokens.
    pub fn pooled<Batch: Dim>(&self, states: &Tensor<(Batch, Tokens<R, W>, E), B>) -> Tensor<(Batch, E), B> {
        self.norm.forward(&first(states))
    }

    fn grid(&self) -> (R, W) {
        let (Plus(_, Times(rows, columns)), _) = self.positions.weight.shape();
        (rows, columns)
    }

    fn states<Batch: Dim>(&self, patches: &Tensor<(Batch, Times<R, W>, E), B>) -> Tensor<(Batch, Tokens<R, W>, E), B> {
        let (batch, ..) = patches.shape();
        let token = self.class_token.expand(N::<1>).expand(batch);
        // The same for each image.
        let x = token.concat(At::<1>, patches) + &self.positions.weight;
        let x = self.norm_before.forward(&x);
        self.layers.iter().fold(x, |x, layer| layer.layer.forward(&x, &Full))
    }
}
