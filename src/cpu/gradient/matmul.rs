//! Backward passes of matrix products, which are matrix products themselves.

use super::elementwise::times_derivative;
use crate::backend::{Float, Reduce, Unary};
use crate::cpu::array::Array;
use crate::cpu::kernels::{ColumnSum, Matrix, Multiplier, all_widened, calculate, generic, product_work};
use crate::cpu::ops::matmul::{self, as_matrix};
use crate::cpu::ops::reduce::reduce;
use crate::cpu::parallel::for_each;
use num_traits::Zero;
use std::sync::{Mutex, PoisonError};

/// What the backward pass needs of an epilogue.
pub struct SavedEpilogue<T> {
    pub bias: bool,
    /// The function, and its argument or result, from which the derivative is computed.
    pub activation: Option<(Unary, Array<T>)>,
    pub residual: bool,
}

/// The last two axes exchanged.
fn transposed<T: Float>(x: &Array<T>) -> Array<T> {
    let rank = x.sizes().len();
    let mut order: Vec<usize> = (0..rank).collect();
    order.swap(rank - 2, rank - 1);
    x.permute(&order)
}

/// All axes but the last one merged. If the array is the only holder of its buffer, so is the result.
fn as_rows<T: Float>(x: Array<T>) -> Array<T> {
    let size = *x.sizes().last().expect("a last axis");
    let rows = x.sizes()[..x.sizes().len() - 1].iter().product();
    x.reshape(&[rows, size])
}

/// `gradient · yᵀ` and `xᵀ · gradient`; where `y` is one matrix for all, the latter of all rows at once.
pub fn matmul<T: Float>(x: &Array<T>, y: &Array<T>, gradient: &Array<T>, needs_grad: &[bool]) -> Vec<Option<Array<T>>> {
    let grad_x = needs_grad[0].then(|| matmul::matmul(gradient, &transposed(y)));
    let grad_y = needs_grad[1].then(|| match y.sizes().len() < x.sizes().len() {
        true => matmul::matmul(&transposed(&as_rows(x.clone())), &as_rows(gradient.clone())),
        false => matmul::matmul(&transposed(x), gradient),
    });
    vec![grad_x, grad_y]
}

/// Of `activation(x · weightᵀ + bias) + residual`, of each of them that there is.
pub fn linear<T: Float>(
    x: &Array<T>,
    weight: &Array<T>,
    epilogue: &SavedEpilogue<T>,
    gradient: Array<T>,
    needs_grad: &[bool],
) -> Vec<Option<Array<T>>> {
    let grad_residual = epilogue.residual.then(|| Some(gradient.clone()));
    let &[outputs, inputs] = weight.sizes() else { panic!("the weight of a linear map is a matrix") };
    let gradient = as_rows(gradient);
    let count = gradient.sizes()[0];
    let bias_needs_grad = epilogue.bias && needs_grad[2];
    if count == 0 || outputs == 0 {
        let zeros = |sizes: &[usize]| Some(Array::full(T::zero(), sizes));
        let grad_bias = epilogue.bias.then(|| zeros(&[outputs]));
        return [zeros(x.sizes()), zeros(weight.sizes())].into_iter().chain(grad_bias).chain(grad_residual).collect();
    }
    let multiply = (needs_grad[0] && inputs > 0)
        .then(|| generic::multiplier([count, outputs, inputs], as_matrix(weight.buffer(), weight.layout())));
    let activation = epilogue.activation.as_ref();
    let (grad_product, grad_x, grad_bias) = backward_in_blocks(gradient, activation, bias_needs_grad, inputs, multiply);
    let grad_weight = needs_grad[1].then(|| matmul::matmul(&transposed(&grad_product), &as_rows(x.clone())));
    let grad_x = needs_grad[0].then(|| grad_x.reshape(x.sizes()));
    [grad_x, grad_weight].into_iter().chain(epilogue.bias.then_some(grad_bias)).chain(grad_residual).collect()
}

