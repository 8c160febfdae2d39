//! What is calculated along an axis.

use super::repeated;
use crate::backend::{ArrayOf, Backend, Binary, Epilogue, Float, Number, Reduce, Unary, Value, With, constant};
use num_traits::Zero;

/// The type in which elements of `B` are summed: wider where they are narrow.
pub(super) type SumOf<B> = <<B as Backend>::Elem as Number>::Sum;

/// The type in which floating-point elements of `B` are calculated with.
type WideOf<B> = <<B as Backend>::Elem as Float>::Wide;

/// The mean and the variance by sums.
///
/// # Panics
/// It is another operation, which an engine has.
pub fn reduce<B: Backend<Elem: Number>>(op: Reduce, x: &ArrayOf<B>, axis: usize) -> ArrayOf<B> {
    let wide = B::cast::<SumOf<B>>(x);
    let found = match op {
        Reduce::Mean => mean::<With<B, SumOf<B>>>(&wide, axis),
        Reduce::Variance => variance::<With<B, SumOf<B>>>(&wide, axis),
        Reduce::Sum | Reduce::Max | Reduce::Min => panic!("{op:?} is an operation of the engine itself"),
    };
    With::<B, SumOf<B>>::cast::<B::Elem>(&found)
}

fn mean<B: Backend<Elem: Number>>(x: &ArrayOf<B>, axis: usize) -> ArrayOf<B> {
    let count = constant(B::sizes(x)[axis] as f64);
    B::binary_scalar(Binary::Div, B::reduce(Reduce::Sum, x, axis), count)
}

fn variance<B: Backend<Elem: Number>>(x: &ArrayOf<B>, axis: usize) -> ArrayOf<B> {
    let sizes = B::sizes(x).to_vec();
    if sizes[axis] == 0 {
        return mean::<B>(x, axis);
    }
    // Relative to one of them, so that the distances of a constant row are zero. Integers lose no digits, and their mean, which
    // is cut off, depends on what it is relative to.
    let near = match B::Elem::zero().to_value() {
        Value::Integer(_) => x.clone(),
        Value::Float(_) => {
            let first = B::broadcast(&B::narrow(x, axis, 0, 1), &sizes);
            B::binary(Binary::Sub, x.clone(), first)
        }
    };
    let distance = B::binary(Binary::Sub, near.clone(), repeated::<B>(&mean::<B>(&near, axis), axis, &sizes));
    mean::<B>(&B::binary(Binary::Mul, distance.clone(), distance), axis)
}

/// `x` less the largest along the axis, which has no part in gradients.
fn below_largest<B: Backend<Elem: Float>>(x: ArrayOf<B>, axis: usize) -> ArrayOf<B> {
    let sizes = B::sizes(&x).to_vec();
    let largest = B::reduce(Reduce::Max, &B::detach(x.clone()), axis);
    B::binary(Binary::Sub, x, repeated::<B>(&largest, axis, &sizes))
}

/// See [`Backend::softmax`].
pub fn softmax<B: Backend<Elem: Float>>(x: ArrayOf<B>, axis: usize) -> ArrayOf<B> {
    let sizes = B::sizes(&x).to_vec();
    let exponentials = B::unary(Unary::Exp, below_largest::<B>(x, axis));
    let sums = repeated::<B>(&B::reduce(Reduce::Sum, &exponentials, axis), axis, &sizes);
    B::binary(Binary::Div, exponentials, sums)
}

/// See [`Backend::log_softmax`].
pub fn log_softmax<B: Backend<Elem: Float>>(x: ArrayOf<B>, axis: usize) -> ArrayOf<B> {
    let sizes = B::sizes(&x).to_vec();
    let x = below_largest::<B>(x, axis);
    let sums = B::reduce(Reduce::Sum, &B::unary(Unary::Exp, x.clone()), axis);
    B::binary(Binary::Sub, x, repeated::<B>(&B::unary(Unary::Ln, sums), axis, &sizes))
}

