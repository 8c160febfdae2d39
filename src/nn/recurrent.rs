//! Recurrent layers.

use crate::backend::{ArrayOf, Backend, Binary, Epilogue, Float, Unary};
use crate::cpu::Cpu;
use crate::dim::{Dim, N, Scanned, Summed, Times};
use crate::io::{Stored, Weights};
use crate::mask::Lengths;
use crate::shape::At;
use crate::tensor::{SameBackend, Tensor};
use crate::{Module, Rng};

/// Parameters of `G` gates, each with a row for each element of the state.
type OfInput<G, In, H, B> = Tensor<(Times<G, H>, In), B>;
type OfState<G, H, B> = Tensor<(Times<G, H>, H), B>;
type Bias<G, H, B> = Tensor<(Times<G, H>,), B>;

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
/// It is used as a [`Gru`] is, and its state is an [`LstmState`].
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

/// The part of each gate in `x (batch, gates · hidden)`.
struct Gates<'a, B: Backend>(&'a ArrayOf<B>, usize);

impl<B: Backend> Gates<'_, B> {
    /// So many gates, from this one on.
    fn part(&self, first: usize, count: usize) -> ArrayOf<B> {
        B::narrow(self.0, 1, first * self.1, count * self.1)
    }
}

/// `x · weightᵀ + bias`.
fn affine<B: Backend<Elem: Float>>(
    x: &ArrayOf<B>,
    weight: &ArrayOf<B>,
    bias: &ArrayOf<B>,
    residual: Option<&ArrayOf<B>>,
) -> ArrayOf<B> {
    B::linear(x, weight, Epilogue { bias: Some(bias), activation: None, residual })
}

impl<In: Dim, H: Dim, B: Backend<Elem: Float>> Gru<In, H, B> {
    /// The state that sequences begin with: zeros.
    pub fn start<Batch: Dim>(&self, batch: Batch) -> Tensor<(Batch, H), B> {
        zeros((batch, self.weight_hh.shape().1), &self.weight_hh)
    }

    /// The states at all positions, and the last one.
    pub fn forward<Batch: Dim, Seq: Scanned>(
        &self,
        x: &Tensor<(Batch, Seq, In), impl SameBackend<B>>,
        state: &Tensor<(Batch, H), impl SameBackend<B>>,
    ) -> (Tensor<(Batch, Seq, H), B>, Tensor<(Batch, H), B>)
    where
        In: Summed,
        H: Summed,
    {
        let (last, states) = self.gates(x).scan(At::<1>, state.clone().same(), |state, x| self.step(state, x));
        (states, last)
    }

    /// As [`forward`](Self::forward), from the last position to the first: the state at a position is that of what follows it,
    /// and the last one stands at the first position.
    pub fn forward_reverse<Batch: Dim, Seq: Scanned>(
        &self,
        x: &Tensor<(Batch, Seq, In), impl SameBackend<B>>,
        state: &Tensor<(Batch, H), impl SameBackend<B>>,
    ) -> (Tensor<(Batch, Seq, H), B>, Tensor<(Batch, H), B>)
    where
        In: Summed,
        H: Summed,
    {
        let (last, states) = self.gates(x).scan_reverse(At::<1>, state.clone().same(), |state, x| self.step(state, x));
        (states, last)
    }

    /// As [`forward`](Self::forward), of padded sequences: the last state of each is the one at its own length.
    pub fn forward_masked<Batch: Dim, Seq: Dim>(
        &self,
        x: &Tensor<(Batch, Seq, In), impl SameBackend<B>>,
        lengths: &Lengths<Batch, Seq>,
        state: &Tensor<(Batch, H), impl SameBackend<B>>,
    ) -> (Tensor<(Batch, Seq, H), B>, Tensor<(Batch, H), B>)
    where
        In: Summed,
        H: Summed,
    {
        let (last, states) = self.gates(x).masked_scan(lengths, state.clone().same(), |state, x| self.step(state, x));
        (states, last)
    }

