//! A layer with a state of its own.

use super::{Bias, Gates, OfInput, OfState, affine, zeros};
use crate::Module;
use crate::backend::{Backend, Binary, Float, Unary};
use crate::cpu::Cpu;
use crate::dim::{Dim, N, Scanned, Summed, Times, Whole};
use crate::mask::LengthsOf;
use crate::sealed::Sealed;
use crate::shape::{At, SameShape, Sequence, Shape};
use crate::tensor::{SameBackend, Tensor};

/// Long short-term memory ([Hochreiter and Schmidhuber 1997](https://doi.org/10.1162/neco.1997.9.8.1735)): one layer in one
/// direction, with the parameters of PyTorch's.
///
/// ```text
/// input, forget, output = sigmoid(W_i x + b_i + W_h h + b_h), each with rows of its own
/// new  = tanh(W_ig x + b_ig + W_hg h + b_hg)
/// cell = forget * cell + input * new
/// h    = output * tanh(cell)
/// ```
///
/// It is used as a [`Gru`](super::Gru) is, and its state is an [`LstmState`].
///
/// ```
/// use congruent::{nn::Lstm, prelude::*};
/// dims! { Batch = 2; Seq = 5; Embed = 3; Hidden = 4; }
/// let layer = Lstm::random(Embed, Hidden, &mut Rng::with_seed(1));
/// let (states, last) = layer.forward(&Tensor::ones((Batch, Seq, Embed)), &layer.start(Batch));
/// assert_eq!(states.at(Seq, 4)?.to_vec(), last.hidden.to_vec());
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Module)]
pub struct Lstm<In, H, B: Backend = Cpu<f32>> {
    /// What each gate takes of the input: input, forget, new, output.
    #[module(name = "weight_ih_l0")]
    pub weight_ih: OfInput<N<4>, In, H, B>,
    /// What each gate takes of the state.
    #[module(name = "weight_hh_l0")]
    pub weight_hh: OfState<N<4>, H, B>,
    /// What is added to the input's part.
    #[module(name = "bias_ih_l0")]
    pub bias_ih: Bias<N<4>, H, B>,
    /// What is added to the state's part.
    #[module(name = "bias_hh_l0")]
    pub bias_hh: Bias<N<4>, H, B>,
}

/// The state of an [`Lstm`].
#[derive(Clone)]
pub struct LstmState<Batch, H, B: Backend = Cpu<f32>> {
    /// What it gives at each position.
    pub hidden: Tensor<(Batch, H), B>,
    /// What it keeps to itself.
    pub cell: Tensor<(Batch, H), B>,
}

impl<In: Dim, H: Dim, B: Backend<Elem: Float>> Lstm<In, H, B> {
    /// The state that sequences begin with: zeros.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Lstm;
    /// dims! { Batch = 2; Embed = 3; Hidden = 4; }
    /// let state = Lstm::random(Embed, Hidden, &mut Rng::with_seed(1)).start(Batch);
    /// assert_eq!((state.hidden.to_vec(), state.cell.to_vec()), (vec![0.0; 8], vec![0.0; 8]));
    /// ```
    pub fn start<Batch: Dim>(&self, batch: Batch) -> LstmState<Batch, H, B> {
        let hidden = zeros((batch, self.weight_hh.shape().1), &self.weight_hh);
        LstmState { cell: hidden.clone(), hidden }
    }

