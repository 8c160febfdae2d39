//! Tensors joined along an axis, and taken apart.

use super::each::Listed;
use super::{Each, Tensor};
use crate::backend::Backend;
use crate::dim::{ArrayDim, Dim};
use crate::shape::{Axis, Concat, Prepend, Shape, Total};

/// Tensors joined along an axis, and taken apart.
impl<S: Shape, B: Backend> Tensor<S, B> {
    /// This tensor and behind it another, along an axis: `D` and `E` become `Plus<D, E>`.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Past = 3; New = 1; Embed = 4; }
    /// let past = Tensor::zeros((Batch, Past, Embed));
    /// let new = Tensor::ones((Batch, New, Embed));
    /// let keys: Tensor<(Batch, Plus<Past, New>, Embed)> = past.concat(Past, &new);
    /// let (past, new): (Tensor<(Batch, Past, Embed)>, Tensor<(Batch, New, Embed)>) = keys.unconcat(Plus(Past, New));
    /// ```
    #[doc(alias("cat", "hcat", "concatenate", "append"))]
    pub fn concat<D, R, Position, Joined>(&self, axis: D, other: &Tensor<R, B>) -> Tensor<Joined, B>
    where
        S: Axis<D, Position>,
        S: Concat<D, R, Position, Output = Joined>,
        R: Shape,
        Joined: Shape,
    {
        let _ = axis;
        let shape = Concat::concat(self.shape, other.shape);
        Tensor::from_parts(shape, B::concat(&[&self.array, &other.array], S::INDEX))
    }

    /// The two tensors that a concatenation along this axis was made of.
    #[doc(alias("chunk", "tensor_split", "split_at"))]
    pub fn unconcat<D, Position>(
        &self,
        axis: D,
    ) -> (Tensor<S::With<<S::Dim as Total>::First>, B>, Tensor<S::With<<S::Dim as Total>::Second>, B>)
    where
        S: Axis<D, Position>,
        S::Dim: Total,
    {
        let _ = axis;
        let (first, second) = self.shape.dim().parts();
        let part = |start, size| B::narrow(&self.array, S::INDEX, start, size);
        (
            Tensor::from_parts(self.shape.with(first), part(0, first.size())),
            Tensor::from_parts(self.shape.with(second), part(first.size(), second.size())),
        )
    }

    /// Tensors of one shape along a new first dimension.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Layers = 2; Embed = 3; }
    /// let parts = Each::new(Layers, [Tensor::zeros((Embed,)), Tensor::ones((Embed,))]);
    /// let x: Tensor<(Layers, Embed)> = Tensor::stack(Layers, &parts);
    /// let [zeros, ones] = x.unstack(Layers).into_generic_array().into_array();
    /// ```
    ///
    /// # Panics
    /// There are no tensors.
    pub fn stack<D: ArrayDim>(dim: D, parts: &Each<D, Self>) -> Tensor<<S as Prepend<D>>::Output, B>
    where
        S: Prepend<D>,
    {
        let one = [&[1], parts[0].sizes().as_ref()].concat();
        let rows: Vec<B::Array> = parts.iter().map(|part| B::reshape(&part.array, &one)).collect();
        let array = B::concat(&rows.iter().collect::<Vec<_>>(), 0);
        Tensor::from_parts(parts[0].shape.prepend(dim), array)
    }

    /// The tensor at each position of a static axis `X`: [`Each<X, Tensor<Rest>>`](Each).
    #[doc(alias("unbind", "outer_iter"))]
    pub fn unstack<D, Position, X, Rest, Parts>(&self, axis: D) -> Parts
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Listed<Parts, Part = Tensor<Rest, B>>,
        Rest: Shape,
    {
        let _ = axis;
        self.shape.dim().list(|position| self.at_checked::<D, Position>(position))
    }
}