/// The backward pass of a linear map, block by block of rows while they are in cache: times the derivative of the activation,
/// summed for the bias, and multiplied by the weight. Returns the gradient of the product, that of its input,
/// if `multiply` is given, and that of its bias, if it is wanted.
fn backward_in_blocks<T: Float>(
    gradient: Array<T>,
    activation: Option<&(Unary, Array<T>)>,
    bias_needs_grad: bool,
    inputs: usize,
    multiply: Option<Multiplier<'_, T>>,
) -> (Array<T>, Array<T>, Option<Array<T>>) {
    /// The most rows in a block, which stays in the L2 cache.
    const ROWS: usize = 64;
    let (count, outputs) = (gradient.sizes()[0], gradient.sizes()[1]);
    let parts = count.div_ceil(ROWS);
    let rows = count.div_ceil(parts);
    let (len, work) = (rows * outputs, product_work([rows, outputs, inputs + 16]));
    let mut grad_bias = vec![T::Wide::zero(); if bias_needs_grad { parts * outputs } else { 0 }];
    let mut grad_product = None;
    let grad_x = Array::build(&[if multiply.is_some() { count } else { 0 }, inputs], |grad_x| {
        let (mut grad_x, mut grad_bias) = (grad_x.chunks_mut((rows * inputs).max(1)), grad_bias.chunks_mut(outputs));
        // Nobody waits for a lock: of each part there is one work item.
        let results: Vec<_> = (0..parts).map(|_| Mutex::new((grad_x.next(), grad_bias.next()))).collect();
        let take = |part: usize| results[part].lock().unwrap_or_else(PoisonError::into_inner);
        let add_to_bias = |part: usize, gradient: &[T::Wide]| {
            if let Some(grad_bias) = &mut take(part).1 {
                generic::add_rows(gradient, [gradient.len() / outputs, outputs], ColumnSum::Values, grad_bias);
            }
        };
        let multiply = |part: usize, gradient: &[T]| {
            if let (Some(grad_x), Some(multiply)) = (&mut take(part).0, &multiply) {
                multiply(Matrix { elements: gradient, strides: [outputs, 1] }, grad_x);
            }
        };
        grad_product = Some(match activation {
            Some((op, of)) => {
                let of = of.elements();
                gradient.transform(len, work, |part, mut gradient| {
                    let rows = 0..gradient.len();
                    let of = all_widened(&of[part * len..][rows.clone()]);
                    calculate(gradient.part(rows), |gradient| {
                        let gradient = gradient.copied();
                        times_derivative(*op, &of, gradient);
                        add_to_bias(part, gradient);
                    });
                    multiply(part, gradient.to());
                })
            }
            None => {
                let elements = gradient.elements();
                let part = |part: usize| &elements[part * len..elements.len().min((part + 1) * len)];
                for_each(parts, work, |number| {
                    if bias_needs_grad {
                        add_to_bias(number, &all_widened(part(number)));
                    }
                    multiply(number, part(number));
                });
                drop(elements);
                gradient
            }
        });
    });
    let grad_bias = bias_needs_grad.then(|| {
        let sums = reduce(Reduce::Sum, &Array::from_vec(grad_bias, &[parts, outputs]), 0);
        Array::collect(&[outputs], sums.elements().iter().map(|&sum| T::rounded(sum)))
    });
    (grad_product.expect("all blocks ran"), grad_x, grad_bias)
}

// As the other tests of gradients.
#[cfg(all(test, not(miri)))]
mod tests {
    use super::super::tests::gradients;
    use crate::backend::{Backend, Binary, Epilogue, Float, Unary};
    use crate::cpu::testing::{assert_near, random};
    use crate::cpu::{Array, Cpu};

    /// A linear map of many rows, at once or operation by operation.
    fn linear<T: Float>(x: &[Array<T>], activation: Option<Unary>, at_once: bool) -> Array<T> {
        let (bias, residual) = (Some(&x[2]), Some(&x[3]));
        if at_once {
            return Cpu::<T>::linear(&x[0], &x[1], Epilogue { bias, activation, residual });
        }
        let product = Cpu::<T>::matmul(&x[0], &Cpu::<T>::permute(&x[1], &[1, 0]));
        let biased = Cpu::<T>::binary(Binary::Add, product, x[2].clone());
        let activated = activation.map_or(biased.clone(), |op| Cpu::<T>::unary(op, biased));
        Cpu::<T>::binary(Binary::Add, activated, x[3].clone())
    }

