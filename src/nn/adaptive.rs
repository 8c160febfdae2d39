//! Norms whose scale and shift depend on something else.

use super::Linear;
use crate::backend::{ArrayOf, Backend, Binary, Float, Unary, constant};
use crate::cpu::Cpu;
use crate::dim::{Averaged, Dim, Plus, Summed, Whole};
use crate::io::{Stored, Weights};
use crate::shape::{SameShape, Sequence, Shape};
use crate::tensor::{SameBackend, Tensor};
use crate::{Module, Rng};

/// What is done to all positions of a sample: `x · (1 + scale) + shift`. Each has its name, since the two are of one type.
#[derive(Clone)]
pub struct Modulation<N, E, B: Backend = Cpu<f32>> {
    /// What is added to each element.
    pub shift: Tensor<(N, E), B>,
    /// By how much of itself each element becomes larger.
    pub scale: Tensor<(N, E), B>,
}

impl<N: Dim, E: Dim, B: Backend<Elem: Float>> Modulation<N, E, B> {
    /// `x · (1 + scale) + shift`, at every position of each sample.
    ///
    /// ```
    /// use congruent::{nn::Modulation, prelude::*};
    /// dims! { Batch = 2; Seq = 3; Embed = 1; }
    /// let [shift, scale] = [[5.0, 0.0], [0.0, 2.0]].map(|x| Tensor::from_slice((Batch, Embed), &x).unwrap());
    /// let y = Modulation { shift, scale }.apply(&Tensor::ones((Batch, Seq, Embed)));
    /// assert_eq!(y.to_vec(), [6.0, 6.0, 6.0, 3.0, 3.0, 3.0]);
    /// ```
    pub fn apply<S>(&self, x: &Tensor<S, impl SameBackend<B>>) -> Tensor<S, B>
    where
        S: Sequence<E>,
        S::One: SameShape<(N, E)>,
    {
        Tensor::from_parts(x.shape(), self.applied(x.array().clone()))
    }

    fn applied(&self, x: ArrayOf<B>) -> ArrayOf<B> {
        let sizes = B::sizes(&x).to_vec();
        let [shift, scale] = [&self.shift, &self.scale]
            .map(|of_sample| B::broadcast(&B::reshape(of_sample.array(), &[sizes[0], 1, sizes[2]]), &sizes));
        let scale = B::binary_scalar(Binary::Add, scale, constant(1.0));
        B::binary(Binary::Add, B::binary(Binary::Mul, x, scale), shift)
    }
}

/// A norm without parameters of its own, whose scale and shift are calculated of a condition of each sample, as the time and class in
/// diffusion ([Perez et al. 2018](https://arxiv.org/abs/1709.07871); in DiT,
/// [Peebles and Xie 2023](https://arxiv.org/abs/2212.09748)): `norm(x) · (1 + scale) + shift`, with
/// `(shift, scale) = projection(silu(condition))`.
///
/// ```
/// use congruent::{nn::AdaptiveLayerNorm, prelude::*};
/// dims! { Batch = 2; Seq = 3; Embed = 8; Condition = 4; }
/// let norm = AdaptiveLayerNorm::new(Condition, Embed, 1e-6);
/// let condition = Tensor::ones((Batch, Condition));
/// let y: Tensor<(Batch, Seq, Embed)> = norm.forward(&Tensor::ones((Batch, Seq, Embed)), &condition);
/// ```
#[derive(Clone, Module)]
#[module(debug)]
#[doc(alias("adaLN", "AdaLayerNorm", "FiLM"))]
pub struct AdaptiveLayerNorm<C, E, B: Backend = Cpu<f32>> {
    /// From the condition to the shift, and behind it the scale.
    pub projection: Linear<C, Plus<E, E>, B>,
    /// What is added to the variance: a number from 0 on.
    pub epsilon: f64,
}

impl<C: Dim, E: Dim, B: Backend<Elem: Float>> AdaptiveLayerNorm<C, E, B> {
    /// What the norm does to each sample with such a condition.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::AdaptiveLayerNorm;
    /// dims! { Batch = 2; Condition = 3; Embed = 4; }
    /// let norm = AdaptiveLayerNorm::new(Condition, Embed, 1e-6);
    /// let modulation = norm.modulation(&Tensor::ones((Batch, Condition)));
    /// // Before training, it changes nothing.
    /// assert_eq!((modulation.shift.to_vec(), modulation.scale.to_vec()), (vec![0.0; 8], vec![0.0; 8]));
    /// ```
    pub fn modulation<N: Dim>(&self, condition: &Tensor<(N, C), impl SameBackend<B>>) -> Modulation<N, E, B>
    where
        C: Whole + Summed,
    {
        let (samples, _) = condition.shape();
        let active = Tensor::<_, B>::from_parts(condition.shape(), B::unary(Unary::Silu, condition.array().clone()));
        let both = self.projection.forward(&active);
        let Plus(embed, _) = self.projection.output();
        let [shift, scale] = [0, embed.size()]
            .map(|start| Tensor::from_parts((samples, embed), B::narrow(both.array(), 1, start, embed.size())));
        Modulation { shift, scale }
    }