/// See [`Backend::cross_entropy`].
pub fn cross_entropy<B: Backend<Elem: Float>>(x: &ArrayOf<B>, targets: &ArrayOf<B, u32>, smoothing: f64) -> ArrayOf<B> {
    let axis = B::sizes(x).len() - 1;
    let logs = B::log_softmax(x.clone(), axis);
    let scaled = |x, by| B::binary_scalar(Binary::Mul, x, constant(by));
    let of_targets = scaled(B::pick(&logs, targets), -(1.0 - smoothing));
    if smoothing == 0.0 {
        return of_targets;
    }
    B::binary(Binary::Add, of_targets, scaled(B::reduce(Reduce::Mean, &logs, axis), -smoothing))
}

/// See [`Backend::layer_norm`].
pub fn layer_norm<B: Backend<Elem: Float>>(
    x: ArrayOf<B>,
    weight: &ArrayOf<B>,
    bias: Option<&ArrayOf<B>>,
    epsilon: f64,
) -> ArrayOf<B> {
    let x = B::cast::<WideOf<B>>(&x);
    let normed = B::binary(Binary::Mul, normed::<B>(centred::<With<B, WideOf<B>>>(x), epsilon), weight.clone());
    match bias {
        Some(bias) => B::binary(Binary::Add, normed, bias.clone()),
        None => normed,
    }
}

/// See [`Backend::rms_norm`].
pub fn rms_norm<B: Backend<Elem: Float>>(x: ArrayOf<B>, weight: &ArrayOf<B>, epsilon: f64) -> ArrayOf<B> {
    B::binary(Binary::Mul, normed::<B>(B::cast::<WideOf<B>>(&x), epsilon), weight.clone())
}

/// The distances from the mean over the last axis.
fn centred<B: Backend<Elem: Float>>(x: ArrayOf<B>) -> ArrayOf<B> {
    let (sizes, axis) = (B::sizes(&x).to_vec(), B::sizes(&x).len() - 1);
    let mean = B::reduce(Reduce::Mean, &x, axis);
    B::binary(Binary::Sub, x, repeated::<B>(&mean, axis, &sizes))
}

/// `x / sqrt(mean(x²) + epsilon)` over the last axis, of wide numbers: of narrow ones the squares may be beyond the largest.
fn normed<B: Backend<Elem: Float>>(x: ArrayOf<B, WideOf<B>>, epsilon: f64) -> ArrayOf<B> {
    let normed = over_root::<With<B, WideOf<B>>>(x, epsilon);
    With::<B, WideOf<B>>::cast::<B::Elem>(&normed)
}

fn over_root<B: Backend<Elem: Float>>(x: ArrayOf<B>, epsilon: f64) -> ArrayOf<B> {
    let (sizes, axis) = (B::sizes(&x).to_vec(), B::sizes(&x).len() - 1);
    let squares = B::reduce(Reduce::Mean, &B::unary(Unary::Square, x.clone()), axis);
    let root = B::unary(Unary::Sqrt, B::binary_scalar(Binary::Add, squares, constant(epsilon)));
    B::binary(Binary::Div, x, repeated::<B>(&root, axis, &sizes))
}

/// See [`Backend::linear`].
pub fn linear<B: Backend<Elem: Float>>(
    x: &ArrayOf<B>,
    weight: &ArrayOf<B>,
    after: Epilogue<'_, ArrayOf<B>>,
) -> ArrayOf<B> {
    let (mut sizes, inner) = (B::sizes(x).to_vec(), B::sizes(weight)[1]);
    let rows = sizes[..sizes.len() - 1].iter().product();
    let product = B::matmul(&B::reshape(x, &[rows, inner]), &B::permute(weight, &[1, 0]));
    *sizes.last_mut().expect("features are the last axis") = B::sizes(weight)[0];
    let mut product = B::reshape(&product, &sizes);
    if let Some(bias) = after.bias {
        product = B::binary(Binary::Add, product, bias.clone());
    }
    if let Some(op) = after.activation {
        product = B::unary(op, product);
    }
    match after.residual {
        Some(residual) => B::binary(Binary::Add, product, residual.clone()),
        None => product,
    }
}
