//! Gradients of functions of each element.

use super::reduce::sum_to;
use crate::backend::{Binary, Float, Number, Real, Unary};
use crate::cpu::array::Array;
use crate::cpu::kernels::{InOut, Operand, all_widened, calculate, generic};
use crate::cpu::ops::elementwise::{self as each, CHUNK};

/// Whether the slope is calculated of the result, and not of the argument.
pub fn is_by_result(op: Unary) -> bool {
    matches!(op, Unary::Recip | Unary::Sqrt | Unary::Exp | Unary::Tanh | Unary::Sigmoid | Unary::Relu)
}

/// `gradient` times the slope of `op`, of its argument or its result.
pub fn unary<T: Float>(op: Unary, of: &Array<T>, gradient: Array<T>) -> Array<T> {
    let of = of.elements();
    gradient.transform(CHUNK, CHUNK * 16, |chunk, gradient| {
        let of = all_widened(&of[chunk * CHUNK..][..gradient.len()]);
        calculate(gradient, |gradient| times_slope(op, &of, gradient.copied()));
    })
}

/// `op` of `f` of each element.
fn all<T: Real>(op: Unary, x: &[T], f: impl Fn(T) -> T) -> Vec<T> {
    let mut found: Vec<T> = x.iter().map(|&x| f(x)).collect();
    generic::unary(op, InOut::in_place(&mut found));
    found
}