    /// Sums of up to 200 terms around 1, in another order.
    fn agrees<T: Float>(tolerance: f64) {
        let ops = [None, Some(Unary::Gelu), Some(Unary::Tanh), Some(Unary::Relu), Some(Unary::Neg)];
        for rows in [1, 3, 64, 65, 200] {
            let sizes = [&[rows, 50][..], &[90, 50], &[90], &[rows, 90]];
            let x: Vec<Array<T>> = sizes.iter().zip(1..).map(|(sizes, seed)| random(sizes, seed)).collect();
            for op in ops {
                let [found, expected] = [true, false].map(|at_once| gradients(&x, &|x| linear(x, op, at_once)));
                for (found, expected) in found.iter().zip(&expected) {
                    assert_eq!(found.sizes(), expected.sizes(), "{rows} rows, {op:?}");
                    assert_near(found, &Cpu::<T>::cast::<f64>(expected).elements(), tolerance);
                }
            }
        }
    }

    #[test]
    fn a_linear_map_at_once_is_one_operation_by_operation() {
        agrees::<f64>(1e-12);
        agrees::<f32>(1e-4);
    }

    /// Sums of exact products, of numbers of so many digits.
    fn is_near_wide<T: Float>(tolerance: f64) {
        for rows in [1, 3, 65, 200] {
            let sizes = [&[rows, 50][..], &[90, 50], &[90], &[rows, 90]];
            let x: Vec<Array<T>> = sizes.iter().zip(1..).map(|(sizes, seed)| random(sizes, seed)).collect();
            let wide: Vec<Array<f64>> = x.iter().map(Cpu::<T>::cast::<f64>).collect();
            for op in [None, Some(Unary::Gelu), Some(Unary::Tanh)] {
                let found = gradients(&x, &|x| linear(x, op, true));
                let expected = gradients(&wide, &|x| linear(x, op, true));
                for (found, expected) in found.iter().zip(&expected) {
                    let (found, expected) = (Cpu::<T>::cast::<f64>(found), expected.elements());
                    let largest = expected.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
                    for (found, expected) in found.elements().iter().zip(&*expected) {
                        let off = (found - expected).abs();
                        assert!(off <= tolerance * largest, "{found} for {expected}, {rows} rows, {op:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn of_narrow_numbers_it_is_near_that_of_wide_ones() {
        is_near_wide::<half::bf16>(0.02);
        is_near_wide::<half::f16>(0.0025);
    }

    #[test]
    fn only_what_is_tracked_has_a_gradient() {
        let x: Vec<Array<f32>> = [&[70, 5][..], &[6, 5], &[6], &[70, 6]].map(|sizes| random(sizes, 5)).into();
        let whole = gradients(&x, &|x| linear(x, Some(Unary::Gelu), true));
        for kept in 0..4 {
            let part = gradients(&x, &|tracked| {
                let inputs: Vec<_> = (0..4).map(|i| if i == kept { &tracked[i] } else { &x[i] }.clone()).collect();
                linear(&inputs, Some(Unary::Gelu), true)
            });
            for (i, (part, whole)) in part.iter().zip(&whole).enumerate() {
                let expected = if i == kept { whole.clone() } else { Array::full(0.0, whole.sizes()) };
                assert_eq!(part.elements(), expected.elements(), "input {i} of {kept}");
            }
        }
    }

    #[test]
    fn of_nothing_there_are_zeros() {
        for [rows, inputs, outputs] in [[0, 2, 3], [2, 0, 3], [2, 3, 0]] {
            let sizes = [&[rows, inputs][..], &[outputs, inputs], &[outputs], &[rows, outputs]];
            let x: Vec<Array<f32>> = sizes.map(|sizes| random(sizes, 5)).into();
            let [found, expected] = [true, false].map(|once| gradients(&x, &|x| linear(x, Some(Unary::Gelu), once)));
            for (found, expected) in found.iter().zip(&expected) {
                assert_eq!((found.sizes(), found.elements()), (expected.sizes(), expected.elements()));
            }
        }
    }
}
