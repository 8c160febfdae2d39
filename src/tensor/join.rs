//! Tensors joined along an axis, and taken apart.

use super::each::Listed;
use super::{Each, SameBackend, Tensor};
use crate::Error;
use crate::backend::{ArrayOf, Backend};
use crate::dim::{ArrayDim, Dim, Name};
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
    pub fn concat<D, R, Position, Joined>(&self, axis: D, other: &Tensor<R, impl SameBackend<B>>) -> Tensor<Joined, B>
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

    /// Tensors of one shape along a new first dimension. Of a list whose length only run time knows it is
    /// [`try_stack`](Self::try_stack).
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Layers = 2; Embed = 3; }
    /// let tensors = Each::new(Layers, [Tensor::zeros((Embed,)), Tensor::ones((Embed,))]);
    /// let x: Tensor<(Layers, Embed)> = Tensor::stack(Layers, &tensors);
    /// let [zeros, ones] = x.unstack(Layers).into_generic_array().into_array();
    /// ```
    ///
    /// # Panics
    /// There are no tensors.
    pub fn stack<D: ArrayDim>(dim: D, tensors: &Each<D, Self>) -> Tensor<<S as Prepend<D>>::Output, B>
    where
        S: Prepend<D>,
    {
        Self::stacked(dim, &tensors[0], tensors)
    }

    /// As [`stack`](Self::stack), of a list whose length is compared with the dimension: the states of a recurrent network, say.
    ///
    /// ```
    /// use congruent::nn::Linear;
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq; Hidden = 3; }
    /// bind!(seq: Seq = 5);
    /// let x = Tensor::ones((Batch, seq, Hidden));
    /// let cell = Linear::random(Hidden, Hidden, &mut Rng::with_seed(1));
    /// let (mut state, mut states) = (Tensor::zeros((Batch, Hidden)), Vec::new());
    /// for position in 0..seq.size() {
    ///     state = (x.at(seq, position)? + cell.forward(&state)).tanh();
    ///     states.push(state.clone());
    /// }
    /// let states: Tensor<(Batch, _, Hidden)> = Tensor::try_stack(seq, &states)?.permute((Batch, seq, Hidden));
    ///
    /// let error = Tensor::try_stack(seq, &[state]).unwrap_err();
    /// assert_eq!(error.to_string(), "`Seq` has 5 positions, and the tensors to be stacked along it are 1");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// There is not one tensor for each position, or there is none at all.
    #[doc(alias("stack", "from_list"))]
    pub fn try_stack<D: Dim>(dim: D, tensors: &[Self]) -> Result<Tensor<<S as Prepend<D>>::Output, B>, Error>
    where
        S: Prepend<D>,
    {
        match tensors.first() {
            Some(first) if tensors.len() == dim.size() => Ok(Self::stacked(dim, first, tensors)),
            _ => {
                let dimension = Name::<D>::new().to_string();
                Err(Error::TensorCount { dimension, expected: dim.size(), found: tensors.len() })
            }
        }
    }

    /// The caller has as many tensors as the dimension has positions.
    fn stacked<D: Dim>(dim: D, first: &Self, tensors: &[Self]) -> Tensor<<S as Prepend<D>>::Output, B>
    where
        S: Prepend<D>,
    {
        let one = [&[1], first.sizes().as_ref()].concat();
        let rows: Vec<ArrayOf<B>> = tensors.iter().map(|tensor| B::reshape(&tensor.array, &one)).collect();
        let array = B::concat(&rows.iter().collect::<Vec<_>>(), 0);
        Tensor::from_parts(first.shape.prepend(dim), array)
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