    /// The states at all positions, and the last one.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Lstm;
    /// dims! { Batch = 2; Seq = 5; Embed = 3; Hidden = 4; }
    /// let layer = Lstm::random(Embed, Hidden, &mut Rng::with_seed(1));
    /// let (states, last) = layer.forward(&Tensor::ones((Batch, Seq, Embed)), &layer.start(Batch));
    /// assert_eq!(states.at(Seq, 4)?.to_vec(), last.hidden.to_vec());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn forward<S, T>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        state: &T,
    ) -> (Tensor<(S::Batch, S::Length, H), B>, LstmState<S::Batch, H, B>)
    where
        S: Sequence<In, Length: Whole + Scanned>,
        T: LstmStateOf<S::Batch, H, Backend: SameBackend<B>>,
        In: Whole + Summed,
        H: Whole + Summed,
    {
        let (last, states) = self.gates(x).scan(At::<1>, parts(state), |state, x| self.next(state, x));
        (states, LstmState::of(last))
    }

    /// As [`forward`](Self::forward), from the last position to the first: the state at a position is that of what follows it,
    /// and the last one stands at the first position.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Lstm;
    /// dims! { Batch = 2; Seq = 5; Embed = 3; Hidden = 4; }
    /// let layer = Lstm::random(Embed, Hidden, &mut Rng::with_seed(1));
    /// let (states, last) = layer.forward_reverse(&Tensor::ones((Batch, Seq, Embed)), &layer.start(Batch));
    /// assert_eq!(states.at(Seq, 0)?.to_vec(), last.hidden.to_vec());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn forward_reverse<S, T>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        state: &T,
    ) -> (Tensor<(S::Batch, S::Length, H), B>, LstmState<S::Batch, H, B>)
    where
        S: Sequence<In, Length: Whole + Scanned>,
        T: LstmStateOf<S::Batch, H, Backend: SameBackend<B>>,
        In: Whole + Summed,
        H: Whole + Summed,
    {
        let (last, states) = self.gates(x).scan_reverse(At::<1>, parts(state), |state, x| self.next(state, x));
        (states, LstmState::of(last))
    }

    /// As [`forward`](Self::forward), of padded sequences: the last state of each is the one at its own length.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Lstm;
    /// dims! { Batch = 2; Seq = 5; Embed = 3; Hidden = 4; }
    /// let layer = Lstm::random(Embed, Hidden, &mut Rng::with_seed(1));
    /// let lengths = Lengths::new(Batch, Ragged(Seq), &[5, 2])?;
    /// let (states, last) = layer.forward_masked(&Tensor::ones((Batch, Ragged(Seq), Embed)), &lengths, &layer.start(Batch));
    /// assert_eq!(states.masked_last(&lengths).to_vec(), last.hidden.to_vec());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn forward_masked<S, T>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        lengths: &impl LengthsOf<S::Batch, S::Length>,
        state: &T,
    ) -> (Tensor<(S::Batch, S::Length, H), B>, LstmState<S::Batch, H, B>)
    where
        S: Sequence<In, Length: Whole>,
        T: LstmStateOf<S::Batch, H, Backend: SameBackend<B>>,
        In: Whole + Summed,
        H: Whole + Summed,
    {
        let (last, states) = self.gates(x).masked_scan(lengths.lengths(), parts(state), |state, x| self.next(state, x));
        (states, LstmState::of(last))
    }

    /// As [`forward_reverse`](Self::forward_reverse), of padded sequences: each begins at its own length.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Lstm;
    /// dims! { Batch = 2; Seq = 5; Embed = 3; Hidden = 4; }
    /// let layer = Lstm::random(Embed, Hidden, &mut Rng::with_seed(1));
    /// let lengths = Lengths::new(Batch, Ragged(Seq), &[5, 2])?;
    /// let x = Tensor::ones((Batch, Ragged(Seq), Embed));
    /// let (states, last) = layer.forward_masked_reverse(&x, &lengths, &layer.start(Batch));
    /// // It ends at the first position.
    /// assert_eq!(states.fill_padding(&lengths, 0.0).at(Seq, 0)?.to_vec(), last.hidden.to_vec());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn forward_masked_reverse<S, T>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        lengths: &impl LengthsOf<S::Batch, S::Length>,
        state: &T,
    ) -> (Tensor<(S::Batch, S::Length, H), B>, LstmState<S::Batch, H, B>)
    where
        S: Sequence<In, Length: Whole>,
        T: LstmStateOf<S::Batch, H, Backend: SameBackend<B>>,
        In: Whole + Summed,
        H: Whole + Summed,
    {
        let (last, states) =
            self.gates(x).masked_scan_reverse(lengths.lengths(), parts(state), |state, x| self.next(state, x));
        (states, LstmState::of(last))
    }

    /// The state after one more input, `(Batch, In)`: what [`forward`](Self::forward) gives of a sequence of one position, for a
    /// decoder whose next input depends on it.
    ///
    /// ```
    /// use congruent::{nn::Lstm, prelude::*};
    /// dims! { Batch = 2; Embed = 3; Hidden = 4; }
    /// let layer = Lstm::random(Embed, Hidden, &mut Rng::with_seed(1));
    /// let mut state = layer.start(Batch);
    /// for _ in 0..5 {
    ///     state = layer.step(&Tensor::ones((Batch, Embed)), &state);
    /// }
    /// let hidden: Tensor<(Batch, Hidden)> = state.hidden;
    /// ```
    #[doc(alias = "LSTMCell")]
    pub fn step<S, Batch: Dim, T>(&self, x: &Tensor<S, impl SameBackend<B>>, state: &T) -> LstmState<Batch, H, B>
    where
        S: Shape + SameShape<(Batch, In)>,
        T: LstmStateOf<Batch, H, Backend: SameBackend<B>>,
        In: Whole + Summed,
        H: Whole + Summed,
    {
        let batch = state.state().hidden.shape().0;
        let gates = affine::<B>(x.array(), self.weight_ih.array(), self.bias_ih.array(), None);
        let gates = Tensor::from_parts((batch, self.bias_ih.shape().0), gates);
        LstmState::of(self.next(parts(state), gates).0)
    }

    /// What the gates take of the input, at all positions at once.
    fn gates<S: Sequence<In>>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
    ) -> Tensor<(S::Batch, S::Length, Times<N<4>, H>), B> {
        let (batch, seq, _) = x.shape().dims();
        let gates = affine::<B>(x.array(), self.weight_ih.array(), self.bias_ih.array(), None);
        Tensor::from_parts((batch, seq, self.bias_ih.shape().0), gates)
    }

    fn next<Batch: Dim>(
        &self,
        (hidden, cell): Parts<Batch, H, B>,
        x: Tensor<(Batch, Times<N<4>, H>), B>,
    ) -> (Parts<Batch, H, B>, Tensor<(Batch, H), B>) {
        let shape = hidden.shape();
        let size = shape.1.size();
        let gates = affine::<B>(hidden.array(), self.weight_hh.array(), self.bias_hh.array(), Some(x.array()));
        let gates = Gates::<B>(&gates, size);
        let opened = B::unary(Unary::Sigmoid, gates.part(0, 2));
        let [input, forget] = [0, 1].map(|gate| Gates::<B>(&opened, size).part(gate, 1));
        let (new, output) = (B::unary(Unary::Tanh, gates.part(2, 1)), B::unary(Unary::Sigmoid, gates.part(3, 1)));
        let kept = B::binary(Binary::Mul, forget, cell.into_array());
        let cell = B::binary(Binary::Add, kept, B::binary(Binary::Mul, input, new));
        let hidden = B::binary(Binary::Mul, output, B::unary(Unary::Tanh, cell.clone()));
        let [hidden, cell] = [hidden, cell].map(|array| Tensor::from_parts(shape, array));
        ((hidden.clone(), cell), hidden)
    }
}