/// `gradient` times the slope of `op`, by its argument or its result. The kernels of functions that the processor has no
/// instructions for are used on whole slices.
pub fn times_slope<T: Real>(op: Unary, x: &[T], gradient: &mut [T]) {
    if generic::times_slope(op, x, gradient) {
        return;
    }
    let (zero, one, constant) = (T::zero(), T::one(), T::constant);
    // Each loop is compiled for its own slope.
    macro_rules! times {
        ($slope:expr) => {{
            let slope = $slope;
            gradient.iter_mut().zip(x).for_each(|(gradient, &x)| *gradient = *gradient * slope(x))
        }};
    }
    macro_rules! times_with {
        ($other:expr, $slope:expr) => {{
            let (other, slope) = ($other, $slope);
            let with = gradient.iter_mut().zip(x).zip(&other);
            with.for_each(|((gradient, &x), &other)| *gradient = *gradient * slope(x, other))
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
        Unary::Sin => times_with!(all(Unary::Cos, x, |x| x), |_, cos: T| cos),
        Unary::Cos => times_with!(all(Unary::Sin, x, |x| x), |_, sin: T| -sin),
        // By the result.
        Unary::Relu => times!(|y: T| if y > zero { one } else { zero }),
        Unary::Recip => times!(|y: T| -(y * y)),
        Unary::Sqrt => {
            let half = constant(0.5);
            gradient.iter_mut().zip(x).for_each(|(gradient, &y)| *gradient = *gradient * half / y);
        }
        Unary::Exp => times!(|y: T| y),
        Unary::Tanh => times!(|y: T| one - y * y),
        Unary::Sigmoid => times!(|y: T| y * (one - y)),
        Unary::Silu => times_with!(all(Unary::Sigmoid, x, |x| x), |x: T, s: T| s * (one + x * (one - s))),
        Unary::Softplus => times_with!(all(Unary::Sigmoid, x, |x| x), |_, s: T| s),
        Unary::GeluTanh => {
            // x · sigmoid(u) with u = 2 √(2/π) · (x + 0.044715 x³).
            let (scale, cubic) = (constant(2.0 * (2.0 / std::f64::consts::PI).sqrt()), constant(0.044715));
            let inner = |x: T| scale * (x + cubic * x * x * x);
            let slope = |x: T| scale * (one + constant(3.0) * cubic * x * x);
            times_with!(all(Unary::Sigmoid, x, inner), |x: T, s: T| s + x * s * (one - s) * slope(x))
        }
        Unary::Gelu => {
            // Φ(x) + x · φ(x), where Φ(x) is GELU by x: beside zero, its value there.
            let density = all(Unary::Exp, x, |x| constant(-0.5) * x * x);
            let (root, tiny, half) = (constant((0.5 / std::f64::consts::PI).sqrt()), constant(1e-20), constant(0.5));
            let gelu = all(Unary::Gelu, x, |x| x);
            let with = gradient.iter_mut().zip(x).zip(density.iter().zip(&gelu));
            with.for_each(|((gradient, &x), (&density, &gelu))| {
                let cumulative = if x.abs() > tiny { gelu / x } else { half };
                *gradient = *gradient * (cumulative + x * density * root);
            });
        }
    }
}

fn kept<T>(argument: Option<&Array<T>>) -> &Array<T> {
    argument.expect("the argument was kept")
}

/// Which arguments the slopes in those that are wanted depend on.
pub fn needed(op: Binary, wanted: [bool; 2]) -> [bool; 2] {
    let [of_x, of_y] = wanted;
    match op {
        Binary::Add | Binary::Sub => [false, false],
        Binary::Mul => [of_y, of_x],
        Binary::Div => [of_y, of_x || of_y],
        Binary::Max | Binary::Min => [of_x || of_y; 2],
    }
}

/// `gradient` times the slope of `op` in the argument of this number. Those arguments are read that the slope depends on.
pub fn times_slope_of_pair<T: Real>(op: Binary, number: usize, pair: [Operand<'_, T>; 2], gradient: &mut [T]) {
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
            let times_slope = |(i, gradient): (usize, &mut T)| {
                let y = at(this, i);
                *gradient = -(*gradient * (at(other, i) / y / y));
            };
            gradient.iter_mut().enumerate().for_each(times_slope);
        }
        (Binary::Max | Binary::Min, _) => {
            let times_share =
                |(i, gradient): (usize, &mut T)| *gradient = *gradient * share(op, at(this, i), at(other, i));
            gradient.iter_mut().enumerate().for_each(times_share);
        }
    }
}

/// The share of the first of two in the larger, or the smaller: equals share it.
fn share<T: Number>(op: Binary, x: T, y: T) -> T {
    let first = if op == Binary::Max { x > y } else { x < y };
    match (first, x == y) {
        (true, _) => T::one(),
        (false, true) => T::one() / (T::one() + T::one()),
        _ => T::zero(),
    }
}

/// Of the two arguments, of these sizes, those that are wanted. Each is kept that the slope depends on.
pub fn binary<T: Float>(
    op: Binary,
    sizes: &[Vec<usize>; 2],
    [x, y]: &[Option<Array<T>>; 2],
    gradient: Array<T>,
    wanted: &[bool],
) -> Vec<Option<Array<T>>> {
    let both = |op, x, y| each::binary(op, x, y);
    let [x, y] = [x.as_ref(), y.as_ref()];
    let shared = |x: Option<&Array<T>>, y: Option<&Array<T>>| {
        let [x, y] = [x, y].map(|x| kept(x).broadcast(gradient.sizes()));
        let (x, y) = (x.elements(), y.elements());
        let shares = x.iter().zip(y.iter()).map(|(&x, &y)| share(op, x, y));
        both(Binary::Mul, Array::collect(gradient.sizes(), shares), gradient.clone())
    };
    let of_x = wanted[0].then(|| match op {
        Binary::Add | Binary::Sub => gradient.clone(),
        Binary::Mul => both(Binary::Mul, gradient.clone(), kept(y).clone()),
        Binary::Div => both(Binary::Div, gradient.clone(), kept(y).clone()),
        Binary::Max | Binary::Min => shared(x, y),
    });
    let of_y = wanted[1].then(|| match op {
        Binary::Add => gradient.clone(),
        Binary::Sub => each::unary(Unary::Neg, gradient.clone()),
        Binary::Mul => both(Binary::Mul, gradient.clone(), kept(x).clone()),
        Binary::Div => {
            let slope = both(Binary::Div, both(Binary::Div, kept(x).clone(), kept(y).clone()), kept(y).clone());
            each::unary(Unary::Neg, both(Binary::Mul, gradient.clone(), slope))
        }
        Binary::Max | Binary::Min => shared(y, x),
    });
    drop(gradient);
    vec![of_x.map(|found| sum_to(found, &sizes[0])), of_y.map(|found| sum_to(found, &sizes[1]))]
}

/// Of the argument before a number.
pub fn binary_scalar<T: Float>(op: Binary, x: Option<&Array<T>>, y: T, gradient: Array<T>) -> Array<T> {
    match op {
        Binary::Add | Binary::Sub => gradient,
        Binary::Mul | Binary::Div => each::binary_scalar(op, gradient, y),
        Binary::Max | Binary::Min => shared_with(op, kept(x), y, gradient),
    }
}

/// Of the argument behind a number.
pub fn scalar_binary<T: Float>(op: Binary, x: T, y: Option<&Array<T>>, gradient: Array<T>) -> Array<T> {
    match op {
        Binary::Add => gradient,
        Binary::Sub => each::unary(Unary::Neg, gradient),
        Binary::Mul => each::binary_scalar(op, gradient, x),
        Binary::Div => {
            let slope =
                each::binary(Binary::Div, each::scalar_binary(Binary::Div, x, kept(y).clone()), kept(y).clone());
            each::unary(Unary::Neg, each::binary(Binary::Mul, gradient, slope))
        }
        Binary::Max | Binary::Min => shared_with(op, kept(y), x, gradient),
    }
}

fn shared_with<T: Float>(op: Binary, x: &Array<T>, y: T, gradient: Array<T>) -> Array<T> {
    let shares = Array::collect(x.sizes(), x.elements().iter().map(|&x| share(op, x, y)));
    each::binary(Binary::Mul, gradient, shares)
}
