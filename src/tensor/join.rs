//! Tensors joined along an axis, and taken apart.

use super::each::Listed;
use super::{Each, SameBackend, Tensor};
use crate::Error;
use crate::backend::{ArrayOf, Backend};
use crate::dim::{ArrayDim, Dim, GivenDim, Name, Times, Whole};
use crate::shape::{Axis, Concat, Prepend, Product, Shape, Total};

/// # Joining, and taking apart
///
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
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 1; Past = 2; New = 1; }
    /// let all = Tensor::from_vec((Batch, Plus(Past, New)), vec![1.0, 2.0, 3.0])?;
    /// let (past, new): (Tensor<(Batch, Past)>, Tensor<(Batch, New)>) = all.unconcat(Plus(Past, New));
    /// assert_eq!((past.to_vec(), new.to_vec()), (vec![1.0, 2.0], vec![3.0]));
    /// # Ok::<(), Error>(())
    /// ```
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
        Ok(Self::stacked(dim, Self::first_of(dim, tensors)?, tensors))
    }

    /// Tensors of one shape one behind the other along an axis: `count` tensors whose axis is `D` make one of `Times<N, D>`, and
    /// [`chunks`](Self::chunks) takes it apart. Tensors of different lengths are joined as [`Piece`](super::Piece)s.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Windows; Window = 4; Embed = 3; Text = 3 * Window; }
    /// let list: Vec<_> = (0..3).map(|window| Tensor::full((Window, Embed), window as f32)).collect();
    /// bind!(windows: Windows = list.len());
    /// let text: Tensor<(Times<_, Window>, Embed)> = Tensor::try_concat(windows, Window, &list)?;
    /// assert_eq!(text.chunks(Times(windows, Window))[2].to_vec(), list[2].to_vec());
    ///
    /// // A dimension of its own name, by one comparison.
    /// let whole = Equal::check(Times(windows, Window), Text)?;
    /// let text: Tensor<(Text, Embed)> = text.relabel_by(whole);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// There are not as many tensors as `count` has positions, or there is none at all.
    #[doc(alias("cat", "concatenate"))]
    pub fn try_concat<N, D, Position>(
        count: impl GivenDim<N>,
        axis: D,
        tensors: &[Self],
    ) -> Result<Tensor<S::With<Times<N, S::Dim>>, B>, Error>
    where
        S: Axis<D, Position>,
        N: Dim,
    {
        let (_, count) = (axis, count.given());
        let first = Self::first_of(count, tensors)?;
        let arrays: Vec<&ArrayOf<B>> = tensors.iter().map(|tensor| &tensor.array).collect();
        let shape = first.shape.with(Times(count, first.shape.dim()));
        Ok(Tensor::from_parts(shape, B::concat(&arrays, S::INDEX)))
    }

    /// The tensors that stand one behind the other along an axis `Times<N, D>`: as many as `N` has positions, each with the axis `D`.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Windows; Window = 2; }
    /// bind!(windows: Windows = 3);
    /// let text = Cpu::<f32>::arange(Times(windows, Window));
    /// let last: &Tensor<(Window,)> = &text.chunks(Times(windows, Window))[2];
    /// assert_eq!(last.to_vec(), [4.0, 5.0]);
    /// ```
    #[doc(alias("chunk", "tensor_split", "axis_chunks_iter"))]
    pub fn chunks<D, Position>(&self, axis: D) -> Vec<Tensor<S::With<<S::Dim as Product>::Second>, B>>
    where
        S: Axis<D, Position>,
        S::Dim: Product<First: Whole>,
    {
        let _ = axis;
        let (count, chunk) = self.shape.dim().factors();
        let shape = self.shape.with(chunk);
        let size = chunk.size();
        let part = |i| Tensor::from_parts(shape, B::narrow(&self.array, S::INDEX, i * size, size));
        (0..count.size()).map(part).collect()
    }

    /// The first of as many tensors as the dimension has positions.
    fn first_of<D: Dim>(dim: D, tensors: &[Self]) -> Result<&Self, Error> {
        match tensors.first() {
            Some(first) if tensors.len() == dim.size() => Ok(first),
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

    /// The tensor at each position of a static axis `X`: [`Each<X, Tensor<Rest>>`](Each). Of an axis whose size only run time knows
    /// it is [`unstack_vec`](Self::unstack_vec).
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Parts = 2; Batch = 1; Embed = 2; }
    /// let x = Tensor::from_nested((Batch, Parts, Embed), [[[1.0, 2.0], [3.0, 4.0]]]);
    /// let parts: Each<Parts, Tensor<(Batch, Embed)>> = x.unstack(Parts);
    /// assert_eq!(parts[1].to_vec(), [3.0, 4.0]);
    /// ```
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

    /// The tensor at each position of any axis.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq; Embed = 3; }
    /// bind!(seq: Seq = 5);
    /// let states: Vec<Tensor<(Batch, Embed)>> = Tensor::ones((Batch, seq, Embed)).unstack_vec(seq);
    /// let again: Tensor<(_, Batch, Embed)> = Tensor::try_stack(seq, &states)?;
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias("unbind", "outer_iter"))]
    pub fn unstack_vec<D, Position, Rest>(&self, axis: D) -> Vec<Tensor<Rest, B>>
    where
        S: Axis<D, Position, Dim: Whole, Removed = Rest>,
        Rest: Shape,
    {
        let _ = axis;
        (0..self.shape.dim().size()).map(|position| self.at_checked::<D, Position>(position)).collect()
    }
}
