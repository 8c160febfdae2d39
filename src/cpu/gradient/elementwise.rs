//! Backward passes of elementwise functions.

use super::reduce::sum_to;
use crate::backend::{Binary, Float, Number, Real, Unary};
use crate::cpu::array::Array;
use crate::cpu::kernels::{InOut, Operand, all_widened, calculate, generic};
use crate::cpu::ops::elementwise::{self as forward, CHUNK};

/// Whether the derivative is computed from the result, and not from the argument.
pub fn derivative_uses_result(op: Unary) -> bool {
    matches!(op, Unary::Recip | Unary::Sqrt | Unary::Exp | Unary::Tanh | Unary::Sigmoid | Unary::Relu)
}

/// `gradient` times the derivative of `op`, from its argument or its result.
pub fn unary<T: Float>(op: Unary, of: &Array<T>, gradient: Array<T>) -> Array<T> {
    let of = of.elements();
    gradient.transform(CHUNK, CHUNK * 16, |chunk, gradient| {
        let of = all_widened(&of[chunk * CHUNK..][..gradient.len()]);
        calculate(gradient, |gradient| times_derivative(op, &of, gradient.copied()));
    })
}

/// `op` of `f` of each element.
fn map_unary<T: Real>(op: Unary, x: &[T], f: impl Fn(T) -> T) -> Vec<T> {
    let mut found: Vec<T> = x.iter().map(|&x| f(x)).collect();
    generic::unary(op, InOut::in_place(&mut found));
    found
}

/// `gradient` times the derivative of `op`, from its argument or its result. Functions without an instruction of the processor
/// run as kernels on whole slices.
pub fn times_derivative<T: Real>(op: Unary, x: &[T], gradient: &mut [T]) {
    if generic::times_derivative(op, x, gradient) {
        return;
    }
    let (zero, one, constant) = (T::zero(), T::one(), T::constant);
    // A loop for each derivative.
    macro_rules! times {
        ($derivative:expr) => {{
            let derivative = $derivative;
            gradient.iter_mut().zip(x).for_each(|(gradient, &x)| *gradient = *gradient * derivative(x))
        }};
    }
    macro_rules! times_with {
        ($other:expr, $derivative:expr) => {{
            let (other, derivative) = ($other, $derivative);
            let with = gradient.iter_mut().zip(x).zip(&other);
            with.for_each(|((gradient, &x), &other)| *gradient = *gradient * derivative(x, other))
        }};
    }
    match op {
        Unary::Neg => gradient.iter_mut().for_each(|gradient| *gradient = -*gradient),
        Unary::Abs => times!(|x: T| if x > zero {
            one
        } else if x < zero {
            -one
        } else {
            x * zero
        }),
        Unary::Square => times!(|x: T| x + x),
        Unary::Ln => gradient.iter_mut().zip(x).for_each(|(gradient, &x)| *gradient = *gradient / x),
        Unary::Sin => times_with!(map_unary(Unary::Cos, x, |x| x), |_, cos: T| cos),
        Unary::Cos => times_with!(map_unary(Unary::Sin, x, |x| x), |_, sin: T| -sin),
        // From the result.
        Unary::Relu => times!(|y: T| if y > zero { one } else { zero }),
        Unary::Recip => times!(|y: T| -(y * y)),
        Unary::Sqrt => {
            let half = constant(0.5);
            gradient.iter_mut().zip(x).for_each(|(gradient, &y)| *gradient = *gradient * half / y);
        }
        Unary::Exp => times!(|y: T| y),
        Unary::Tanh => times!(|y: T| one - y * y),
        Unary::Sigmoid => times!(|y: T| y * (one - y)),
        Unary::Silu => times_with!(map_unary(Unary::Sigmoid, x, |x| x), |x: T, s: T| s * (one + x * (one - s))),
        Unary::Softplus => times_with!(map_unary(Unary::Sigmoid, x, |x| x), |_, s: T| s),
        Unary::GeluTanh => {
            // x · sigmoid(u) with u = 2 √(2/π) · (x + 0.044715 x³).
            let (scale, cubic) = (constant(2.0 * (2.0 / std::f64::consts::PI).sqrt()), constant(0.044715));
            let inner = |x: T| scale * (x + cubic * x * x * x);
            let derivative = |x: T| scale * (one + constant(3.0) * cubic * x * x);
            times_with!(map_unary(Unary::Sigmoid, x, inner), |x: T, s: T| s + x * s * (one - s) * derivative(x))
        }
        Unary::Gelu => {
            // Φ(x) + x · φ(x), where Φ(x) is GELU by x: beside zero, its value there.
            let density = map_unary(Unary::Exp, x, |x| constant(-0.5) * x * x);
            let (root, tiny, half) = (constant((0.5 / std::f64::consts::PI).sqrt()), constant(1e-20), constant(0.5));
            let gelu = map_unary(Unary::Gelu, x, |x| x);
            let with = gradient.iter_mut().zip(x).zip(density.iter().zip(&gelu));
            with.for_each(|((gradient, &x), (&density, &gelu))| {
                let cumulative = if x.abs() > tiny { gelu / x } else { half };
                *gradient = *gradient * (cumulative + x * density * root);
            });
        }
    }
}

fn saved<T>(argument: Option<&Array<T>>) -> &Array<T> {
    argument.expect("the argument was saved")
}

