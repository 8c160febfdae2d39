//! The backward pass of convolutions.

use crate::backend::{Float, Reduce, Windows};
use crate::cpu::array::Array;
use crate::cpu::ops::convolution as forward;
use crate::cpu::ops::reduce::reduce;

/// A convolution, with what its backward pass needs.
pub struct SavedConvolution<T> {
    /// The input and the weight.
    pub inputs: [Array<T>; 2],
    pub has_bias: bool,
    pub groups: usize,
    pub windows: Windows,
    pub is_transposed: bool,
}

/// Of the input, the weight, and the bias, if there is one.
pub fn convolution<T: Float>(
    saved: &SavedConvolution<T>,
    gradient: &Array<T>,
    needs_grad: &[bool],
) -> Vec<Option<Array<T>>> {
    let SavedConvolution { inputs: [x, weight], groups, windows, .. } = saved;
    let &[batch, outputs, height, width] = gradient.sizes() else { panic!("a convolution gives four axes") };
    let of_x = || match saved.is_transposed {
        true => forward::convolution(gradient, weight, None, *groups, windows),
        false => forward::transposed(gradient, weight, None, *groups, windows, [x.sizes()[2], x.sizes()[3]]),
    };
    let of_weight = || match saved.is_transposed {
        true => forward::of_weight(gradient, x, *groups, windows),
        false => forward::of_weight(x, gradient, *groups, windows),
    };
    let of_bias = || {
        let of_each = reduce(Reduce::Sum, &gradient.reshape(&[batch, outputs, height * width]), 2);
        reduce(Reduce::Sum, &of_each, 0)
    };
    let mut found = vec![needs_grad[0].then(of_x), needs_grad[1].then(of_weight)];
    if saved.has_bias {
        found.push(needs_grad[2].then(of_bias));
    }
    found
}
