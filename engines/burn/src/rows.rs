//! Functions of the rows along an axis.

use crate::array::Array;
use burn_backend::ops::{ActivationOps, ModuleOps};
use burn_dispatch::Dispatch;

impl Array {
    /// `exp(x) / sum(exp(x))` along `axis`.
    pub fn softmax(self, axis: usize) -> Array {
        self.ordered().map("softmax", |x| Dispatch::softmax(x, axis))
    }

    /// `x - ln(sum(exp(x)))` along `axis`.
    pub fn log_softmax(self, axis: usize) -> Array {
        self.ordered().map("log_softmax", |x| Dispatch::log_softmax(x, axis))
    }

    /// `(x - mean) / sqrt(variance + epsilon) * weight + bias` over the last axis.
    pub fn layer_norm(self, weight: &Array, bias: Option<&Array>, epsilon: f64) -> Array {
        self.meets("layer_norm", weight);
        bias.iter().for_each(|bias| self.meets("layer_norm", bias));
        let x = self.ordered().calculated_of(bias.into_iter().chain([weight]));
        let (weight, bias) = (weight.tensor(), bias.and_then(Array::tensor));
        x.map("layer_norm", |x| Dispatch::layer_norm(x, weight.expect("a weight for each of a row"), bias, epsilon))
    }
}
