//! Backward passes of layer norm and RMS norm.

use crate::backend::{Float, Real, Reduce};
use crate::cpu::array::Array;
use crate::cpu::kernels::{all_widened, generic, write};
use crate::cpu::ops::elementwise::rows_of_chunk;
use crate::cpu::ops::reduce::reduce;
use crate::cpu::parallel::for_each_chunk;

/// Some rows of the gradients of a norm.
struct Part<'a, T, W> {
    grad_x: &'a mut [T],
    /// Of the weight, and then of the bias.
    grad_parameters: &'a mut [W],
}

/// Of a norm: of its argument, its weight and its bias.
///
/// With `n = (x - center) · scale`, the gradient of `x` is `scale · (p - mean(p) - n · mean(p · n))` for
/// `p = gradient · weight`; without a center, the mean of `p` is left out.
pub fn norm<T: Float>(
    x: &Array<T>,
    weight: &Array<T>,
    centered: bool,
    epsilon: f64,
    gradient: Array<T>,
) -> Vec<Option<Array<T>>> {
    /// So many rows at least are summed for the parameters at a time.
    const ROWS: usize = 32;
    let size = weight.sizes()[0];
    if size == 0 || x.layout().len() == 0 {
        let zeros = Array::full(T::zero(), &[size]);
        return vec![Some(gradient), Some(zeros.clone()), Some(zeros)];
    }
    let chunk = size * rows_of_chunk(size).max(ROWS);
    let (x, weight, gradient) = (x.elements(), weight.elements(), (gradient.elements(), gradient.sizes().to_vec()));
    let weight = all_widened(&weight);
    let mut grad_parameters = vec![T::Wide::constant(0.0); x.len().div_ceil(chunk) * 2 * size];
    let grad_x = Array::build(&gradient.1, |grad_x| {
        let parts = grad_x.chunks_mut(chunk).zip(grad_parameters.chunks_mut(2 * size));
        let mut parts: Vec<_> = parts.map(|(grad_x, grad_parameters)| Part { grad_x, grad_parameters }).collect();
        for_each_chunk(&mut parts, 1, chunk * 8, |i, parts| {
            for Part { grad_x, grad_parameters } in parts {
                let part = i * chunk..i * chunk + grad_x.len();
                let (x, gradient) = (all_widened(&x[part.clone()]), all_widened(&gradient.0[part]));
                write(grad_x, |grad_x| {
                    generic::norm_backward([&x, &weight, &gradient], epsilon, centered, grad_x, grad_parameters);
                });
            }
        });
    });
    let sums = Array::from_vec(grad_parameters, &[x.len().div_ceil(chunk), 2 * size]);
    let sums = reduce(Reduce::Sum, &sums, 0);
    let grad_parameter = |start: usize| {
        let sums = sums.narrow(0, start, size);
        Some(Array::collect(&[size], sums.elements().iter().map(|&x| T::rounded(x))))
    };
    vec![Some(grad_x), grad_parameter(0), grad_parameter(size)]
}
