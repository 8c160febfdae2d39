//! Gradients of cross-entropy.

use crate::backend::{Binary, Float, Real};
use crate::cpu::array::Array;
use crate::cpu::kernels::{InOut, Operand, all_widened, generic, write};
use crate::cpu::ops::elementwise::rows_of_chunk;
use crate::cpu::parallel::for_each_chunk;
use num_traits::Zero;

/// `(softmax(x) - share) · gradient` of each row, where the target has its share, and all have that of the smoothing. A row
/// that nothing depends on has no part in it, whatever its logits are.
pub fn cross_entropy<T: Float>(x: &Array<T>, targets: &[usize], smoothing: f64, gradient: &Array<T>) -> Array<T> {
    let size = *x.sizes().last().expect("a last axis");
    let (elements, gradient, rows) = (x.elements(), gradient.elements(), rows_of_chunk(size));
    let of_target = T::Wide::constant(1.0 - smoothing);
    let of_all = T::Wide::constant(smoothing / size.max(1) as f64);
    Array::build(x.sizes(), |out| {
        for_each_chunk(out, rows * size, rows * size * 16, |chunk, out| {
            let first = chunk * rows;
            let x = all_widened(&elements[first * size..][..out.len()]);
            write(out, |out| {
                generic::softmax(InOut::new(&x, out), size);
                for (row, out) in out.chunks_exact_mut(size).enumerate() {
                    let gradient = gradient[first + row].widened();
                    if gradient == T::Wide::zero() {
                        out.fill(gradient);
                        continue;
                    }
                    if smoothing != 0.0 {
                        generic::binary(Binary::Sub, InOut::in_place(out), Operand::Scalar(of_all), false);
                    }
                    let target = &mut out[targets[first + row]];
                    *target = *target - of_target;
                    generic::binary(Binary::Mul, InOut::in_place(out), Operand::Scalar(gradient), false);
                }
            });
        });
    })
}
