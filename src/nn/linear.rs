//! The linear layer.

use crate::Rng;
use crate::backend::{Backend, Float, cpu::Cpu};
use crate::dim::Dim;
use crate::io::{Stored, Weights};
use crate::shape::Last;
use crate::tensor::Tensor;

/// `x · weightᵀ + bias`, on the last dimension: `In` becomes `Out`.
///
/// ```
/// use congruent::{nn::Linear, prelude::*};
/// dims! { Batch = 2; Embed = 8; Hidden = 32; }
/// let layer = Linear::random(Embed, Hidden, &mut Rng::with_seed(1));
/// let y: Tensor<(Batch, Hidden)> = layer.forward(&Tensor::ones((Batch, Embed)));
/// ```
#[derive(Clone)]
pub struct Linear<In, Out, B: Backend = Cpu<f32>> {
    /// What each output takes of each input.
    pub weight: Tensor<(Out, In), B>,
    /// What is added to each output.
    pub bias: Option<Tensor<(Out,), B>>,
}

impl<In: Dim, Out: Dim, B: Backend> Linear<In, Out, B> {
    /// The dimension of the input.
    pub fn input(&self) -> In {
        self.weight.shape().1
    }

    /// The dimension of the output.
    pub fn output(&self) -> Out {
        self.weight.shape().0
    }

    /// The layer on the last dimension of `x`.
    pub fn forward<S>(&self, x: &Tensor<S, B>) -> Tensor<<S as Last<In>>::With<Out>, B>
    where
        S: Last<In>,
        B::Elem: Float,
    {
        let array = B::linear(x.array(), self.weight.array(), self.bias.as_ref().map(Tensor::array));
        Tensor::from_parts(x.shape().with_last(self.output()), array)
    }
}

impl<In: Dim, Out: Dim> Linear<In, Out> {
    /// A new layer, its parameters uniform within `1 / √In`, as PyTorch begins.
    pub fn random(input: In, output: Out, rng: &mut Rng) -> Self {
        let bound = (input.size().max(1) as f64).sqrt().recip();
        let weight = Tensor::uniform((output, input), -bound..bound, rng);
        Linear { weight, bias: Some(Tensor::uniform((output,), -bound..bound, rng)) }
    }
}

impl<In: Dim, Out: Dim, T: Stored> Linear<In, Out, Cpu<T>> {
    /// Takes `weight` and `bias`.
    pub fn load(weights: &Weights<'_, T>, input: In, output: Out) -> Self {
        let bias = Some(weights.tensor("bias", (output,)));
        Linear { bias, ..Linear::load_without_bias(weights, input, output) }
    }

    /// Takes `weight`.
    pub fn load_without_bias(weights: &Weights<'_, T>, input: In, output: Out) -> Self {
        Linear { weight: weights.tensor("weight", (output, input)), bias: None }
    }
}
