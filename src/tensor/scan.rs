//! What goes along an axis: cumulative sums and products, recurrences, and steps of one's own.

use super::{SameBackend, Tensor};
use crate::backend::{ArrayOf, Backend, Binary, Float, Number, Scan};
use crate::dim::{PaddedAtEnd, Scanned, Summed, Whole};
use crate::shape::{Axis, Broadcast, Shape, Stacks};

impl<S: Shape, B: Backend> Tensor<S, B> {
    /// The sum of each element and all before it along an axis. It is kept in the type [`Number::Sum`], and rounded for each
    /// element once.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 3; }
    /// let x = Tensor::from_nested((Batch, Seq), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    /// assert_eq!(x.cumsum(Seq).to_vec(), [1.0, 3.0, 6.0, 4.0, 9.0, 15.0]);
    /// ```
    #[doc(alias = "cumulative_sum")]
    pub fn cumsum<D, Position, X>(&self, axis: D) -> Self
    where
        S: Axis<D, Position, Dim = X>,
        X: Whole + Summed,
        B::Elem: Number,
    {
        self.cumulated::<D, Position>(Scan::Sum, axis)
    }

    /// The product of each element and all before it along an axis, as [`cumsum`](Self::cumsum) is of the sum. Its gradient is
    /// right where elements are zero, too.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Steps = 4; }
    /// // What is left after each step of a diffusion.
    /// let kept = Tensor::from_nested((Steps,), [1.0, 0.5, 0.5, 0.25]);
    /// assert_eq!(kept.cumprod(Steps).to_vec(), [1.0, 0.5, 0.25, 0.0625]);
    /// ```
    #[doc(alias = "cumulative_product")]
    pub fn cumprod<D, Position, X>(&self, axis: D) -> Self
    where
        S: Axis<D, Position, Dim = X>,
        X: Whole + Summed,
        B::Elem: Number,
    {
        self.cumulated::<D, Position>(Scan::Product, axis)
    }

    fn cumulated<D, Position>(&self, op: Scan, _axis: D) -> Self
    where
        S: Axis<D, Position>,
        B::Elem: Number,
    {
        Tensor::from_parts(self.shape, B::scan(op, &self.array, S::INDEX))
    }
}

/// A state that goes along an axis.
impl<S: Shape, B: Backend> Tensor<S, B> {
    /// `h[t] = decay[t] · h[t - 1] + x[t]` along an axis, beginning with zero: all states of a linear recurrence in one pass. It
    /// is calculated in the type [`Number::Sum`].
    ///
    /// It is what goes along the sequence in Mamba ([Gu and Dao 2023](https://arxiv.org/abs/2312.00752)), S5
    /// ([Smith et al. 2022](https://arxiv.org/abs/2208.04933)) and RG-LRU ([De et al. 2024](https://arxiv.org/abs/2402.19427)).
    /// A decay of some of the last dimensions is that of all places along the others. What is padded is so at the end, where no
    /// other position depends on it: the last state of each sequence is `states.masked_last(&lengths)`.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 1; Seq = 3; Hidden = 2; }
    /// let x = Tensor::ones((Batch, Seq, Hidden));
    /// let decay = Tensor::from_nested((Hidden,), [0.5, 0.0]);
    /// let states = x.linear_recurrence(Seq, &decay);
    /// assert_eq!(states.to_vec(), [1.0, 1.0, 1.5, 1.0, 1.75, 1.0]);
    /// ```
    pub fn linear_recurrence<D, Position, X, R>(&self, axis: D, decay: &Tensor<R, impl SameBackend<B>>) -> Self
    where
        S: Axis<D, Position, Dim = X> + Broadcast<R, Larger = S>,
        X: Whole + PaddedAtEnd,
        R: Shape,
        B::Elem: Float,
    {
        let _ = axis;
        let decay = B::broadcast(&decay.array, self.sizes().as_ref());
        Tensor::from_parts(self.shape, B::linear_recurrence(&decay, &self.array, S::INDEX))
    }

