//! Averages of a model over its training.

use super::mixed;
use crate::backend::{Backend, Float, no_grad};
use crate::module::{Module, quoted};
use std::collections::HashMap;

/// Moves each parameter of `average` towards that of `model`: `decay · average + (1 - decay) · model`, the exponential moving
/// average over the steps of a training ([Tarvainen and Valpola 2017](https://arxiv.org/abs/1703.01780)). A buffer becomes that of
/// the model. The parameters of `average` are constants from then on.
///
/// It begins as a clone of the model, of which the first steps are soon forgotten with a decay that grows: `decay.min((1 + step) / (10 +
/// step))` is usual. It is saved and loaded as any model.
///
/// ```
/// use congruent::nn::Linear;
/// use congruent::optim::moving_average;
/// use congruent::prelude::*;
/// dims! { Embed = 2; }
/// let mut model = Linear::random(Embed, Embed, &mut Rng::with_seed(1));
/// let mut average = model.clone();
/// model.weight = &model.weight + 1.0;
/// let before = average.weight.clone();
/// moving_average(&mut average, &model, 0.75);
/// let moved = average.weight - before;
/// assert!(moved.to_vec().iter().all(|moved| (moved - 0.25).abs() < 1e-6));
/// ```
///
/// # Panics
/// The two have not the same parameters: another number of layers, say. Nothing has changed then.
#[doc(alias("ema", "AveragedModel"))]
pub fn moving_average<M: Module<B>, B: Backend<Elem: Float>>(average: &mut M, model: &M, decay: f64) {
    let mut parameters = HashMap::new();
    model.for_each(|x| {
        parameters.insert(x.path().to_string(), (x.array().clone(), x.sizes().to_vec()));
    });
    let mut count = 0;
    average.for_each(|x| {
        let path = x.path().to_string();
        let sizes = parameters.get(&path).map(|(_, sizes)| sizes.as_slice());
        let is_alike = sizes == Some(x.sizes());
        assert!(is_alike, "{} is {} in the average, and the model has {sizes:?}", quoted(&path), x.shape());
        count += 1;
    });
    assert!(count == parameters.len(), "the model has {} parameters, and the average {count}", parameters.len());
    no_grad(|| {
        average.for_each_mut(|mut x| {
            let Some((other, _)) = parameters.remove(&x.as_parameter().path().to_string()) else { return };
            if x.as_parameter().is_buffer() {
                x.change(|_| other);
            } else {
                x.change(|own| mixed::<B>(own, other, decay));
            }
        });
    });
}
