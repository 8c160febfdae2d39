//! A layer with gates on its state.

use super::{Bias, Gates, OfInput, OfState, affine, zeros};
use crate::Module;
use crate::backend::{Backend, Binary, Float, Unary};
use crate::cpu::Cpu;
use crate::dim::{Dim, N, Scanned, Summed, Times, Whole};
use crate::mask::LengthsOf;
use crate::shape::{At, Last, Matrix, SameShape, Sequence, Shape};
use crate::tensor::{SameBackend, Tensor};

/// A gated recurrent unit ([Cho et al. 2014](https://arxiv.org/abs/1406.1078)): one layer in one direction, with the parameters of
/// PyTorch's.
///
/// ```text
/// reset  = sigmoid(W_ir x + b_ir + W_hr h + b_hr)
/// update = sigmoid(W_iz x + b_iz + W_hz h + b_hz)
/// new    = tanh(W_in x + b_in + reset * (W_hn h + b_hn))
/// h'     = (1 - update) * new + update * h
/// ```
///
/// ```
/// use congruent::{nn::Gru, prelude::*};
/// dims! { Batch = 2; Seq; Embed = 3; Hidden = 4; }
/// bind!(seq: Seq = 5);
/// let rng = &mut Rng::with_seed(1);
/// let (forth, back) = (Gru::random(Embed, Hidden, rng), Gru::random(Embed, Hidden, rng));
/// let x = Tensor::ones((Batch, seq, Embed));
/// let (states, last) = forth.forward(&x, &forth.start(Batch));
/// let (reverse_states, reverse_last) = back.forward_reverse(&x, &back.start(Batch));
/// // Both directions, for a second layer, and what each of them has made of the whole sequence.
/// let both: Tensor<(Batch, _, Plus<Hidden, Hidden>)> = states.concat(Hidden, &reverse_states);
/// let summary: Tensor<(Batch, Plus<Hidden, Hidden>)> = last.concat(Hidden, &reverse_last);
/// ```
///
/// Of padded sequences, each ends at its own length, and begins there in the other direction:
///
/// ```
/// use congruent::{nn::Gru, prelude::*};
/// dims! { Batch = 2; Seq = 5; Embed = 3; Hidden = 4; }
/// let layer = Gru::random(Embed, Hidden, &mut Rng::with_seed(1));
/// let x = Tensor::ones((Batch, Ragged(Seq), Embed));
/// let lengths = Lengths::new(Batch, Ragged(Seq), &[5, 2])?;
/// let (states, last) = layer.forward_masked(&x, &lengths, &layer.start(Batch));
/// assert_eq!(states.masked_last(&lengths).to_vec(), last.to_vec());
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Module)]
pub struct Gru<In, H, B: Backend = Cpu<f32>> {
    /// What each gate takes of the input: reset, update, new.
    #[module(name = "weight_ih_l0")]
    pub weight_ih: OfInput<N<3>, In, H, B>,
    /// What each gate takes of the state.
    #[module(name = "weight_hh_l0")]
    pub weight_hh: OfState<N<3>, H, B>,
    /// What is added to the input's part.
    #[module(name = "bias_ih_l0")]
    pub bias_ih: Bias<N<3>, H, B>,
    /// What is added to the state's part: that of the new state is reset with it.
    #[module(name = "bias_hh_l0")]
    pub bias_hh: Bias<N<3>, H, B>,
}

impl<In: Dim, H: Dim, B: Backend<Elem: Float>> Gru<In, H, B> {
    /// The state that sequences begin with: zeros.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Gru;
    /// dims! { Batch = 2; Embed = 3; Hidden = 4; }
    /// let layer = Gru::random(Embed, Hidden, &mut Rng::with_seed(1));
    /// assert_eq!(layer.start(Batch).to_vec(), [0.0; 8]);
    /// ```
    pub fn start<Batch: Dim>(&self, batch: Batch) -> Tensor<(Batch, H), B> {
        zeros((batch, self.weight_hh.shape().1), &self.weight_hh)
    }

