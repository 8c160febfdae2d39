//! Gradients of all parameters of a model together.

use super::{Module, Parameter};
use crate::backend::{
    ArrayOf, Autodiff, Binary, Collective, Engine, MeshAxes, Number, PrimitiveOf, Reduce, Unary, Value, constant,
    elements, no_grad,
};
use crate::tensor::{Gradients, GradientsFor};
use std::collections::BTreeMap;

/// The gradients of the parameters of a model together.
impl<B: Autodiff> Gradients<B> {
    /// Adds those of another loss of the same model: as if the losses had been added, with the memory of one. Between the
    /// two, the model has not changed. Means over different numbers of targets are not added, but by
    /// [`MeanOver`](crate::nn::MeanOver).
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Embed = 2; }
    /// let model = Tensor::full((Embed,), 3.0).tracked();
    /// let mut gradients = model.square().sum(Embed).backward();
    /// gradients.accumulate(&model, &model.sum(Embed).backward());
    /// assert_eq!(gradients.of(&model).to_vec(), [7.0, 7.0]);
    /// ```
    ///
    /// # Panics
    /// One of the two has no gradient of a parameter of the model: it is of a loss of another model, or the model has changed
    /// since.
    #[track_caller]
    pub fn accumulate<M: Module<B>>(&mut self, model: &M, other: &Gradients<impl GradientsFor<B>>) {
        let other = GradientsFor::taken(other);
        for gradients in [&*self, other] {
            assert!(gradients.has_any(model), "nothing is accumulated: {}", without_gradients(model));
        }
        model.for_each(|parameter| {
            if let Some(addend) = other.of_parameter(&parameter) {
                let sum = match self.of_parameter(&parameter) {
                    Some(gradient) => no_grad(|| B::binary(Binary::Add, gradient, addend)),
                    None => addend,
                };
                self.set(parameter.array(), sum);
            }
        });
    }

    /// The length of all gradients of the model as one vector.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Embed = 2; }
    /// let model = Tensor::from_nested((Embed,), [3.0, 4.0]).tracked();
    /// let gradients = (model.square() / 2.0).sum(Embed).backward();
    /// assert_eq!(gradients.norm(&model), 5.0);
    /// ```
    pub fn norm<M: Module<B>>(&self, model: &M) -> f64 {
        self.squares(model).into_iter().map(|(_, square)| square).sum::<f64>().sqrt()
    }

    /// The length of the gradient of each parameter, by its path, in the order of the model: of those that have one.
    ///
    /// ```
    /// use congruent::nn::Linear;
    /// use congruent::prelude::*;
    /// dims! { In = 1; Out = 2; }
    /// let mut layer = Linear::random(In, Out, &mut Rng::with_seed(1));
    /// layer.track();
    /// let gradients = layer.forward(&Tensor::full((In,), 3.0)).sum(Out).backward();
    /// let norms = gradients.norms(&layer);
    /// assert_eq!(norms[0], ("weight".to_owned(), 18f64.sqrt()));
    /// assert_eq!(norms[1], ("bias".to_owned(), 2f64.sqrt()));
    /// ```
    pub fn norms<M: Module<B>>(&self, model: &M) -> Vec<(String, f64)> {
        self.squares(model).into_iter().map(|(path, square)| (path, square.sqrt())).collect()
    }

    /// The sum of squares of each gradient.
    fn squares<M: Module<B>>(&self, model: &M) -> Vec<(String, f64)> {
        let mut gradients = Vec::new();
        model.for_each(|parameter| {
            if let Some(gradient) = self.of_parameter(&parameter) {
                gradients.push((parameter.path().to_string(), gradient));
            }
        });
        squares::<B>(gradients)
    }

    /// Multiplies the gradient of each parameter by what `factor` says of it: a learning rate for each part of a model, or
    /// what undoes the scale of a loss.
    ///
    /// ```
    /// use congruent::nn::Linear;
    /// use congruent::prelude::*;
    /// dims! { In = 1; Out = 2; }
    /// let mut layer = Linear::random(In, Out, &mut Rng::with_seed(1));
    /// layer.track();
    /// let mut gradients = layer.forward(&Tensor::full((In,), 3.0)).sum(Out).backward();
    /// gradients.scale(&layer, |parameter| if parameter.path().to_string() == "bias" { 0.5 } else { 1.0 });
    /// assert_eq!(gradients.of(&layer.weight).to_vec(), [3.0, 3.0]);
    /// assert_eq!(gradients.of(layer.bias.as_ref().unwrap()).to_vec(), [0.5, 0.5]);
    /// ```
    pub fn scale<M: Module<B>>(&mut self, model: &M, mut factor: impl FnMut(&Parameter<'_, B>) -> f64) {
        model.for_each(|parameter| {
            if let Some(gradient) = self.of_parameter(&parameter) {
                let factor = constant(factor(&parameter));
                let scaled = no_grad(|| B::binary_scalar(Binary::Mul, gradient, factor));
                self.set(parameter.array(), scaled);
            }
        });
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
    #[doc(alias = "clip_grad_norm_")]
    pub fn clip_norm<M: Module<B>>(&mut self, model: &M, largest: f64) -> f64 {
        let norm = self.norm(model);
        if norm.is_finite() && norm > largest {
            self.scale(model, |_| largest / norm);
        }
        norm
    }

    /// That with respect to a parameter, unless it is a buffer.
    pub(crate) fn of_parameter(&self, parameter: &Parameter<'_, B>) -> Option<ArrayOf<B>> {
        if parameter.is_buffer() { None } else { self.of_array(parameter.array()) }
    }

    fn has_any<M: Module<B>>(&self, model: &M) -> bool {
        let mut has_any = false;
        model.for_each(|parameter| has_any |= self.of_parameter(&parameter).is_some());
        has_any
    }
}

/// The sum of the squares of each gradient, by the path of its parameter.
pub(crate) fn squares<B: Autodiff>(gradients: Vec<(String, ArrayOf<B>)>) -> Vec<(String, f64)> {
    // One array comes from the device, and not one of each parameter.
    let (mut paths, mut sums) = (Vec::new(), BTreeMap::<MeshAxes, Vec<_>>::new());
    for (path, gradient) in gradients {
        let (count, axes) = (B::sizes(&gradient).iter().product(), B::Engine::varies::<PrimitiveOf<B>>(&gradient));
        let squares = no_grad(|| B::reshape(&B::unary(Unary::Square, gradient), &[count]));
        let sum = B::reshape(&B::reduce(Reduce::Sum, &squares, 0), &[1]);
        let sums = sums.entry(axes).or_default();
        paths.push((path, axes, sums.len()));
        sums.push(sum);
    }
    let number = |sum: B::Elem| match sum.to_value() {
        Value::Float(sum) => sum,
        other => unreachable!("{other:?} is no sum of floating-point numbers"),
    };
    // Of a parameter in parts, the other ranks have the other squares.
    let squares = sums.into_iter().map(|(axes, sums)| {
        let own = B::concat(&sums.iter().collect::<Vec<_>>(), 0);
        let all = no_grad(|| {
            axes.iter().fold(own, |sums, axis| B::Engine::together::<PrimitiveOf<B>>(Collective::Sum, &sums, axis))
        });
        (axes, elements::<B>(&all).into_iter().map(number).collect::<Vec<_>>())
    });
    let squares: BTreeMap<_, _> = squares.collect();
    paths.into_iter().map(|(path, axes, at)| (path, squares[&axes][at])).collect()
}

/// Why there is no gradient of any parameter of the model, and what is to be done.
pub(crate) fn without_gradients<M: Module<B>, B: Autodiff>(model: &M) -> String {
    let (mut paths, mut tracked) = (Vec::new(), 0);
    model.for_each(|parameter| {
        if !parameter.is_buffer() {
            paths.push(parameter.path().to_string());
            tracked += usize::from(parameter.is_tracked());
        }
    });
    let name = without_paths(std::any::type_name::<M>());
    let count = paths.len();
    let shown: Vec<_> = paths.iter().filter(|path| !path.is_empty()).take(3).map(|path| format!("`{path}`")).collect();
    let list = match shown.len() {
        0 => String::new(),
        some if some < count => format!(" ({}, …)", shown.join(", ")),
        _ => format!(" ({})", shown.join(", ")),
    };
    match (count, tracked) {
        (0, _) => format!("`{name}` has no parameters"),
        (_, 0) => format!(
            "no parameter of `{name}`{list} is tracked. Call `track` on it before the loss is calculated; what is frozen is \
             not trained"
        ),
        _ => format!(
            "none of the {tracked} tracked parameters of `{name}`{list} has a gradient. The gradients are of another model, \
             or of its parameters before `track` or an earlier step made new ones: a loss is calculated anew for each step"
        ),
    }
}

/// The name of a type, without the modules in which it and its arguments are.
fn without_paths(name: &str) -> String {
    let is_of_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let mut short = String::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| is_of_path(c) != is_of_path(first)).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        short.push_str(part.rsplit("::").next().unwrap_or(part));
        rest = after;
    }
    short
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_without_paths() {
        let name = "congruent::tensor::Tensor<(a::b::Batch, congruent::dim::Ragged<Seq>), Cpu<f32>>";
        assert_eq!(super::without_paths(name), "Tensor<(Batch, Ragged<Seq>), Cpu<f32>>");
    }
}