    /// As [`forward_reverse`](Self::forward_reverse), of padded sequences: each begins at its own length.
    pub fn forward_masked_reverse<Batch: Dim, Seq: Dim>(
        &self,
        x: &Tensor<(Batch, Seq, In), impl SameBackend<B>>,
        lengths: &Lengths<Batch, Seq>,
        state: &Tensor<(Batch, H), impl SameBackend<B>>,
    ) -> (Tensor<(Batch, Seq, H), B>, Tensor<(Batch, H), B>)
    where
        In: Summed,
        H: Summed,
    {
        let step = |state, x| self.step(state, x);
        let (last, states) = self.gates(x).masked_scan_reverse(lengths, state.clone().same(), step);
        (states, last)
    }

    /// What the gates take of the input, at all positions at once.
    fn gates<Batch: Dim, Seq: Dim>(
        &self,
        x: &Tensor<(Batch, Seq, In), impl SameBackend<B>>,
    ) -> Tensor<(Batch, Seq, Times<N<3>, H>), B> {
        let (batch, seq, _) = x.shape();
        let gates = affine::<B>(x.array(), self.weight_ih.array(), self.bias_ih.array(), None);
        Tensor::from_parts((batch, seq, self.bias_ih.shape().0), gates)
    }

    fn step<Batch: Dim>(
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

impl<In: Dim, H: Dim, B: Backend<Elem: Float>> Lstm<In, H, B> {
    /// The state that sequences begin with: zeros.
    pub fn start<Batch: Dim>(&self, batch: Batch) -> LstmState<Batch, H, B> {
        let hidden = zeros((batch, self.weight_hh.shape().1), &self.weight_hh);
        LstmState { cell: hidden.clone(), hidden }
    }

    /// The states at all positions, and the last one.
    pub fn forward<Batch: Dim, Seq: Scanned>(
        &self,
        x: &Tensor<(Batch, Seq, In), impl SameBackend<B>>,
        state: &LstmState<Batch, H, B>,
    ) -> (Tensor<(Batch, Seq, H), B>, LstmState<Batch, H, B>)
    where
        In: Summed,
        H: Summed,
    {
        let (last, states) = self.gates(x).scan(At::<1>, state.parts(), |state, x| self.step(state, x));
        (states, LstmState::of(last))
    }

    /// As [`forward`](Self::forward), from the last position to the first: the state at a position is that of what follows it,
    /// and the last one stands at the first position.
    pub fn forward_reverse<Batch: Dim, Seq: Scanned>(
        &self,
        x: &Tensor<(Batch, Seq, In), impl SameBackend<B>>,
        state: &LstmState<Batch, H, B>,
    ) -> (Tensor<(Batch, Seq, H), B>, LstmState<Batch, H, B>)
    where
        In: Summed,
        H: Summed,
    {
        let (last, states) = self.gates(x).scan_reverse(At::<1>, state.parts(), |state, x| self.step(state, x));
        (states, LstmState::of(last))
    }

    /// As [`forward`](Self::forward), of padded sequences: the last state of each is the one at its own length.
    pub fn forward_masked<Batch: Dim, Seq: Dim>(
        &self,
        x: &Tensor<(Batch, Seq, In), impl SameBackend<B>>,
        lengths: &Lengths<Batch, Seq>,
        state: &LstmState<Batch, H, B>,
    ) -> (Tensor<(Batch, Seq, H), B>, LstmState<Batch, H, B>)
    where
        In: Summed,
        H: Summed,
    {
        let (last, states) = self.gates(x).masked_scan(lengths, state.parts(), |state, x| self.step(state, x));
        (states, LstmState::of(last))
    }

    /// As [`forward_reverse`](Self::forward_reverse), of padded sequences: each begins at its own length.
    pub fn forward_masked_reverse<Batch: Dim, Seq: Dim>(
        &self,
        x: &Tensor<(Batch, Seq, In), impl SameBackend<B>>,
        lengths: &Lengths<Batch, Seq>,
        state: &LstmState<Batch, H, B>,
    ) -> (Tensor<(Batch, Seq, H), B>, LstmState<Batch, H, B>)
    where
        In: Summed,
        H: Summed,
    {
        let (last, states) = self.gates(x).masked_scan_reverse(lengths, state.parts(), |state, x| self.step(state, x));
        (states, LstmState::of(last))
    }

    /// What the gates take of the input, at all positions at once.
    fn gates<Batch: Dim, Seq: Dim>(
        &self,
        x: &Tensor<(Batch, Seq, In), impl SameBackend<B>>,
    ) -> Tensor<(Batch, Seq, Times<N<4>, H>), B> {
        let (batch, seq, _) = x.shape();
        let gates = affine::<B>(x.array(), self.weight_ih.array(), self.bias_ih.array(), None);
        Tensor::from_parts((batch, seq, self.bias_ih.shape().0), gates)
    }

    fn step<Batch: Dim>(
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

type Parts<Batch, H, B> = (Tensor<(Batch, H), B>, Tensor<(Batch, H), B>);

impl<Batch: Dim, H: Dim, B: Backend> LstmState<Batch, H, B> {
    fn parts(&self) -> Parts<Batch, H, B> {
        (self.hidden.clone(), self.cell.clone())
    }
    fn of((hidden, cell): Parts<Batch, H, B>) -> Self {
        LstmState { hidden, cell }
    }
}

fn zeros<Batch: Dim, H: Dim, S: crate::shape::Shape, B: Backend<Elem: Float>>(
    shape: (Batch, H),
    beside: &Tensor<S, B>,
) -> Tensor<(Batch, H), B> {
    let sizes = [shape.0.size(), shape.1.size()];
    Tensor::from_parts(shape, B::filled(num_traits::zero(), &sizes, &beside.device()))
}

macro_rules! made_and_loaded {
    ($Layer:ident, $gates:literal) => {
        impl<In: Dim, H: Dim> $Layer<In, H> {
            /// A new layer, its parameters uniform within `1 / √H`, as PyTorch begins.
            pub fn random(input: In, hidden: H, rng: &mut Rng) -> Self {
                let bound = (hidden.size().max(1) as f64).sqrt().recip();
                let (range, gates) = (-bound..bound, Times(N::<$gates>, hidden));
                $Layer {
                    weight_ih: Tensor::uniform((gates, input), range.clone(), rng),
                    weight_hh: Tensor::uniform((gates, hidden), range.clone(), rng),
                    bias_ih: Tensor::uniform((gates,), range.clone(), rng),
                    bias_hh: Tensor::uniform((gates,), range, rng),
                }
            }
        }

        impl<In: Dim, H: Dim, B: Backend<Elem: Stored>> $Layer<In, H, B> {
            /// Takes `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0` and `bias_hh_l0`: the first layer of PyTorch's.
            pub fn load(weights: &Weights<'_, B::Elem, impl SameBackend<B>>, input: In, hidden: H) -> Self {
                Self::load_part(weights, "l0", input, hidden)
            }

            /// Takes the parameters of another layer or of the other direction: `l1`, `l0_reverse`.
            pub fn load_part(
                weights: &Weights<'_, B::Elem, impl SameBackend<B>>,
                part: &str,
                input: In,
                hidden: H,
            ) -> Self {
                let gates = Times(N::<$gates>, hidden);
                let name = |parameter: &str| format!("{parameter}_{part}");
                $Layer {
                    weight_ih: weights.tensor(&name("weight_ih"), (gates, input)).same(),
                    weight_hh: weights.tensor(&name("weight_hh"), (gates, hidden)).same(),
                    bias_ih: weights.tensor(&name("bias_ih"), (gates,)).same(),
                    bias_hh: weights.tensor(&name("bias_hh"), (gates,)).same(),
                }
            }
        }
    };
}
made_and_loaded!(Gru, 3);
made_and_loaded!(Lstm, 4);
