//! Axes renamed, reordered, split and merged.

use super::Tensor;
use crate::backend::Backend;
use crate::dim::{Dim, Equal, GivenDim, SameSize};
use crate::shape::{Axis, CountedAs, Merge, Permute, Prepend, Product, Shape, SplitAxis, Without};

/// # Names and order of axes
///
/// Axes renamed, reordered, split and merged. None of these copies an element.
impl<S: Shape, B: Backend> Tensor<S, B> {
    /// The axis under another dimension of the same size.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Seq = 5; Embed = 12; Heads = 3; HeadDim = 4; }
    /// let x = Tensor::ones((Seq, Embed));
    /// let split: Tensor<(Seq, Times<Heads, HeadDim>)> = x.relabel(Embed, Times(Heads, HeadDim));
    /// ```
    ///
    /// `Plus<D, D>` has one `D` behind the other, as `Times<N<2>, D>` has, and is not taken for `Times<D, N<2>>`, of which two positions
    /// that belong together stand side by side:
    ///
    /// ```compile_fail,E0283
    /// use congruent::prelude::*;
    /// dims! { Seq = 5; Embed = 12; }
    /// Tensor::ones((Seq, Plus(Embed, Embed))).relabel(Plus(Embed, Embed), Times(Embed, N::<2>));
    /// ```
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Seq = 5; Embed = 12; }
    /// let x = Tensor::ones((Seq, Plus(Embed, Embed))).relabel(Plus(Embed, Embed), Times(N::<2>, Embed));
    /// let side_by_side: Tensor<(Seq, Times<Embed, N<2>>)> = rearrange!(x, "s (two e) -> s (e two)");
    /// ```
    #[doc(alias = "rename")]
    pub fn relabel<D, To, Position, From, Relabelled, X, Order>(&self, axis: D, to: X) -> Tensor<Relabelled, B>
    where
        S: Axis<D, Position, Dim = From, With<To> = Relabelled>,
        X: GivenDim<To>,
        From: SameSize<To>,
        From: CountedAs<To, Order>,
        To: Dim,
        Relabelled: Shape,
    {
        let _ = axis;
        Tensor::from_parts(self.shape.with(to.given()), self.array.clone())
    }

    /// The axis under another dimension, by the proof that they are of one size.
    ///
    /// See [`Equal`] for an example.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch; Samples; Embed = 3; }
    /// bind!(batch: Batch = 2);
    /// bind!(samples: Samples = 2);
    /// let x: Tensor<(_, Embed)> = Tensor::ones((batch, Embed));
    /// let y = x.relabel_by(Equal::check(batch, samples)?);
    /// assert_eq!(y.dim(samples).size(), 2);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn relabel_by<From, To, Position, Relabelled>(&self, equal: Equal<From, To>) -> Tensor<Relabelled, B>
    where
        S: Axis<From, Position, With<To> = Relabelled>,
        From: Dim,
        To: Dim,
        Relabelled: Shape,
    {
        Tensor::from_parts(self.shape.with(equal.to()), self.array.clone())
    }

    /// The same dimensions in the order of `target`.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 5; Embed = 8; }
    /// let x = Tensor::ones((Batch, Seq, Embed));
    /// assert_eq!(x.permute((Embed, Batch, Seq)).sizes(), [8, 2, 5]);
    /// ```
    #[doc(alias("permuted_axes", "movedim", "moveaxis"))]
    pub fn permute<Target: Shape, Positions>(&self, target: Target) -> Tensor<Target, B>
    where
        S: Permute<Target, Positions>,
    {
        Tensor::from_parts(target, B::permute(&self.array, S::order().as_ref()))
    }

    /// Two axes swapped.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 5; Embed = 8; }
    /// let x = Tensor::ones((Batch, Seq, Embed));
    /// let y: Tensor<(Batch, Embed, Seq)> = x.transpose(Seq, Embed);
    /// let same_name_twice = Tensor::ones((Seq, Seq)).transpose(At::<0>, At::<1>);
    /// ```
    #[doc(alias("t", "T", "swapaxes", "swap_axes", "swap_dims", "reversed_axes"))]
    pub fn transpose<D, E, P, Q, First, Second, Replaced, Swapped>(&self, one: D, other: E) -> Tensor<Swapped, B>
    where
        S: Axis<D, P, Dim = First, With<Second> = Replaced> + Axis<E, Q, Dim = Second>,
        Replaced: Axis<Q, Q, With<First> = Swapped>,
        First: Dim,
        Second: Dim,
        Swapped: Shape,
    {
        let _ = (one, other);
        let (first, second) = (Axis::<D, P>::dim(self.shape), Axis::<E, Q>::dim(self.shape));
        let shape = Axis::<D, P>::with(self.shape, second).with(first);
        let mut order: Vec<usize> = (0..S::RANK).collect();
        order.swap(<S as Axis<D, P>>::INDEX, <S as Axis<E, Q>>::INDEX);
        Tensor::from_parts(shape, B::permute(&self.array, &order))
    }

    /// An axis that is a product as its two factors.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Seq = 5; Heads = 3; HeadDim = 4; }
    /// let x = Tensor::ones((Seq, Times(Heads, HeadDim)));
    /// let y: Tensor<(Seq, Heads, HeadDim)> = x.split(Times(Heads, HeadDim));
    /// ```
    #[doc(alias("view", "reshape", "unflatten", "into_shape", "to_shape"))]
    pub fn split<D, Position>(
        &self,
        axis: D,
    ) -> Tensor<<S as SplitAxis<Position>>::Output<<S::Dim as Product>::First, <S::Dim as Product>::Second>, B>
    where
        S: Axis<D, Position>,
        S::Dim: Product,
        S: SplitAxis<Position>,
    {
        let _ = axis;
        let (first, second) = self.shape.dim().factors();
        let shape = SplitAxis::split(self.shape, first, second);
        Tensor::from_parts(shape, B::reshape(&self.array, shape.sizes().as_ref()))
    }

    /// Two neighbouring axes as one: their product, the first the outer.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Seq = 5; Heads = 3; HeadDim = 4; }
    /// let x = Tensor::ones((Seq, Heads, HeadDim));
    /// let y: Tensor<(Seq, Times<Heads, HeadDim>)> = x.merge(Heads, HeadDim);
    /// ```
    #[doc(alias("flatten", "collapse"))]
    pub fn merge<First, Second, Position, Merged>(&self, first: First, second: Second) -> Tensor<Merged, B>
    where
        S: Merge<First, Second, Position, Output = Merged>,
        Merged: Shape,
    {
        let _ = (first, second);
        let shape = self.shape.merge();
        Tensor::from_parts(shape, B::reshape(&self.array, shape.sizes().as_ref()))
    }

    /// The tensor repeated along a new first dimension.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 8; }
    /// let x: Tensor<(Batch, Embed)> = Tensor::ones((Embed,)).expand(Batch);
    /// ```
    ///
    /// One in the middle or at the end comes by [`expand_as`](Self::expand_as), where another tensor has the whole shape. Else it is
    /// moved there, as in PyTorch's `x[:, None, None]`; a factor of each sample is `einsum!`:
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 3; Embed = 8; }
    /// let (x, of_sample) = (Tensor::ones((Batch, Seq, Embed)), Tensor::ones((Batch,)));
    /// let sum = &x + of_sample.expand(Embed).expand(Seq).permute(x.shape());
    /// let product = einsum!("b, b s e -> b s e", of_sample, x);
    /// assert_eq!((sum.to_vec(), product.to_vec()), (vec![2.0; 48], vec![1.0; 48]));
    /// ```
    #[doc(alias("unsqueeze", "expand_dims", "insert_axis", "broadcast", "broadcast_to"))]
    pub fn expand<D: Dim, X: GivenDim<D>>(&self, dim: X) -> Tensor<<S as Prepend<D>>::Output, B>
    where
        S: Prepend<D>,
    {
        let shape = self.shape.prepend(dim.given());
        Tensor::from_parts(shape, B::broadcast(&self.array, shape.sizes().as_ref()))
    }

    /// The tensor repeated along an axis of `other` that it lacks, wherever it stands: in the shape of `other`, of which it has
    /// all dimensions but that one. PyTorch writes `query[:, None, :]`, and `keepdim=True` after a reduction.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 2; Embed = 3; }
    /// let x = Tensor::from_fn((Batch, Seq, Embed), |[b, s, e]| (b + 2 * s + e) as f32);
    /// let centered: Tensor<(Batch, Seq, Embed)> = &x - x.mean(Seq).expand_as(&x, Seq);
    /// assert_eq!(centered.sum(Seq).to_vec(), [0.0; 6]);
    ///
    /// let (query, weights) = (Tensor::ones((Batch, Embed)), Tensor::full((Batch, Seq), 0.5));
    /// let scores = (&x + query.expand_as(&x, Seq)).tanh();
    /// let context: Tensor<(Batch, Embed)> = (&x * weights.expand_as(&x, Embed)).sum(Seq);
    /// ```
    ///
    /// It holds for an axis of any shape, which is how a norm is written for all of them:
    ///
    /// ```
    /// use congruent::dim::Dense;
    /// use congruent::prelude::*;
    /// use congruent::shape::Axis;
    ///
    /// fn normal<S, D, Position>(x: &Tensor<S>, axis: D) -> Tensor<S>
    /// where
    ///     S: Axis<D, Position, Dim = D>,
    ///     D: Dense,
    /// {
    ///     let centered = x - x.mean(axis).expand_as(x, axis);
    ///     let deviation = (centered.square().mean(axis) + 1e-5).sqrt();
    ///     centered / deviation.expand_as(x, axis)
    /// }
    /// ```
    #[doc(alias("keepdim", "broadcast_as"))]
    pub fn expand_as<Other, C, D, Position, Rest>(&self, other: &Tensor<Other, C>, axis: D) -> Tensor<Other, B>
    where
        Other: Axis<D, Position, Removed = Rest>,
        S: Without<Other, D, Rest>,
        C: Backend,
    {
        let _ = axis;
        let shape = other.shape();
        let mut sizes = shape.sizes().as_ref().to_vec();
        sizes[Other::INDEX] = 1;
        let array = B::reshape(&self.array, &sizes);
        Tensor::from_parts(shape, B::broadcast(&array, shape.sizes().as_ref()))
    }
}