/// Which arguments the derivatives depend on, by those that need gradients.
pub fn needed(op: Binary, needs_grad: [bool; 2]) -> [bool; 2] {
    let [grad_x, grad_y] = needs_grad;
    match op {
        Binary::Add | Binary::Sub => [false, false],
        Binary::Mul => [grad_y, grad_x],
        Binary::Div => [grad_y, grad_x || grad_y],
        Binary::Max | Binary::Min => [grad_x || grad_y; 2],
    }
}

/// `gradient` times the derivative of `op` with respect to argument `number`. Only arguments that it depends on are read.
pub fn times_partial_derivative<T: Real>(op: Binary, number: usize, pair: [Operand<'_, T>; 2], gradient: &mut [T]) {
    let (this, other) = (pair[number], pair[1 - number]);
    let at = |operand, i: usize| match operand {
        Operand::Scalar(x) => x,
        Operand::Slice(x) => x[i],
    };
    match (op, number) {
        (Binary::Add, _) | (Binary::Sub, 0) => {}
        (Binary::Sub, _) => generic::unary(Unary::Neg, InOut::in_place(gradient)),
        (Binary::Mul, _) | (Binary::Div, 0) => generic::binary(op, InOut::in_place(gradient), other, false),
        (Binary::Div, _) => {
            let times_derivative = |(i, gradient): (usize, &mut T)| {
                let y = at(this, i);
                *gradient = -(*gradient * (at(other, i) / y / y));
            };
            gradient.iter_mut().enumerate().for_each(times_derivative);
        }
        (Binary::Max | Binary::Min, _) => {
            let times_share =
                |(i, gradient): (usize, &mut T)| *gradient = *gradient * share(op, at(this, i), at(other, i));
            gradient.iter_mut().enumerate().for_each(times_share);
        }
    }
}

/// The derivative of the maximum or minimum with respect to `x`: one half for equal arguments.
fn share<T: Number>(op: Binary, x: T, y: T) -> T {
    let first = if op == Binary::Max { x > y } else { x < y };
    match (first, x == y) {
        (true, _) => T::one(),
        (false, true) => T::one() / (T::one() + T::one()),
        _ => T::zero(),
    }
}

/// The gradients of the arguments that need one. `sizes` are those of the arguments, before broadcasting; an argument is saved
/// if the derivative depends on it.
pub fn binary<T: Float>(
    op: Binary,
    sizes: &[Vec<usize>; 2],
    [x, y]: &[Option<Array<T>>; 2],
    gradient: Array<T>,
    needs_grad: &[bool],
) -> Vec<Option<Array<T>>> {
    let both = |op, x, y| forward::binary(op, x, y);
    let [x, y] = [x.as_ref(), y.as_ref()];
    let shared = |x: Option<&Array<T>>, y: Option<&Array<T>>| {
        let [x, y] = [x, y].map(|x| saved(x).broadcast(gradient.sizes()));
        let (x, y) = (x.elements(), y.elements());
        let shares = x.iter().zip(y.iter()).map(|(&x, &y)| share(op, x, y));
        both(Binary::Mul, Array::collect(gradient.sizes(), shares), gradient.clone())
    };
    let grad_x = needs_grad[0].then(|| match op {
        Binary::Add | Binary::Sub => gradient.clone(),
        Binary::Mul => both(Binary::Mul, gradient.clone(), saved(y).clone()),
        Binary::Div => both(Binary::Div, gradient.clone(), saved(y).clone()),
        Binary::Max | Binary::Min => shared(x, y),
    });
    let grad_y = needs_grad[1].then(|| match op {
        Binary::Add => gradient.clone(),
        Binary::Sub => forward::unary(Unary::Neg, gradient.clone()),
        Binary::Mul => both(Binary::Mul, gradient.clone(), saved(x).clone()),
        Binary::Div => {
            let derivative = both(Binary::Div, both(Binary::Div, saved(x).clone(), saved(y).clone()), saved(y).clone());
            forward::unary(Unary::Neg, both(Binary::Mul, gradient.clone(), derivative))
        }
        Binary::Max | Binary::Min => shared(y, x),
    });
    drop(gradient);
    vec![grad_x.map(|found| sum_to(found, &sizes[0])), grad_y.map(|found| sum_to(found, &sizes[1]))]
}

/// The gradient of `x` in `op(x, number)`.
pub fn binary_scalar<T: Float>(op: Binary, x: Option<&Array<T>>, y: T, gradient: Array<T>) -> Array<T> {
    match op {
        Binary::Add | Binary::Sub => gradient,
        Binary::Mul | Binary::Div => forward::binary_scalar(op, gradient, y),
        Binary::Max | Binary::Min => shared_with(op, saved(x), y, gradient),
    }
}

/// The gradient of `y` in `op(number, y)`.
pub fn scalar_binary<T: Float>(op: Binary, x: T, y: Option<&Array<T>>, gradient: Array<T>) -> Array<T> {
    match op {
        Binary::Add => gradient,
        Binary::Sub => forward::unary(Unary::Neg, gradient),
        Binary::Mul => forward::binary_scalar(op, gradient, x),
        Binary::Div => {
            let derivative = forward::binary(
                Binary::Div,
                forward::scalar_binary(Binary::Div, x, saved(y).clone()),
                saved(y).clone(),
            );
            forward::unary(Unary::Neg, forward::binary(Binary::Mul, gradient, derivative))
        }
        Binary::Max | Binary::Min => shared_with(op, saved(y), x, gradient),
    }
}

fn shared_with<T: Float>(op: Binary, x: &Array<T>, y: T, gradient: Array<T>) -> Array<T> {
    let shares = Array::collect(x.sizes(), x.elements().iter().map(|&x| share(op, x, y)));
    forward::binary(Binary::Mul, gradient, shares)
}