/// The hidden state and the cell.
type Parts<Batch, H, B> = (Tensor<(Batch, H), B>, Tensor<(Batch, H), B>);

fn parts<Batch: Dim, H: Dim, B: Backend>(
    state: &impl LstmStateOf<Batch, H, Backend: SameBackend<B>>,
) -> Parts<Batch, H, B> {
    let LstmState { hidden, cell } = state.state().clone();
    (hidden.same(), cell.same())
}

impl<Batch: Dim, H: Dim, B: Backend> LstmState<Batch, H, B> {
    fn of((hidden, cell): Parts<Batch, H, B>) -> Self {
        LstmState { hidden, cell }
    }
}

/// That it is the state of an [`Lstm`] of size `H` for the batch: an [`LstmState<Batch, H>`](LstmState).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the state of an `Lstm` of size `{H}` for the batch `{Batch}`",
    label = "expected `LstmState<{Batch}, {H}>`",
    note = "sequences begin with `layer.start(batch)`, and go on with what the same layer gave, `LstmState {{ hidden, cell }}`; the state of another size gets this one by a `Linear` for each of the two",
    note = "explained in `congruent::errors::C125`: https://docs.rs/congruent/latest/congruent/errors/C125/"
)]
pub trait LstmStateOf<Batch, H> {
    /// What it is on.
    type Backend: Backend;
    /// The state.
    fn state(&self) -> &LstmState<Batch, H, Self::Backend>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<Batch, H, B: Backend> LstmStateOf<Batch, H> for LstmState<Batch, H, B> {
    type Backend = B;
    fn state(&self) -> &Self {
        self
    }
    fn sealed(_: Sealed) {}
}
