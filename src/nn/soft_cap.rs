//! Logits that stay within bounds.

use crate::backend::{Backend, Binary, Float, Unary, constant};
use crate::shape::Shape;
use crate::tensor::Tensor;

/// `cap · tanh(x / cap)`: next to zero it is `x`, and nowhere is it beyond the cap. Gemma 2 has it of its logits, with a cap of 30
/// ([Gemma Team 2024](https://arxiv.org/abs/2408.00118)); that of attention's scores is in
/// [`AttentionOptions`](super::AttentionOptions).
///
/// ```
/// use congruent::{nn::soft_cap, prelude::*};
/// dims! { Vocab = 3; }
/// let logits = soft_cap(&Tensor::from_nested((Vocab,), [0.01, -30.0, 1e9]), 30.0);
/// assert!(logits.to_vec().iter().zip([0.01, -22.848, 30.0]).all(|(x, y)| (x - y).abs() < 1e-3));
/// ```
///
/// # Panics
/// The cap is not a number above zero.
#[doc(alias("final_logit_softcapping", "softcap"))]
#[track_caller]
pub fn soft_cap<S: Shape, B: Backend<Elem: Float>>(x: &Tensor<S, B>, cap: f64) -> Tensor<S, B> {
    assert!(cap > 0.0 && cap.is_finite(), "`cap` is {cap}, expected a number above 0");
    let small = B::binary_scalar(Binary::Mul, x.array().clone(), constant(cap.recip()));
    let capped = B::binary_scalar(Binary::Mul, B::unary(Unary::Tanh, small), constant(cap));
    Tensor::from_parts(x.shape(), capped)
}
