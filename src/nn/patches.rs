//! Images as sequences of patches.

use super::{Conv, Conv2d};
use crate::backend::{Backend, Float};
use crate::cpu::Cpu;
use crate::dim::{Dim, N, Summed, Times, Whole, Windowed};
use crate::io::{Stored, Weights};
use crate::shape::{At, Images};
use crate::tensor::{CountsWindows, SameBackend, Sliding, Tensor};
use crate::{Error, Module, Rng};

/// How the windows of patches slide: each behind the last.
type Apart<Height, Width> = Sliding<(Height, Width), N<0>, N<1>>;

/// Images as sequences: each patch of `PatchH` by `PatchW` becomes a vector
/// ([Dosovitskiy et al. 2020](https://arxiv.org/abs/2010.11929)).
///
/// ```
/// use congruent::{nn::PatchEmbedding, prelude::*};
/// dims! { Batch = 2; Colours = 3; Height = 6; Width = 8; Patch = 2; Rows = 3; Columns = 4; Embed = 5; }
/// let layer = PatchEmbedding::random(Colours, Embed, (Patch, Patch), &mut Rng::with_seed(1));
/// let image = Tensor::ones((Batch, Colours, Height, Width));
/// let patches: Tensor<(Batch, Times<Rows, Columns>, Embed)> = layer.forward(&image, (Rows, Columns));
/// ```
#[derive(Clone, Module)]
#[module(debug)]
pub struct PatchEmbedding<C, E, PatchH, PatchW, B: Backend = Cpu<f32>> {
    /// The linear map of each patch, as a convolution.
    pub projection: Conv2d<C, E, PatchH, PatchW, Apart<PatchH, PatchW>, B>,
}

impl<C: Whole + Summed, E: Dim, PatchH: Dim, PatchW: Dim, B: Backend<Elem: Float>>
    PatchEmbedding<C, E, PatchH, PatchW, B>
{
    /// The patches of each image, row by row. What is left of an image behind whole patches has no part in it.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::PatchEmbedding;
    /// dims! { Batch = 2; Colours = 3; Height = 6; Width = 8; Patch = 2; Rows = 3; Columns = 4; Embed = 5; }
    /// let layer = PatchEmbedding::random(Colours, Embed, (Patch, Patch), &mut Rng::with_seed(1));
    /// let patches = layer.forward(&Tensor::ones((Batch, Colours, Height, Width)), (Rows, Columns));
    /// assert_eq!(patches.sizes(), [2, 12, 5]);
    /// ```
    pub fn forward<S, Rows: Dim, Columns: Dim>(
        &self,
        images: &Tensor<S, impl SameBackend<B>>,
        (rows, columns): (Rows, Columns),
    ) -> Tensor<(S::Batch, Times<Rows, Columns>, E), B>
    where
        S: Images<C, Height: Whole + Windowed, Width: Whole + Windowed>,
        (Rows, Columns): CountsWindows<(S::Height, S::Width), (PatchH, PatchW), (PatchH, PatchW), N<0>, N<1>>,
    {
        let patches = self.projection.forward(&with_dims(images), (rows, columns));
        patches.merge(At::<2>, At::<3>).transpose(At::<1>, At::<2>)
    }

    /// As [`forward`](Self::forward), of sizes that are compared now.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::PatchEmbedding;
    /// dims! { Batch = 2; Colours = 3; Height; Width = 8; Patch = 2; Rows; Columns = 4; Embed = 5; }
    /// let layer = PatchEmbedding::random(Colours, Embed, (Patch, Patch), &mut Rng::with_seed(1));
    /// bind!(height: Height = 6);
    /// bind!(rows: Rows = 3);
    /// let patches = layer.try_forward(&Tensor::ones((Batch, Colours, height, Width)), (rows, Columns))?;
    /// assert_eq!(patches.sizes(), [2, 12, 5]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As of [`Tensor::try_conv`].
    pub fn try_forward<S, Rows: Dim, Columns: Dim>(
        &self,
        images: &Tensor<S, impl SameBackend<B>>,
        (rows, columns): (Rows, Columns),
    ) -> Result<Tensor<(S::Batch, Times<Rows, Columns>, E), B>, Error>
    where
        S: Images<C, Height: Whole + Windowed, Width: Whole + Windowed>,
    {
        let patches = self.projection.try_forward(&with_dims(images), (rows, columns))?;
        Ok(patches.merge(At::<2>, At::<3>).transpose(At::<1>, At::<2>))
    }
}

/// The same images, whose dimensions the type says one by one.
fn with_dims<S: Images<C>, C: Dim, B: Backend>(images: &Tensor<S, B>) -> Tensor<(S::Batch, C, S::Height, S::Width), B> {
    Tensor::from_parts(images.shape().dims(), images.array().clone())
}

fn apart<H, W>(patch: (H, W)) -> Apart<H, W> {
    Sliding::default().stride(patch)
}

impl<C: Dim, E: Dim, PatchH: Dim, PatchW: Dim> PatchEmbedding<C, E, PatchH, PatchW> {
    /// A new layer, its parameters as those of [`Conv`].
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::PatchEmbedding;
    /// dims! { Colours = 3; Patch = 16; Embed = 5; }
    /// let layer = PatchEmbedding::random(Colours, Embed, (Patch, Patch), &mut Rng::with_seed(1));
    /// assert_eq!(layer.projection.weight.sizes(), [5, 3, 16, 16]);
    /// ```
    pub fn random(channels: C, embed: E, patch: (PatchH, PatchW), rng: &mut Rng) -> Self {
        PatchEmbedding { projection: Conv::random((embed, channels, patch.0, patch.1), apart(patch), rng) }
    }
}

impl<C: Dim, E: Dim, PatchH: Dim, PatchW: Dim, B: Backend<Elem: Stored>> PatchEmbedding<C, E, PatchH, PatchW, B> {
    /// Takes `projection.weight` and `projection.bias`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// # #[cfg(feature = "safetensors")] {
    /// use congruent::{io::{SafeTensors, Weights, Writer, load}, nn::PatchEmbedding};
    /// dims! { Colours = 3; Patch = 2; Embed = 5; }
    /// let mut writer = Writer::default();
    /// writer.module("patch", &PatchEmbedding::random(Colours, Embed, (Patch, Patch), &mut Rng::with_seed(1)));
    /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
    /// let layer = load(&file, |weights: Weights<f32>| {
    ///     PatchEmbedding::load(&weights.at("patch"), Colours, Embed, (Patch, Patch))
    /// })?;
    /// assert_eq!(layer.projection.weight.sizes(), [5, 3, 2, 2]);
    /// # }
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    pub fn load(
        weights: &Weights<'_, B::Elem, impl SameBackend<B>>,
        channels: C,
        embed: E,
        patch: (PatchH, PatchW),
    ) -> Self {
        let weight = (embed, channels, patch.0, patch.1);
        PatchEmbedding { projection: Conv::load(&weights.at("projection"), weight, embed, apart(patch)) }
    }
}
