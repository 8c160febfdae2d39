//! Gradients of products of matrices, which are products themselves.

use super::elementwise::times_slope;
use crate::backend::{Float, Reduce, Unary};
use crate::cpu::array::Array;
use crate::cpu::kernels::{Matrix, Multiplier, Terms, all_widened, calculate, generic, product_work, write};
use crate::cpu::ops::matmul::{self, only_matrix, to_widen};
use crate::cpu::ops::reduce::reduce;
use crate::cpu::parallel::for_each;
use num_traits::Zero;
use std::sync::{Mutex, PoisonError};

/// What became of a product: an epilogue.
pub struct After<T> {
    pub bias: bool,
    /// The function, and what its slope is calculated of.
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

/// All axes but the last one as one. Of an array that nobody else holds, the result is held by nobody else.
fn as_rows<T: Float>(x: Array<T>) -> Array<T> {
    let size = *x.sizes().last().expect("a last axis");
    let rows = x.sizes()[..x.sizes().len() - 1].iter().product();
    x.reshape(&[rows, size])
}

/// `gradient · yᵀ` and `xᵀ · gradient`; where `y` is one matrix for all, the latter of all rows at once.
pub fn matmul<T: Float>(x: &Array<T>, y: &Array<T>, gradient: &Array<T>, wanted: &[bool]) -> Vec<Option<Array<T>>> {
    let of_x = wanted[0].then(|| matmul::matmul(gradient, &transposed(y)));
    let of_y = wanted[1].then(|| match y.sizes().len() < x.sizes().len() {
        true => matmul::matmul(&transposed(&as_rows(x.clone())), &as_rows(gradient.clone())),
        false => matmul::matmul(&transposed(x), gradient),
    });
    vec![of_x, of_y]
}

/// Of `activation(x · weightᵀ + bias) + residual`, of each of them that there is.
pub fn linear<T: Float>(
    x: &Array<T>,
    weight: &Array<T>,
    after: &After<T>,
    gradient: Array<T>,
    wanted: &[bool],
) -> Vec<Option<Array<T>>> {
    let of_residual = after.residual.then(|| Some(gradient.clone()));
    let &[outputs, inputs] = weight.sizes() else { panic!("the weight of a linear map is a matrix") };
    let gradient = as_rows(gradient);
    let count = gradient.sizes()[0];
    let bias_is_wanted = after.bias && wanted[2];
    if count == 0 || outputs == 0 {
        let zeros = |sizes: &[usize]| Some(Array::full(T::zero(), sizes));
        let of_bias = after.bias.then(|| zeros(&[outputs]));
        return [zeros(x.sizes()), zeros(weight.sizes())].into_iter().chain(of_bias).chain(of_residual).collect();
    }
    let weight = to_widen(weight);
    let elements = all_widened(weight.buffer());
    let multiply = (wanted[0] && inputs > 0)
        .then(|| generic::multiplier([count, outputs, inputs], only_matrix(&elements, weight.layout())));
    let activation = after.activation.as_ref();
    let (of_product, of_x, of_bias) = in_parts(gradient, activation, bias_is_wanted, inputs, multiply);
    let of_weight = wanted[1].then(|| matmul::matmul(&transposed(&of_product), &as_rows(x.clone())));
    let of_x = wanted[0].then(|| of_x.reshape(x.sizes()));
    [of_x, of_weight].into_iter().chain(after.bias.then_some(of_bias)).chain(of_residual).collect()
}

/// Goes through a gradient of a linear map once: while some rows of it are at hand, they are multiplied by the slope of the
/// activation, summed up for the bias, and multiplied by the weight. Returns the gradient of the product, that of its input,
/// if `multiply` is given, and that of its bias, if it is wanted.
fn in_parts<T: Float>(
    gradient: Array<T>,
    activation: Option<&(Unary, Array<T>)>,
    bias_is_wanted: bool,
    inputs: usize,
    multiply: Option<Multiplier<'_, T::Wide>>,
) -> (Array<T>, Array<T>, Option<Array<T>>) {
    /// At most so many rows at a time: they stay in the second cache.
    const ROWS: usize = 64;
    let (count, outputs) = (gradient.sizes()[0], gradient.sizes()[1]);
    let parts = count.div_ceil(ROWS);
    let rows = count.div_ceil(parts);
    let (len, work) = (rows * outputs, product_work([rows, outputs, inputs + 16]));
    let mut of_bias = vec![T::Wide::zero(); if bias_is_wanted { parts * outputs } else { 0 }];
    let mut of_product = None;
    let of_x = Array::build(&[if multiply.is_some() { count } else { 0 }, inputs], |of_x| {
        let (mut of_x, mut of_bias) = (of_x.chunks_mut((rows * inputs).max(1)), of_bias.chunks_mut(outputs));
        // Each is locked once.
        let results: Vec<_> = (0..parts).map(|_| Mutex::new((of_x.next(), of_bias.next()))).collect();
        let go_back = |part: usize, gradient: &[T::Wide]| {
            let (of_x, of_bias) = &mut *results[part].lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(of_bias) = of_bias {
                generic::add_rows(gradient, [gradient.len() / outputs, outputs], Terms::Numbers, of_bias);
            }
            if let (Some(of_x), Some(multiply)) = (of_x, &multiply) {
                write(of_x, |of_x| multiply(Matrix { elements: gradient, strides: [outputs, 1] }, of_x));
            }
        };
        of_product = Some(match activation {
            Some((op, of)) => {
                let of = of.elements();
                gradient.transform(len, work, |part, gradient| {
                    let of = all_widened(&of[part * len..][..gradient.len()]);
                    calculate(gradient, |gradient| {
                        let gradient = gradient.copied();
                        times_slope(*op, &of, gradient);
                        go_back(part, gradient);
                    });
                })
            }
            None => {
                let elements = gradient.elements();
                let part = |part: usize| &elements[part * len..elements.len().min((part + 1) * len)];
                for_each(parts, work, |number| go_back(number, &all_widened(part(number))));
                drop(elements);
                gradient
            }
        });
    });
    let of_bias = bias_is_wanted.then(|| {
        let sums = reduce(Reduce::Sum, &Array::from_vec(of_bias, &[parts, outputs]), 0);
        Array::collect(&[outputs], sums.elements().iter().map(|&sum| T::rounded(sum)))
    });
    (of_product.expect("it was gone through"), of_x, of_bias)
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
