//! Normalisation of the last dimension.

use crate::Module;
use crate::backend::{Backend, Binary, Float};
use crate::cpu::Cpu;
use crate::dim::{Averaged, Dim, Whole};
use crate::io::{Stored, Weights};
use crate::module::report;
use crate::shape::Last;
use crate::tensor::{SameBackend, Tensor};

const EXPECTED: &str = "a number from 0 on";

fn is_epsilon(epsilon: f64) -> bool {
    epsilon >= 0.0
}

/// # Panics
/// Epsilon is negative or NaN.
pub(super) fn checked(epsilon: f64) -> f64 {
    assert!(is_epsilon(epsilon), "`epsilon` is {epsilon}, expected {EXPECTED}");
    epsilon
}

/// Lets loading fail if it is negative or NaN.
pub(super) fn check<T: Stored>(weights: &Weights<'_, T, impl Backend<Elem = T>>, epsilon: f64) {
    weights.check("epsilon", epsilon, EXPECTED, is_epsilon);
}

/// `(x - mean) / √(variance + epsilon) · weight + bias` over the last dimension
/// ([Ba et al. 2016](https://arxiv.org/abs/1607.06450)).
///
/// ```
/// use congruent::{nn::LayerNorm, prelude::*};
/// dims! { Batch = 2; Embed = 8; }
/// let norm = LayerNorm::new(Embed, 1e-5);
/// assert_eq!(norm.forward(&Tensor::ones((Batch, Embed))).to_vec(), [0.0; 16]);
/// ```
#[derive(Clone, Module)]
#[module(debug)]
pub struct LayerNorm<E, B: Backend = Cpu<f32>> {
    /// The factor of each element.
    pub weight: Tensor<(E,), B>,
    /// What is added to each element.
    pub bias: Option<Tensor<(E,), B>>,
    /// What is added to the variance: a number from 0 on.
    pub epsilon: f64,
}

impl<E: Dim, B: Backend<Elem: Float>> LayerNorm<E, B> {
    /// The layer on the last dimension of `x`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::LayerNorm;
    /// dims! { Batch = 1; Embed = 2; }
    /// let x = Tensor::from_nested((Batch, Embed), [[10.0, 30.0]]);
    /// assert_eq!(LayerNorm::new(Embed, 0.0).forward(&x).to_vec(), [-1.0, 1.0]);
    /// ```
    ///
    /// # Panics
    /// Epsilon is negative or NaN.
    pub fn forward<S>(&self, x: &Tensor<S, impl SameBackend<B>>) -> Tensor<S, B>
    where
        S: Last<E>,
        E: Whole + Averaged,
    {
        self.normalized(x.clone())
    }

    /// The layer on an owned tensor, in whose memory the result may be written.
    pub(super) fn normalized<S: Last<E>>(&self, x: Tensor<S, impl SameBackend<B>>) -> Tensor<S, B> {
        let (shape, bias) = (x.shape(), self.bias.as_ref().map(Tensor::array));
        let y = B::layer_norm(x.into_array(), self.weight.array(), bias, checked(self.epsilon));
        report::<B>(self.weight.array(), shape, &y);
        Tensor::from_parts(shape, y)
    }
}

impl<E: Dim> LayerNorm<E> {
    /// A new layer: factors of one, and zeros added.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::LayerNorm;
    /// dims! { Embed = 3; }
    /// let norm = LayerNorm::new(Embed, 1e-5);
    /// assert_eq!((norm.weight.to_vec(), norm.bias.unwrap().to_vec()), (vec![1.0; 3], vec![0.0; 3]));
    /// ```
    ///
    /// # Panics
    /// Epsilon is negative or NaN.
    pub fn new(embed: E, epsilon: f64) -> Self {
        LayerNorm { weight: Tensor::ones((embed,)), bias: Some(Tensor::zeros((embed,))), epsilon: checked(epsilon) }
    }
}

impl<E: Dim, B: Backend<Elem: Stored>> LayerNorm<E, B> {
    /// Takes `weight` and `bias`. If epsilon is negative or NaN, loading ends with an error that says so.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// # #[cfg(feature = "safetensors")] {
    /// use congruent::{io::{SafeTensors, Weights, Writer, load}, nn::LayerNorm};
    /// dims! { Embed = 3; }
    /// let mut writer = Writer::default();
    /// writer.module("ln_1", &LayerNorm::new(Embed, 1e-5));
    /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
    /// let norm = load(&file, |weights: Weights<f32>| LayerNorm::load(&weights.at("ln_1"), Embed, 1e-5))?;
    /// assert_eq!(norm.weight.to_vec(), [1.0; 3]);
    /// # }
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    pub fn load(weights: &Weights<'_, B::Elem, impl SameBackend<B>>, embed: E, epsilon: f64) -> Self {
        let norm = LayerNorm::load_without_bias(weights, embed, epsilon);
        LayerNorm { bias: Some(weights.tensor("bias", (embed,)).same()), ..norm }
    }

