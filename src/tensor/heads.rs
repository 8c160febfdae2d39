//! Attention heads: split out of a dimension and merged into one.

use super::{Each, Tensor};
use crate::backend::{ArrayOf, Backend};
use crate::dim::{ArrayDim, Dim, Times};
use crate::shape::{Is, MergeHeads, Shape, SplitHeads};

/// # Heads
impl<S: Shape, B: Backend> Tensor<S, B> {
    /// `(batch, sequence, Times<heads, head_dim>)` as `(batch, heads, sequence, head_dim)`.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 5; Embed = 12; Heads = 3; HeadDim = 4; }
    /// let x = Tensor::ones((Batch, Seq, Embed));
    /// let heads: Tensor<(Batch, Heads, Seq, HeadDim)> = x.relabel(Embed, Times(Heads, HeadDim)).split_heads();
    /// let back: Tensor<(Batch, Seq, Times<Heads, HeadDim>)> = heads.merge_heads();
    /// ```
    pub fn split_heads<X>(&self) -> Tensor<X::Output, B>
    where
        S: Is<X>,
        X: SplitHeads,
    {
        let (sizes, shape) = self.shape.cast().split_heads();
        Tensor::from_parts(shape, B::permute(&B::reshape(&self.array, &sizes), &[0, 2, 1, 3]))
    }

    /// `(batch, heads, sequence, head_dim)` as `(batch, sequence, Times<heads, head_dim>)`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 1; Heads = 2; Seq = 2; HeadDim = 1; }
    /// let heads = Tensor::from_vec((Batch, Heads, Seq, HeadDim), vec![1.0, 2.0, 3.0, 4.0])?;
    /// let merged: Tensor<(Batch, Seq, Times<Heads, HeadDim>)> = heads.merge_heads();
    /// assert_eq!(merged.to_vec(), [1.0, 3.0, 2.0, 4.0]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn merge_heads<X>(&self) -> Tensor<X::Output, B>
    where
        S: Is<X>,
        X: MergeHeads,
    {
        let shape = self.shape.cast().merge_heads();
        Tensor::from_parts(shape, B::reshape(&B::permute(&self.array, &[0, 2, 1, 3]), shape.sizes().as_ref()))
    }
}

impl<B: Backend, D: Dim, S: Dim, Batch: Dim> Tensor<(Batch, S, D), B> {
    /// One tensor for each head, as one tensor with the heads side by side in the last dimension.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 5; Heads = 3; HeadDim = 4; }
    /// let heads = Each::from_fn(Heads, |head| Tensor::full((Batch, Seq, HeadDim), head as f32));
    /// let merged: Tensor<(Batch, Seq, Times<Heads, HeadDim>)> = Tensor::concat_heads(Heads, &heads);
    /// ```
    ///
    /// # Panics
    /// There are no heads.
    pub fn concat_heads<H: ArrayDim>(heads: H, tensors: &Each<H, Self>) -> Tensor<(Batch, S, Times<H, D>), B> {
        let (batch, sequence, head_dim) = tensors[0].shape;
        let shape = (batch, sequence, Times(heads, head_dim));
        let arrays: Vec<&ArrayOf<B>> = tensors.iter().map(|tensor| &tensor.array).collect();
        Tensor::from_parts(shape, B::concat(&arrays, 2))
    }
}
