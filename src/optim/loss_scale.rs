//! Losses that are multiplied, so that narrow gradients are not zero.

use crate::backend::{
    ArrayOf, Autodiff, Backend, Binary, Collective, Engine, Float, Number, PrimitiveOf, Reduce, Unary, Value, constant,
    elements, no_grad,
};
use crate::io::{Stored, Weights};
use crate::module::{Module, without_gradients};
use crate::shape::{Is, OneNumber, Shape};
use crate::tensor::{Gradients, SameBackend, Tensor, TrackedWith};

/// By what a loss is multiplied before its backward pass, so that gradients in half precision are not rounded to zero
/// ([Micikevicius et al. 2018](https://arxiv.org/abs/1710.03740)). The factor falls where gradients overflow, and that step is left
/// out; it grows after many that did not.
///
/// Gradients of a scaled loss are a type of their own, so that no optimizer takes them as they are, and no norm is calculated of them.
///
/// ```
/// use congruent::half::f16;
/// use congruent::nn::Linear;
/// use congruent::optim::{LossScale, Optimizer, Sgd};
/// use congruent::prelude::*;
/// dims! { Batch = 4; In = 3; Out = 2; }
///
/// let rng = &mut Rng::with_seed(1);
/// let mut model = Linear { weight: Tensor::uniform((Out, In), -1.0..1.0, rng).cast::<f16>(), bias: None };
/// model.track();
/// let x = Tensor::uniform((Batch, In), -1.0..1.0, rng).cast::<f16>();
/// let mut optimizer = Optimizer::<Cpu<f16>>::new(Sgd { learning_rate: 0.5, ..Sgd::default() });
/// let mut scale = LossScale::default();
/// let mut steps = 0;
/// for _ in 0..20 {
///     // The loss is in single precision, the model in half.
///     let loss: Tensor<()> = model.forward(&x).cast::<f32>().square().mean(Batch).mean(Out);
///     let scaled = scale.backward(loss);
///     // Gradients without the factor, unless one of them is not finite.
///     if let Some(mut gradients) = scale.unscaled(scaled, &model) {
///         gradients.clip_norm(&model, 1.0);
///         optimizer.step(&mut model, &gradients, 1.0);
///         steps += 1;
///     }
/// }
/// assert!(steps >= 15);
/// ```
///
/// Its state is two numbers, which a checkpoint keeps: [`save`](Self::save) and [`load`](Self::load).
#[derive(Clone, Copy, Debug, PartialEq)]
#[doc(alias("GradScaler", "amp"))]
pub struct LossScale {
    /// What the next loss is multiplied by.
    pub factor: f64,
    /// How many gradients in a row were finite since the factor was changed.
    pub finite: u64,
    /// What the factor is multiplied by after as many as `interval`.
    pub growth: f64,
    /// What the factor is multiplied by where a gradient is not finite.
    pub backoff: f64,
    /// After how many finite gradients the factor grows.
    pub interval: u64,
}

/// PyTorch's values: 65536, which is doubled after 2000 steps and halved where gradients overflow.
impl Default for LossScale {
    fn default() -> Self {
        LossScale { factor: 65536.0, finite: 0, growth: 2.0, backoff: 0.5, interval: 2000 }
    }
}

/// The gradients of a loss that [`LossScale`] has multiplied: see [`LossScale::unscaled`].
#[derive(Debug)]
pub struct ScaledGradients<B: Autodiff> {
    gradients: Gradients<B>,
    factor: f64,
}

impl LossScale {
    /// The gradients of the loss times the factor.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::optim::LossScale;
    /// dims! { Embed = 2; }
    /// let model = Tensor::full((Embed,), 3.0).tracked();
    /// let mut scale = LossScale::default();
    /// let scaled = scale.backward(model.square().sum(Embed));
    /// // They are no gradients yet.
    /// assert_eq!(scale.unscaled(scaled, &model).unwrap().of(&model).to_vec(), [6.0, 6.0]);
    /// ```
    ///
    /// # Panics
    /// As [`Tensor::backward`].
    #[track_caller]
    pub fn backward<S, X, B>(&self, loss: Tensor<S, B>) -> ScaledGradients<B>
    where
        S: Shape + Is<X>,
        X: OneNumber,
        B: Autodiff,
    {
        let scaled = B::binary_scalar(Binary::Mul, loss.into_array(), constant(self.factor));
        ScaledGradients { gradients: Tensor::<(), B>::from_parts((), scaled).backward(), factor: self.factor }
    }