    /// As [`linear_recurrence`](Self::linear_recurrence), beginning with a state: that which a former part of the sequence has
    /// ended in.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Seq = 2; Hidden = 1; }
    /// let (x, decay) = (Tensor::ones((Seq, Hidden)), Tensor::full((Hidden,), 0.5));
    /// let first = x.linear_recurrence(Seq, &decay);
    /// let second = x.linear_recurrence_from(Seq, &decay, &first.at(Seq, 1)?);
    /// assert_eq!(second.to_vec(), [1.75, 1.875]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn linear_recurrence_from<D, Position, X, R, Rest>(
        &self,
        axis: D,
        decay: &Tensor<R, impl SameBackend<B>>,
        state: &Tensor<Rest, impl SameBackend<B>>,
    ) -> Self
    where
        S: Axis<D, Position, Dim = X, Removed = Rest> + Broadcast<R, Larger = S>,
        X: Whole + PaddedAtEnd,
        R: Shape,
        Rest: Shape,
        B::Elem: Float,
    {
        let _ = axis;
        let sizes = self.sizes();
        let sizes = sizes.as_ref();
        let decay = B::broadcast(&decay.array, sizes);
        let mut x = self.array.clone();
        if sizes[S::INDEX] > 0 {
            let [of_decay, of_x] = [&decay, &x].map(|array| B::narrow(array, S::INDEX, 0, 1));
            let state = B::reshape(&state.array, B::sizes(&of_x));
            let first = B::binary(Binary::Add, B::binary(Binary::Mul, of_decay, state), of_x);
            x = B::update_slice(x, &first, &vec![0; sizes.len()]);
        }
        Tensor::from_parts(self.shape, B::linear_recurrence(&decay, &x, S::INDEX))
    }

    /// Calls `step` at each position of an axis, from the first on, with the state that the one before gave: the last state,
    /// and what the steps gave beside it, with the axis where it was.
    ///
    /// A state is of any type: a tensor, a tuple of several, a structure. Of an empty axis, `step` is called once, on zeros, for
    /// the shape of its output alone. Of padded sequences it is [`masked_scan`](Self::masked_scan).
    ///
    /// ```
    /// use congruent::nn::Linear;
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq; Embed = 3; Hidden = 4; }
    /// bind!(seq: Seq = 5);
    /// let rng = &mut Rng::with_seed(1);
    /// let (input, recurrent) = (Linear::random(Embed, Hidden, rng), Linear::random(Hidden, Hidden, rng));
    /// let x = Tensor::ones((Batch, seq, Embed));
    /// let (last, states) = x.scan(seq, Tensor::zeros((Batch, Hidden)), |state, x| {
    ///     let state = (input.forward(&x) + recurrent.forward(&state)).tanh();
    ///     (state.clone(), state)
    /// });
    /// let states: Tensor<(Batch, _, Hidden)> = states;
    /// assert_eq!(states.at(seq, 4)?.to_vec(), last.to_vec());
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias("fold", "rnn", "associative_scan"))]
    pub fn scan<D, Position, X, Rest, State, R, C, Stacked>(
        &self,
        axis: D,
        state: State,
        step: impl FnMut(State, Tensor<Rest, B>) -> (State, Tensor<R, C>),
    ) -> (State, Tensor<Stacked, C>)
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Whole + Scanned + Stacks<R, Position, Output = Stacked>,
        Rest: Shape,
        State: Clone,
        R: Shape,
        Stacked: Shape,
        B::Elem: Number,
        C: Backend,
    {
        let _ = axis;
        let size = self.shape.dim().size();
        let mut step = step;
        let (state, outputs) = self.steps::<D, Position, _, _, _>(0..size, state, &mut step);
        self.stacked_along::<D, Position, _, _, _, _>(state, outputs, step)
    }

    /// As [`scan`](Self::scan), from the last position to the first. What a step gave stands at the position that it was called
    /// with, and the state that is left is the one after the first position.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Seq = 3; }
    /// let x = Tensor::from_nested((Seq,), [1.0, 2.0, 3.0]);
    /// let (last, sums) = x.scan_reverse(Seq, Tensor::zeros(()), |sum, x| (&sum + &x, sum + x));
    /// assert_eq!(sums.to_vec(), [6.0, 5.0, 3.0]);
    /// assert_eq!(last.scalar(), 6.0);
    /// ```
    pub fn scan_reverse<D, Position, X, Rest, State, R, C, Stacked>(
        &self,
        axis: D,
        state: State,
        step: impl FnMut(State, Tensor<Rest, B>) -> (State, Tensor<R, C>),
    ) -> (State, Tensor<Stacked, C>)
    where
        S: Axis<D, Position, Dim = X, Removed = Rest>,
        X: Whole + Scanned + Stacks<R, Position, Output = Stacked>,
        Rest: Shape,
        State: Clone,
        R: Shape,
        Stacked: Shape,
        B::Elem: Number,
        C: Backend,
    {
        let _ = axis;
        let size = self.shape.dim().size();
        let mut step = step;
        let (state, mut outputs) = self.steps::<D, Position, _, _, _>((0..size).rev(), state, &mut step);
        outputs.reverse();
        self.stacked_along::<D, Position, _, _, _, _>(state, outputs, step)
    }

    /// What the steps at these positions give, in their order.
    fn steps<D, Position, State, R, C: Backend>(
        &self,
        positions: impl Iterator<Item = usize>,
        mut state: State,
        step: &mut impl FnMut(State, Tensor<S::Removed, B>) -> (State, Tensor<R, C>),
    ) -> (State, Vec<Tensor<R, C>>)
    where
        S: Axis<D, Position>,
    {
        let mut outputs = Vec::new();
        for position in positions {
            let (next, output) = step(state, self.at_checked::<D, Position>(position));
            state = next;
            outputs.push(output);
        }
        (state, outputs)
    }

    fn stacked_along<D, Position, State: Clone, R, C, X>(
        &self,
        state: State,
        outputs: Vec<Tensor<R, C>>,
        mut step: impl FnMut(State, Tensor<S::Removed, B>) -> (State, Tensor<R, C>),
    ) -> (State, Tensor<X::Output, C>)
    where
        S: Axis<D, Position, Dim = X>,
        X: Stacks<R, Position>,
        R: Shape,
        B::Elem: Number,
        C: Backend,
    {
        let rest = self.shape.removed();
        let zeros = || Tensor::from_parts(rest, B::filled(num_traits::zero(), rest.sizes().as_ref(), &self.device()));
        let like = outputs.first().cloned().unwrap_or_else(|| step(state.clone(), zeros()).1);
        let array = join::<C>(&like.array, outputs.iter().map(|output| &output.array), S::INDEX);
        (state, Tensor::from_parts(self.shape.dim().insert_into(like.shape), array))
    }
}

/// Arrays side by side along a new axis, or as none of them is left of one that is like them.
pub(crate) fn join<'a, B: Backend>(
    like: &ArrayOf<B>,
    parts: impl Iterator<Item = &'a ArrayOf<B>>,
    axis: usize,
) -> ArrayOf<B>
where
    ArrayOf<B>: 'a,
{
    let mut sizes = B::sizes(like).to_vec();
    sizes.insert(axis, 1);
    let parts: Vec<_> = parts.map(|part| B::reshape(part, &sizes)).collect();
    match parts.as_slice() {
        [] => B::narrow(&B::reshape(like, &sizes), axis, 0, 0),
        _ => B::concat(&parts.iter().collect::<Vec<_>>(), axis),
    }
}
