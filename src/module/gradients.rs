//! Gradients of all parameters of a model together.

use super::Module;
use crate::backend::{Backend, Binary, Float, Number, Reduce, Unary, Value, constant, no_grad};
use crate::tensor::Gradients;

/// The gradients of the parameters of a model together.
impl<B: Backend<Elem: Float>> Gradients<B> {
    /// Adds those of another loss of the same model: as if the losses had been added, with the memory of one. Between the
    /// two, the model has not changed.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Embed = 2; }
    /// let model = Tensor::full((Embed,), 3.0).tracked();
    /// let mut gradients = model.square().sum(Embed).backward();
    /// gradients.accumulate(&model, &model.sum(Embed).backward());
    /// assert_eq!(gradients.of(&model).to_vec(), [7.0, 7.0]);
    /// ```
    pub fn accumulate<M: Module<B>>(&mut self, model: &M, other: &Self) {
        model.for_each(|parameter| {
            if let Some(addend) = other.of_array(parameter.array()) {
                let sum = match self.of_array(parameter.array()) {
                    Some(gradient) => no_grad(|| B::binary(Binary::Add, gradient, addend)),
                    None => addend,
                };
                self.set(parameter.array(), sum);
            }
        });
    }

    /// The length of all gradients of the model as one vector.
    pub fn norm<M: Module<B>>(&self, model: &M) -> f64 {
        let mut sum = 0.0;
        model.for_each(|parameter| {
            if let Some(gradient) = self.of_array(parameter.array()) {
                let count = B::sizes(&gradient).iter().product();
                let squares = no_grad(|| B::reshape(&B::unary(Unary::Square, gradient), &[count]));
                let total = B::reduce(Reduce::Sum, &squares, 0);
                sum += match B::to_vec(&total)[0].to_value() {
                    Value::Float(total) => total,
                    other => unreachable!("{other:?} is no sum of floating-point numbers"),
                };
            }
        });
        sum.sqrt()
    }

    /// Makes the gradients of the model smaller by one factor, so that their [`norm`](Self::norm) is at most `largest`
    /// ([Pascanu et al. 2013](https://arxiv.org/abs/1211.5063)). Returns the norm before: if that is not finite, the
    /// gradients stay as they are, and no step should be taken.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Embed = 2; }
    /// let model = Tensor::from_nested((Embed,), [3.0, 4.0]).tracked();
    /// let mut gradients = (model.square() / 2.0).sum(Embed).backward();
    /// assert_eq!(gradients.clip_norm(&model, 1.0), 5.0);
    /// assert!((gradients.norm(&model) - 1.0).abs() < 1e-6);
    /// ```
    pub fn clip_norm<M: Module<B>>(&mut self, model: &M, largest: f64) -> f64 {
        let norm = self.norm(model);
        if norm.is_finite() && norm > largest {
            let factor = constant(largest / norm);
            model.for_each(|parameter| {
                if let Some(gradient) = self.of_array(parameter.array()) {
                    let scaled = no_grad(|| B::binary_scalar(Binary::Mul, gradient, factor));
                    self.set(parameter.array(), scaled);
                }
            });
        }
        norm
    }
}