    /// Takes `weight`; otherwise as [`load`](Self::load).
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// # #[cfg(feature = "safetensors")] {
    /// use congruent::{io::{SafeTensors, Weights, Writer, load}, nn::LayerNorm};
    /// dims! { Embed = 3; }
    /// let mut writer = Writer::default();
    /// writer.add("ln_1.weight", &Tensor::ones((Embed,)));
    /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
    /// let norm = load(&file, |weights: Weights<f32>| LayerNorm::load_without_bias(&weights.at("ln_1"), Embed, 1e-5))?;
    /// assert!(norm.bias.is_none());
    /// # }
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    pub fn load_without_bias(weights: &Weights<'_, B::Elem, impl SameBackend<B>>, embed: E, epsilon: f64) -> Self {
        check(weights, epsilon);
        LayerNorm { weight: weights.tensor("weight", (embed,)).same(), bias: None, epsilon }
    }
}

/// `x / √(mean(x²) + epsilon) · weight` over the last dimension
/// ([Zhang and Sennrich 2019](https://arxiv.org/abs/1910.07467)).
///
/// ```
/// use congruent::{nn::RmsNorm, prelude::*};
/// dims! { Batch = 2; Embed = 4; }
/// let norm = RmsNorm::new(Embed, 0.0);
/// assert_eq!(norm.forward(&Tensor::full((Batch, Embed), 3.0)).to_vec(), [1.0; 8]);
/// ```
#[derive(Clone, Module)]
#[module(debug)]
pub struct RmsNorm<E, B: Backend = Cpu<f32>> {
    /// The factor of each element.
    pub weight: Tensor<(E,), B>,
    /// What is added to the mean of squares: a number from 0 on.
    pub epsilon: f64,
}

impl<E: Dim, B: Backend<Elem: Float>> RmsNorm<E, B> {
    /// The layer on the last dimension of `x`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::RmsNorm;
    /// dims! { Batch = 1; Embed = 4; }
    /// let x = Tensor::from_nested((Batch, Embed), [[2.0, -2.0, 2.0, 2.0]]);
    /// assert_eq!(RmsNorm::new(Embed, 0.0).forward(&x).to_vec(), [1.0, -1.0, 1.0, 1.0]);
    /// ```
    ///
    /// # Panics
    /// Epsilon is negative or NaN.
    pub fn forward<S>(&self, x: &Tensor<S, impl SameBackend<B>>) -> Tensor<S, B>
    where
        S: Last<E>,
        E: Whole + Averaged,
    {
        self.normalized(x.clone())
    }

    /// The layer on an owned tensor, in whose memory the result may be written.
    pub(super) fn normalized<S: Last<E>>(&self, x: Tensor<S, impl SameBackend<B>>) -> Tensor<S, B> {
        let shape = x.shape();
        let y = B::rms_norm(x.into_array(), self.weight.array(), checked(self.epsilon));
        report::<B>(self.weight.array(), shape, &y);
        Tensor::from_parts(shape, y)
    }
}

impl<E: Dim> RmsNorm<E> {
    /// A new layer: factors of one.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::RmsNorm;
    /// dims! { Embed = 3; }
    /// assert_eq!(RmsNorm::new(Embed, 1e-5).weight.to_vec(), [1.0; 3]);
    /// ```
    ///
    /// # Panics
    /// Epsilon is negative or NaN.
    pub fn new(embed: E, epsilon: f64) -> Self {
        RmsNorm { weight: Tensor::ones((embed,)), epsilon: checked(epsilon) }
    }
}

