//! What is calculated along an axis.

use super::{or_else, repeated};
use crate::backend::{
    ArrayOf, Backend, Binary, Compare, Epilogue, Float, Number, Reduce, Unary, Value, With, constant,
};
use num_traits::{One, Zero};

/// The type in which elements of `B` are summed: wider where they are narrow.
pub(super) type SumOf<B> = <<B as Backend>::Elem as Number>::Sum;

/// The type in which floating-point elements of `B` are calculated with.
pub(super) type WideOf<B> = <<B as Backend>::Elem as Float>::Wide;

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

/// `ln(sum(exp(x)))` along the axis, which goes; -∞ of none.
pub fn log_sum_exp<B: Backend<Elem: Float>>(x: &ArrayOf<B>, axis: usize) -> ArrayOf<B> {
    let sizes = B::sizes(x).to_vec();
    // Relative to the largest, if that is finite: it has no part in gradients.
    let largest = B::reduce(Reduce::Max, &B::detach(x.clone()), axis);
    let size = B::unary(Unary::Abs, largest.clone());
    let is_finite = B::compare_scalar(Compare::Less, &size, constant(f64::INFINITY));
    let center = or_else::<B>(&is_finite, &largest, constant(0.0));
    let exponentials = B::unary(Unary::Exp, B::binary(Binary::Sub, x.clone(), repeated::<B>(&center, axis, &sizes)));
    B::binary(Binary::Add, B::unary(Unary::Ln, B::reduce(Reduce::Sum, &exponentials, axis)), center)
}

/// The standard deviation along the axis, which goes: the root of the variance. Of equals its slope is 0.
pub fn deviation<B: Backend<Elem: Float>>(x: &ArrayOf<B>, axis: usize) -> ArrayOf<B> {
    root_of::<B>(x, |x| With::<B, WideOf<B>>::reduce(Reduce::Variance, &x, axis))
}

/// The Euclidean norm along the axis, which goes: the root of the sum of squares. Of zeros its slope is 0.
pub fn norm<B: Backend<Elem: Float>>(x: &ArrayOf<B>, axis: usize) -> ArrayOf<B> {
    let squares = |x| With::<B, WideOf<B>>::unary(Unary::Square, x);
    root_of::<B>(x, |x| With::<B, WideOf<B>>::reduce(Reduce::Sum, &squares(x), axis))
}

/// The elements over their Euclidean norm along the axis, which is taken for 1e-12 where it is smaller: zeros stay zeros.
pub fn normalize<B: Backend<Elem: Float>>(x: &ArrayOf<B>, axis: usize) -> ArrayOf<B> {
    // Half precision has no such number, and none above 65504 for the slope.
    let least = if constant::<B::Elem>(1e-12).is_zero() { 1e-4 } else { 1e-12 };
    let wide = B::cast::<WideOf<B>>(x);
    let norm = norm::<With<B, WideOf<B>>>(&wide, axis);
    let norm = With::<B, WideOf<B>>::binary_scalar(Binary::Max, norm, constant(least));
    let norm = repeated::<With<B, WideOf<B>>>(&norm, axis, B::sizes(x));
    With::<B, WideOf<B>>::cast::<B::Elem>(&With::<B, WideOf<B>>::binary(Binary::Div, wide, norm))
}

/// The square root of what `f` gives of wide numbers: of narrow ones it may be beyond the largest.
fn root_of<B: Backend<Elem: Float>>(
    x: &ArrayOf<B>,
    f: impl FnOnce(ArrayOf<B, WideOf<B>>) -> ArrayOf<B, WideOf<B>>,
) -> ArrayOf<B> {
    let root = flat_root::<With<B, WideOf<B>>>(f(B::cast::<WideOf<B>>(x)));
    With::<B, WideOf<B>>::cast::<B::Elem>(&root)
}

/// The square root, whose slope at 0 is 0.
fn flat_root<B: Backend<Elem: Float>>(x: ArrayOf<B>) -> ArrayOf<B> {
    let is_zero = B::compare_scalar(Compare::Equal, &x, constant(0.0));
    let full = |value| B::filled(constant(value), B::sizes(&x), &B::device(&x));
    let root = B::unary(Unary::Sqrt, B::select(&is_zero, &full(1.0), &x));
    B::select(&is_zero, &full(0.0), &root)
}

/// The product along the axis, which goes; 1 of none. It is one of products of halves, so that gradients are right where there are
/// zeros: nothing is divided.
pub fn product<B: Backend<Elem: Number>>(x: &ArrayOf<B>, axis: usize) -> ArrayOf<B> {
    let mut removed = B::sizes(x).to_vec();
    let mut size = removed.remove(axis);
    if size == 0 {
        return B::binary_scalar(Binary::Add, B::reduce(Reduce::Sum, x, axis), B::Elem::one());
    }
    let mut x = x.clone();
    while size > 1 {
        let half = size / 2;
        let part = |start, size| B::narrow(&x, axis, start, size);
        let product = B::binary(Binary::Mul, part(0, half), part(half, half));
        x = if size.is_multiple_of(2) { product } else { B::concat(&[&product, &part(size - 1, 1)], axis) };
        size -= half;
    }
    B::reshape(&x, &removed)
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
    self::after::<B>(B::reshape(&product, &sizes), after)
}

/// What is calculated of a product before it is given.
pub(crate) fn after<B: Backend<Elem: Float>>(mut product: ArrayOf<B>, after: Epilogue<'_, ArrayOf<B>>) -> ArrayOf<B> {
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