    /// The layer on `x`, each sample by its condition.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::AdaptiveLayerNorm;
    /// dims! { Batch = 2; Seq = 3; Condition = 3; Embed = 2; }
    /// let norm = AdaptiveLayerNorm::new(Condition, Embed, 0.0);
    /// let x = Tensor::from_fn((Batch, Seq, Embed), |[_, _, e]| e as f32);
    /// let y = norm.forward(&x, &Tensor::ones((Batch, Condition)));
    /// assert_eq!(y.to_vec()[..2], [-1.0, 1.0]);
    /// ```
    ///
    /// # Panics
    /// Epsilon is negative or NaN.
    pub fn forward<S, R>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        condition: &Tensor<R, impl SameBackend<B>>,
    ) -> Tensor<S, B>
    where
        S: Sequence<E>,
        R: Shape + SameShape<(S::Batch, C)>,
        C: Whole + Summed,
        E: Whole + Averaged,
    {
        let (samples, _, embed) = x.shape().dims();
        let condition = Tensor::<_, B>::from_parts((samples, self.projection.input()), condition.array().clone());
        let one = B::filled(num_traits::one(), &[embed.size()], &x.device());
        let normal = B::layer_norm(x.array().clone(), &one, None, super::norm::checked(self.epsilon));
        Tensor::from_parts(x.shape(), self.modulation(&condition).applied(normal))
    }
}

impl<C: Dim, E: Dim> AdaptiveLayerNorm<C, E> {
    /// A new layer, which is a plain norm until it is trained: zeros, as DiT begins.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::AdaptiveLayerNorm;
    /// dims! { Condition = 3; Embed = 4; }
    /// let norm = AdaptiveLayerNorm::new(Condition, Embed, 1e-6);
    /// assert_eq!(norm.projection.weight.to_vec(), [0.0; 24]);
    /// ```
    ///
    /// # Panics
    /// Epsilon is negative or NaN.
    pub fn new(condition: C, embed: E, epsilon: f64) -> Self {
        let both = Plus(embed, embed);
        let projection = Linear { weight: Tensor::zeros((both, condition)), bias: Some(Tensor::zeros((both,))) };
        AdaptiveLayerNorm { projection, epsilon: super::norm::checked(epsilon) }
    }

    /// A new layer with a random projection, as PyTorch begins.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::AdaptiveLayerNorm;
    /// dims! { Condition = 3; Embed = 4; }
    /// let norm = AdaptiveLayerNorm::random(Condition, Embed, 1e-6, &mut Rng::with_seed(1));
    /// // A shift and a scale.
    /// assert_eq!(norm.projection.weight.sizes(), [8, 3]);
    /// ```
    ///
    /// # Panics
    /// Epsilon is negative or NaN.
    pub fn random(condition: C, embed: E, epsilon: f64, rng: &mut Rng) -> Self {
        let projection = Linear::random(condition, Plus(embed, embed), rng);
        AdaptiveLayerNorm { projection, epsilon: super::norm::checked(epsilon) }
    }
}

impl<C: Dim, E: Dim, B: Backend<Elem: Stored>> AdaptiveLayerNorm<C, E, B> {
    /// Takes the projection, `weight` and `bias`: in DiT, it is named `adaLN_modulation.1`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// # #[cfg(feature = "safetensors")] {
    /// use congruent::{io::{SafeTensors, Weights, Writer, load}, nn::{AdaptiveLayerNorm, Linear}};
    /// dims! { Condition = 3; Embed = 4; }
    /// let mut writer = Writer::default();
    /// writer.module("adaLN_modulation.1", &Linear::random(Condition, Plus(Embed, Embed), &mut Rng::with_seed(1)));
    /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
    /// let norm = load(&file, |weights: Weights<f32>| {
    ///     AdaptiveLayerNorm::load(&weights.at("adaLN_modulation.1"), Condition, Embed, 1e-6)
    /// })?;
    /// assert_eq!(norm.projection.weight.sizes(), [8, 3]);
    /// # }
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    pub fn load(weights: &Weights<'_, B::Elem, impl SameBackend<B>>, condition: C, embed: E, epsilon: f64) -> Self {
        super::norm::check(weights, epsilon);
        AdaptiveLayerNorm { projection: Linear::load(weights, condition, Plus(embed, embed)), epsilon }
    }
}
