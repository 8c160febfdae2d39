//! Models of dual numbers.

use super::{DualOf, WithSlope};
use crate::backend::{ArrayOf, Backend, Float};
use crate::module::{Module, Parameter, ToEngine, quoted};
use std::collections::BTreeMap;

/// The same model, whose parameters do not change along any direction. Gradients are those with respect to the model's own
/// parameters, if these are tracked.
///
/// ```
/// # use congruent::prelude::*;
/// use congruent::{dual, nn::Linear};
/// dims! { Batch = 1; Embed = 2; Out = 1; }
/// let layer = Linear { weight: Tensor::from_nested((Out, Embed), [[2.0, 3.0]]), bias: None };
/// let x = Tensor::ones((Batch, Embed)).dual_along(&Tensor::from_nested((Batch, Embed), [[1.0, 0.0]]));
/// assert_eq!(dual::model(&layer).forward(&x).slope().to_vec(), [2.0]);
/// ```
///
/// # Panics
/// The engine fails, as [`try_to_vec`](crate::Tensor::try_to_vec) says.
pub fn model<M: Module<B> + ToEngine<DualOf<B>, On: Module<DualOf<B>>>, B: Backend<Elem: Float>>(model: &M) -> M::On {
    of_duals(model, |_| None)
}

/// The same model, whose parameters change by those of `direction`, and its buffers not at all. Gradients are those with
/// respect to the model's own parameters, if these are tracked.
///
/// ```
/// # use congruent::prelude::*;
/// use congruent::{dual::model_along, nn::Linear};
/// dims! { Batch = 1; Embed = 2; Out = 1; }
/// let layer = |weight| Linear { weight: Tensor::full((Out, Embed), weight), bias: None };
/// let y = model_along(&layer(2.0), &layer(0.5)).forward(&Tensor::ones((Batch, Embed)).dual());
/// assert_eq!((y.value().to_vec(), y.slope().to_vec()), (vec![4.0], vec![1.0]));
/// ```
///
/// # Panics
/// `direction` lacks a parameter, or has one of other sizes: the message names it. The engine fails, as
/// [`try_to_vec`](crate::Tensor::try_to_vec) says.
pub fn model_along<M: Module<B> + ToEngine<DualOf<B>, On: Module<DualOf<B>>>, B: Backend<Elem: Float>>(
    model: &M,
    direction: &M,
) -> M::On {
    let directions = arrays(direction);
    of_duals(model, |parameter: Parameter<'_, B>| {
        let direction = directions.get(&parameter.path().to_string());
        let direction =
            direction.unwrap_or_else(|| panic!("the direction has no parameter {}", quoted(parameter.path())));
        let (sizes, found) = (parameter.sizes(), B::sizes(direction));
        assert!(sizes == found, "{} is of sizes {sizes:?}, and its direction of {found:?}", quoted(parameter.path()));
        (!parameter.is_buffer()).then(|| direction.clone())
    })
}

/// Each parameter by its path, which is its own.
fn arrays<M: Module<B>, B: Backend<Elem: Float>>(model: &M) -> BTreeMap<String, ArrayOf<B>> {
    let mut arrays = BTreeMap::new();
    model.for_each(|parameter| {
        arrays.insert(parameter.path().to_string(), parameter.array().clone());
    });
    arrays
}

fn of_duals<M: Module<B> + ToEngine<DualOf<B>, On: Module<DualOf<B>>>, B: Backend<Elem: Float>>(
    model: &M,
    direction: impl Fn(Parameter<'_, B>) -> Option<ArrayOf<B>>,
) -> M::On {
    let (mut duals, mut device) = (BTreeMap::new(), None);
    model.for_each(|parameter: Parameter<'_, B>| {
        let (path, value) = (parameter.path().to_string(), parameter.array().clone());
        device.get_or_insert_with(|| B::device(&value));
        duals.insert(path, WithSlope { value, slope: direction(parameter) });
    });
    let mut model = model.to_engine::<DualOf<B>>(&device.unwrap_or_default());
    model.for_each_mut(|mut parameter| {
        let path = parameter.as_parameter().path().to_string();
        let dual =
            duals.remove(&path).unwrap_or_else(|| panic!("{} is a parameter on another engine alone", quoted(&path)));
        parameter.change(|_| dual);
    });
    model
}