    /// The states at all positions, and the last one.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Gru;
    /// dims! { Batch = 2; Seq = 5; Embed = 3; Hidden = 4; }
    /// let layer = Gru::random(Embed, Hidden, &mut Rng::with_seed(1));
    /// let (states, last) = layer.forward(&Tensor::ones((Batch, Seq, Embed)), &layer.start(Batch));
    /// assert_eq!(states.at(Seq, 4)?.to_vec(), last.to_vec());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn forward<S, R>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        state: &Tensor<R, impl SameBackend<B>>,
    ) -> (Tensor<(S::Batch, S::Length, H), B>, Tensor<(S::Batch, H), B>)
    where
        S: Sequence<In, Length: Whole + Scanned>,
        R: Shape + SameShape<(S::Batch, H)>,
        In: Whole + Summed,
        H: Whole + Summed,
    {
        let (last, states) = self.gates(x).scan(At::<1>, self.beside(x, state), |state, x| self.next(state, x));
        (states, last)
    }

    /// As [`forward`](Self::forward), from the last position to the first: the state at a position is that of what follows it,
    /// and the last one stands at the first position.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Gru;
    /// dims! { Batch = 2; Seq = 5; Embed = 3; Hidden = 4; }
    /// let layer = Gru::random(Embed, Hidden, &mut Rng::with_seed(1));
    /// let (states, last) = layer.forward_reverse(&Tensor::ones((Batch, Seq, Embed)), &layer.start(Batch));
    /// assert_eq!(states.at(Seq, 0)?.to_vec(), last.to_vec());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn forward_reverse<S, R>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        state: &Tensor<R, impl SameBackend<B>>,
    ) -> (Tensor<(S::Batch, S::Length, H), B>, Tensor<(S::Batch, H), B>)
    where
        S: Sequence<In, Length: Whole + Scanned>,
        R: Shape + SameShape<(S::Batch, H)>,
        In: Whole + Summed,
        H: Whole + Summed,
    {
        let (last, states) = self.gates(x).scan_reverse(At::<1>, self.beside(x, state), |state, x| self.next(state, x));
        (states, last)
    }

    /// As [`forward`](Self::forward), of padded sequences: the last state of each is the one at its own length.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Gru;
    /// dims! { Batch = 2; Seq = 5; Embed = 3; Hidden = 4; }
    /// let layer = Gru::random(Embed, Hidden, &mut Rng::with_seed(1));
    /// let lengths = Lengths::new(Batch, Ragged(Seq), &[5, 2])?;
    /// let (states, last) = layer.forward_masked(&Tensor::ones((Batch, Ragged(Seq), Embed)), &lengths, &layer.start(Batch));
    /// assert_eq!(states.masked_last(&lengths).to_vec(), last.to_vec());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn forward_masked<S, R>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        lengths: &impl LengthsOf<S::Batch, S::Length>,
        state: &Tensor<R, impl SameBackend<B>>,
    ) -> (Tensor<(S::Batch, S::Length, H), B>, Tensor<(S::Batch, H), B>)
    where
        S: Sequence<In, Length: Whole>,
        R: Shape + SameShape<(S::Batch, H)>,
        In: Whole + Summed,
        H: Whole + Summed,
    {
        let (last, states) =
            self.gates(x).masked_scan(lengths.lengths(), self.beside(x, state), |state, x| self.next(state, x));
        (states, last)
    }

    /// As [`forward_reverse`](Self::forward_reverse), of padded sequences: each begins at its own length.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Gru;
    /// dims! { Batch = 2; Seq = 5; Embed = 3; Hidden = 4; }
    /// let layer = Gru::random(Embed, Hidden, &mut Rng::with_seed(1));
    /// let lengths = Lengths::new(Batch, Ragged(Seq), &[5, 2])?;
    /// let x = Tensor::ones((Batch, Ragged(Seq), Embed));
    /// let (states, last) = layer.forward_masked_reverse(&x, &lengths, &layer.start(Batch));
    /// // It ends at the first position.
    /// assert_eq!(states.fill_padding(&lengths, 0.0).at(Seq, 0)?.to_vec(), last.to_vec());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn forward_masked_reverse<S, R>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        lengths: &impl LengthsOf<S::Batch, S::Length>,
        state: &Tensor<R, impl SameBackend<B>>,
    ) -> (Tensor<(S::Batch, S::Length, H), B>, Tensor<(S::Batch, H), B>)
    where
        S: Sequence<In, Length: Whole>,
        R: Shape + SameShape<(S::Batch, H)>,
        In: Whole + Summed,
        H: Whole + Summed,
    {
        let step = |state, x| self.next(state, x);
        let (last, states) = self.gates(x).masked_scan_reverse(lengths.lengths(), self.beside(x, state), step);
        (states, last)
    }

    /// The state after one more input, `(Batch, In)`: what [`forward`](Self::forward) gives of a sequence of one position, for a
    /// decoder whose next input depends on it.
    ///
    /// ```
    /// use congruent::{nn::Gru, prelude::*};
    /// dims! { Batch = 2; Seq = 5; Embed = 3; Hidden = 4; }
    /// let layer = Gru::random(Embed, Hidden, &mut Rng::with_seed(1));
    /// let x = Tensor::ones((Batch, Seq, Embed));
    /// let mut state = layer.start(Batch);
    /// for at in 0..Seq.size() {
    ///     state = layer.step(&x.at(Seq, at)?, &state);
    /// }
    /// # let (_, last) = layer.forward(&x, &layer.start(Batch));
    /// # assert!((state - last).abs().max_all().scalar() < 1e-6);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "GRUCell")]
    pub fn step<S, R>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        state: &Tensor<R, impl SameBackend<B>>,
    ) -> Tensor<(R::Rows, H), B>
    where
        S: Shape + SameShape<(R::Rows, In)>,
        R: Matrix + Last<H>,
        In: Whole + Summed,
        H: Whole + Summed,
    {
        let (batch, _) = state.shape().dims();
        let state = Tensor::from_parts((batch, self.weight_hh.shape().1), state.array().clone());
        let gates = affine::<B>(x.array(), self.weight_ih.array(), self.bias_ih.array(), None);
        self.next(state, Tensor::from_parts((batch, self.bias_ih.shape().0), gates)).0
    }

    /// The state of the batch of `x`, which is known to have its shape.
    fn beside<S: Sequence<In>, R: Shape>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        state: &Tensor<R, impl SameBackend<B>>,
    ) -> Tensor<(S::Batch, H), B> {
        let (batch, ..) = x.shape().dims();
        Tensor::from_parts((batch, self.weight_hh.shape().1), state.array().clone())
    }

    /// What the gates take of the input, at all positions at once.
    fn gates<S: Sequence<In>>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
    ) -> Tensor<(S::Batch, S::Length, Times<N<3>, H>), B> {
        let (batch, seq, _) = x.shape().dims();
        let gates = affine::<B>(x.array(), self.weight_ih.array(), self.bias_ih.array(), None);
        Tensor::from_parts((batch, seq, self.bias_ih.shape().0), gates)
    }

    fn next<Batch: Dim>(
        &self,
        state: Tensor<(Batch, H), B>,
        x: Tensor<(Batch, Times<N<3>, H>), B>,
    ) -> (Tensor<(Batch, H), B>, Tensor<(Batch, H), B>) {
        let shape = state.shape();
        let (size, state) = (shape.1.size(), state.into_array());
        let of_state = affine::<B>(&state, self.weight_hh.array(), self.bias_hh.array(), None);
        let (of_input, of_state) = (Gates::<B>(x.array(), size), Gates::<B>(&of_state, size));
        let opened = B::unary(Unary::Sigmoid, B::binary(Binary::Add, of_input.part(0, 2), of_state.part(0, 2)));
        let [reset, update] = [0, 1].map(|gate| Gates::<B>(&opened, size).part(gate, 1));
        let remembered = B::binary(Binary::Mul, reset, of_state.part(2, 1));
        let new = B::unary(Unary::Tanh, B::binary(Binary::Add, remembered, of_input.part(2, 1)));
        let kept = B::binary(Binary::Mul, update, B::binary(Binary::Sub, state, new.clone()));
        let state = Tensor::from_parts(shape, B::binary(Binary::Add, kept, new));
        (state.clone(), state)
    }
}