    /// The gradients of the loss itself with respect to the model, whose elements may be narrower than those of the loss; none if one
    /// of them is not finite, so that the step is to be left out. The factor changes by what is found.
    ///
    /// On a mesh, the ranks agree: none gets gradients where those of a part that one rank has are not finite.
    ///
    /// Several gradients are [accumulated](Gradients::accumulate) after that.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::optim::LossScale;
    /// dims! { Embed = 1; }
    /// let model = Tensor::from_nested((Embed,), [f32::INFINITY]).tracked();
    /// let mut scale = LossScale::default();
    /// let scaled = scale.backward(model.square().sum(Embed));
    /// // No step is taken, and the next loss is scaled by less.
    /// assert!(scale.unscaled(scaled, &model).is_none());
    /// assert_eq!(scale.factor, 32768.0);
    /// ```
    ///
    /// # Panics
    /// The model has no gradients, as for [`Optimizer::step`](super::Optimizer::step).
    #[track_caller]
    pub fn unscaled<M, B, C>(&mut self, scaled: ScaledGradients<C>, model: &M) -> Option<Gradients<B>>
    where
        C: Autodiff,
        B: TrackedWith<C>,
        M: Module<B>,
    {
        let mut gradients = scaled.gradients.on::<B>();
        let (mut is_any, mut largest) = (false, Vec::new());
        model.for_each(|parameter| {
            let Some(gradient) = gradients.of_parameter(&parameter) else { return };
            is_any = true;
            if parameter.sizes().contains(&0) {
                return;
            }
            let unscaled = no_grad(|| {
                largest.push(largest_size::<B>(&gradient));
                B::binary_scalar(Binary::Mul, gradient, constant(scaled.factor.recip()))
            });
            gradients.set(parameter.array(), unscaled);
        });
        assert!(is_any, "nothing is unscaled: {}", without_gradients(model));
        // One array comes from the device, and not one of each parameter.
        let is_finite = largest.is_empty()
            || no_grad(|| elements::<B>(&of_all_ranks::<B>(B::concat(&largest.iter().collect::<Vec<_>>(), 0))))
                .into_iter()
                .all(is_finite);
        if !is_finite {
            (self.factor, self.finite) = (self.factor * self.backoff, 0);
            return None;
        }
        self.finite += 1;
        if self.finite >= self.interval {
            (self.factor, self.finite) = (self.factor * self.growth, 0);
        }
        Some(gradients)
    }

    /// Adds the state to a file: `name.factor` and `name.finite`.
    ///
    /// ```
    /// # #[cfg(feature = "safetensors")] {
    /// use congruent::{io::{SafeTensors, Source, Writer}, optim::LossScale};
    /// let mut writer = Writer::default();
    /// LossScale::default().save("scale", &mut writer);
    /// assert_eq!(SafeTensors::from_bytes(writer.to_bytes()?)?.names(), ["scale.factor", "scale.finite"]);
    /// # }
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    #[cfg(any(feature = "gguf", feature = "safetensors"))]
    pub fn save(&self, name: &str, writer: &mut crate::io::Writer) {
        writer.add_elements(format!("{name}.factor"), &[], &[self.factor]);
        writer.add_elements(format!("{name}.finite"), &[], &[self.finite]);
    }

    /// One with these settings, and the state that a file has.
    ///
    /// ```
    /// # #[cfg(feature = "safetensors")] {
    /// use congruent::{io::{SafeTensors, Weights, Writer, load}, optim::LossScale};
    /// let mut writer = Writer::default();
    /// LossScale { factor: 1024.0, finite: 7, ..LossScale::default() }.save("scale", &mut writer);
    /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
    /// let scale = load(&file, |weights: Weights<f32>| LossScale::default().load(&weights.at("scale")))?;
    /// assert_eq!((scale.factor, scale.finite), (1024.0, 7));
    /// # }
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    pub fn load<B: Backend<Elem: Stored>>(&self, weights: &Weights<'_, B::Elem, impl SameBackend<B>>) -> Self {
        LossScale { factor: weights.number("factor"), finite: weights.number("finite"), ..*self }
    }
}

/// The largest of sizes that differ from rank to rank, since ranks have parts of parameters: so that they agree on the step.
fn of_all_ranks<B: Backend<Elem: Float>>(sizes: ArrayOf<B>) -> ArrayOf<B> {
    B::Engine::varies::<PrimitiveOf<B>>(&sizes).iter().fold(B::reduce(Reduce::Max, &sizes, 0), |largest, axis| {
        B::Engine::together::<PrimitiveOf<B>>(Collective::Max, &largest, axis)
    })
}

/// The largest size of an element, as an array of one; NaN if one is.
fn largest_size<B: Backend<Elem: Float>>(x: &ArrayOf<B>) -> ArrayOf<B> {
    let count = B::sizes(x).iter().product();
    let sizes = B::unary(Unary::Abs, B::reshape(x, &[count]));
    B::reshape(&B::reduce(Reduce::Max, &sizes, 0), &[1])
}

fn is_finite(x: impl Number) -> bool {
    match x.to_value() {
        Value::Float(x) => x.is_finite(),
        Value::Integer(_) => true,
    }
}
