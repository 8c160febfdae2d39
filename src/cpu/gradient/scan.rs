//! The backward pass of cumulative sums and products.

use crate::backend::{Binary, Float, Number, Scan};
use crate::cpu::array::Array;
use crate::cpu::ops::scan::{From, scan};
use crate::cpu::parallel::for_each_chunk;

/// Of a sum, that of each is the sum of all from there on.
pub fn sum<T: Float>(gradient: &Array<T>, axis: usize) -> Array<T> {
    scan(Scan::Sum, gradient, axis, From::End)
}

/// Of a product: the product of all before an element, times `g[i] + x[i + 1] (g[i + 1] + x[i + 2] (..))`. Nothing is divided,
/// so that zeros are right.
pub fn product<T: Float>(x: &Array<T>, gradient: &Array<T>, axis: usize) -> Array<T> {
    type Sum<T> = <T as Number>::Sum;
    let (size, inner) = (x.sizes()[axis], x.sizes()[axis + 1..].iter().product::<usize>());
    let (elements, gradients, block) = (x.elements(), gradient.elements(), size * inner);
    let add = |x, y| Sum::<T>::binary(Binary::Add, x, y);
    let times = |x, y| Sum::<T>::binary(Binary::Mul, x, y);
    Array::build(x.sizes(), |out| {
        for_each_chunk(out, block, block * 4, |outer, out| {
            let start = outer * block;
            for column in 0..inner {
                let at = |i: usize| start + i * inner + column;
                let mut behind = vec![num_traits::zero::<Sum<T>>(); size];
                let mut slope = num_traits::zero::<Sum<T>>();
                for i in (0..size).rev() {
                    slope = add(gradients[at(i)].widen(), slope);
                    behind[i] = slope;
                    slope = times(slope, elements[at(i)].widen());
                }
                let mut before = num_traits::one::<Sum<T>>();
                for i in 0..size {
                    out[i * inner + column] = T::narrow(times(before, behind[i]));
                    before = times(before, elements[at(i)].widen());
                }
            }
        });
    })
}
