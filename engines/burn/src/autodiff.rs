//! Gradients, as the contract asks for them.

use crate::backend::Burn;
use crate::gradient::Gradients;
use congruent::backend::{ArrayOf, Autodiff, CustomFunctions, Float};

impl<T: Float> Autodiff for Burn<T> {
    type Gradients = Gradients;

    fn track(x: ArrayOf<Self>) -> ArrayOf<Self> {
        x.track()
    }
    fn backward(x: ArrayOf<Self>) -> Gradients {
        x.backward()
    }
    fn gradient(gradients: &Gradients, x: &ArrayOf<Self>) -> Option<ArrayOf<Self>> {
        gradients.of(x)
    }
    fn set_gradient(gradients: &mut Gradients, x: &ArrayOf<Self>, gradient: ArrayOf<Self>) {
        gradients.set(x, gradient);
    }
}

impl<T: Float> CustomFunctions for Burn<T> {
    fn custom(
        inputs: &[ArrayOf<Self>],
        result: ArrayOf<Self>,
        backward: impl Fn(ArrayOf<Self>) -> Vec<ArrayOf<Self>> + Send + Sync + 'static,
    ) -> ArrayOf<Self> {
        result.custom(inputs, backward)
    }
}