impl<E: Dim, B: Backend<Elem: Stored>> RmsNorm<E, B> {
    /// Takes `weight`. If epsilon is negative or NaN, loading ends with an error that says so.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// # #[cfg(feature = "safetensors")] {
    /// use congruent::{io::{SafeTensors, Weights, Writer, load}, nn::RmsNorm};
    /// dims! { Embed = 3; }
    /// let mut writer = Writer::default();
    /// writer.module("norm", &RmsNorm::new(Embed, 1e-5));
    /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
    /// let norm = load(&file, |weights: Weights<f32>| RmsNorm::load(&weights.at("norm"), Embed, 1e-5))?;
    /// assert_eq!(norm.weight.to_vec(), [1.0; 3]);
    /// # }
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    pub fn load(weights: &Weights<'_, B::Elem, impl SameBackend<B>>, embed: E, epsilon: f64) -> Self {
        check(weights, epsilon);
        RmsNorm { weight: weights.tensor("weight", (embed,)).same(), epsilon }
    }
}

/// `x / √(mean(x²) + epsilon) · (1 + weight)` over the last dimension, as Gemma has it ([Gemma Team 2024](https://arxiv.org/abs/2403.08295)):
/// its file holds by how much the factors differ from one, so it is another layer than [`RmsNorm`].
///
/// ```
/// use congruent::{nn::OffsetRmsNorm, prelude::*};
/// dims! { Batch = 2; Embed = 4; }
/// let norm = OffsetRmsNorm { weight: Tensor::full((Embed,), 0.5), epsilon: 0.0 };
/// assert_eq!(norm.forward(&Tensor::full((Batch, Embed), 3.0)).to_vec(), [1.5; 8]);
/// ```
#[derive(Clone, Module)]
#[module(debug)]
#[doc(alias("GemmaRMSNorm"))]
pub struct OffsetRmsNorm<E, B: Backend = Cpu<f32>> {
    /// The factor of each element, less one.
    pub weight: Tensor<(E,), B>,
    /// What is added to the mean of squares: a number from 0 on.
    pub epsilon: f64,
}

impl<E: Dim, B: Backend<Elem: Float>> OffsetRmsNorm<E, B> {
    /// The layer on the last dimension of `x`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::OffsetRmsNorm;
    /// dims! { Batch = 1; Embed = 2; }
    /// let norm = OffsetRmsNorm { weight: Tensor::from_nested((Embed,), [0.0, 1.0]), epsilon: 0.0 };
    /// assert_eq!(norm.forward(&Tensor::full((Batch, Embed), 3.0)).to_vec(), [1.0, 2.0]);
    /// ```
    ///
    /// # Panics
    /// Epsilon is negative or NaN.
    pub fn forward<S>(&self, x: &Tensor<S, impl SameBackend<B>>) -> Tensor<S, B>
    where
        S: Last<E>,
        E: Whole + Averaged,
    {
        let factors = B::binary_scalar(Binary::Add, self.weight.array().clone(), num_traits::one());
        let y = B::rms_norm(x.array().clone(), &factors, checked(self.epsilon));
        report::<B>(self.weight.array(), x.shape(), &y);
        Tensor::from_parts(x.shape(), y)
    }
}

impl<E: Dim> OffsetRmsNorm<E> {
    /// A new layer: factors of one.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::OffsetRmsNorm;
    /// dims! { Embed = 3; }
    /// // What the file holds of a factor of one.
    /// assert_eq!(OffsetRmsNorm::new(Embed, 1e-5).weight.to_vec(), [0.0; 3]);
    /// ```
    ///
    /// # Panics
    /// Epsilon is negative or NaN.
    pub fn new(embed: E, epsilon: f64) -> Self {
        OffsetRmsNorm { weight: Tensor::zeros((embed,)), epsilon: checked(epsilon) }
    }
}

impl<E: Dim, B: Backend<Elem: Stored>> OffsetRmsNorm<E, B> {
    /// Takes `weight`. If epsilon is negative or NaN, loading ends with an error that says so.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// # #[cfg(feature = "safetensors")] {
    /// use congruent::{io::{SafeTensors, Weights, Writer, load}, nn::OffsetRmsNorm};
    /// dims! { Embed = 3; }
    /// let mut writer = Writer::default();
    /// writer.add("norm.weight", &Tensor::full((Embed,), 0.5));
    /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
    /// let norm = load(&file, |weights: Weights<f32>| OffsetRmsNorm::load(&weights.at("norm"), Embed, 1e-6))?;
    /// assert_eq!(norm.weight.to_vec(), [0.5; 3]);
    /// # }
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    pub fn load(weights: &Weights<'_, B::Elem, impl SameBackend<B>>, embed: E, epsilon: f64) -> Self {
        check(weights, epsilon);
        OffsetRmsNorm { weight: weights.tensor("weight", (embed,)).same(), epsilon }
    }
}
