//! Functions of the rows along an axis.

use crate::array::Array;
use crate::elementwise::float;
use burn_backend::ops::{ActivationOps, FloatTensorOps, ModuleOps};
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
    /// `x / sqrt(mean(x²) + epsilon) * weight` over the last axis.
    pub fn rms_norm(self, weight: &Array, epsilon: f64) -> Array {
        self.meets("rms_norm", weight);
        let rank = self.sizes().len();
        let x = self.ordered().calculated_of([weight]);
        let weight = weight.aligned(rank);
        x.map("rms_norm", |x| {
            let squares = Dispatch::float_mul(x.clone(), x.clone());
            let mean = Dispatch::float_add_scalar(Dispatch::float_mean_dim(squares, rank - 1), float(epsilon));
            let normed = Dispatch::float_div(x, Dispatch::float_sqrt(mean));
            Dispatch::float_mul(normed, weight.expect("a weight for each of a row"))
        })
    }
}
