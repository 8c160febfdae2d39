//! Backward passes of elementwise functions.

use super::reduce::sum_to;
use crate::backend::{Binary, Float, Number, Real, Unary};
use crate::cpu::array::Array;
use crate::cpu::kernels::{InOut, Operand, all_widened, calculate, generic};
use crate::cpu::ops::elementwise::{self as forward, CHUNK};

/// What a derivative is computed from.
#[derive(Clone, Copy, PartialEq)]
pub enum DerivativeOf {
    Nothing,
    Argument,
    Result,
}

pub fn derivative_of(op: Unary) -> DerivativeOf {
    match op {
        Unary::Neg | Unary::Sign | Unary::Floor | Unary::Ceil | Unary::Round | Unary::Trunc => DerivativeOf::Nothing,
        Unary::Recip | Unary::Sqrt | Unary::Exp | Unary::Exp2 | Unary::Tan => DerivativeOf::Result,
        Unary::Tanh | Unary::Sigmoid | Unary::Relu => DerivativeOf::Result,
        _ => DerivativeOf::Argument,
    }
}

/// Whether the derivative is computed from the result, and not from the argument.
pub fn derivative_uses_result(op: Unary) -> bool {
    derivative_of(op) == DerivativeOf::Result
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
    macro_rules! over {
        ($divisor:expr) => {{
            let divisor = $divisor;
            gradient.iter_mut().zip(x).for_each(|(gradient, &x)| *gradient = *gradient / divisor(x))
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
        Unary::Ln => over!(|x: T| x),
        Unary::Log2 => over!(|x: T| x * constant(std::f64::consts::LN_2)),
        Unary::Log10 => over!(|x: T| x * constant(std::f64::consts::LN_10)),
        Unary::Log1p => over!(|x: T| x + one),
        Unary::Atan => over!(|x: T| one + x * x),
        Unary::Rsqrt => over!(|x: T| constant(-2.0) * x * x.sqrt()),
        Unary::Expm1 => times_with!(map_unary(Unary::Exp, x, |x| x), |_, exponential: T| exponential),
        Unary::Erf => {
            let fall = map_unary(Unary::Exp, x, |x| -(x * x));
            times_with!(fall, |_, fall: T| fall * constant(std::f64::consts::FRAC_2_SQRT_PI))
        }
        Unary::Sign | Unary::Floor | Unary::Ceil | Unary::Round | Unary::Trunc => gradient.fill(zero),
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
        Unary::Exp2 => times!(|y: T| y * constant(std::f64::consts::LN_2)),
        Unary::Tan => times!(|y: T| one + y * y),
        Unary::Tanh => times!(|y: T| one - y * y),
        Unary::Sigmoid => times!(|y: T| y * (one - y)),
        Unary::QuickGelu => {
            let scale = constant(1.702);
            // The product with x last, so that none of its factors is infinite.
            times_with!(map_unary(Unary::Sigmoid, x, |x| scale * x), |x: T, s: T| s + scale * (x * (s * (one - s))))
        }
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
        Binary::Max | Binary::Min | Binary::Pow => [grad_x || grad_y; 2],
        Binary::Fmod | Binary::Remainder => [grad_y; 2],
    }
}

/// `gradient` times the derivative of `op` with respect to argument `number`. Only arguments that it depends on are read.
pub fn times_partial_derivative<T: Real>(op: Binary, number: usize, pair: [Operand<'_, T>; 2], gradient: &mut [T]) {
    let [x, y] = pair.map(|operand| {
        move |i: usize| match operand {
            Operand::Scalar(x) => x,
            Operand::Slice(x) => x[i],
        }
    });
    // A loop for each derivative.
    macro_rules! times {
        ($derivative:expr) => {{
            let derivative = $derivative;
            let all = gradient.iter_mut().enumerate();
            all.for_each(|(i, gradient)| *gradient = *gradient * derivative(x(i), y(i)))
        }};
    }
    match (op, number) {
        (Binary::Add, _) | (Binary::Sub | Binary::Fmod | Binary::Remainder, 0) => {}
        (Binary::Sub, _) => generic::unary(Unary::Neg, InOut::in_place(gradient)),
        (Binary::Mul, _) | (Binary::Div, 0) => {
            generic::binary(op, InOut::in_place(gradient), pair[1 - number], false);
        }
        (Binary::Div, _) => times!(|x: T, y: T| -(x / y / y)),
        (Binary::Max | Binary::Min, 0) => times!(|x, y| share(op, x, y)),
        (Binary::Max | Binary::Min, _) => times!(|x, y| share(op, y, x)),
        (Binary::Pow, 0) => times!(|x: T, y: T| match y {
            y if y.is_zero() => y,
            y if y == T::constant(2.0) => x + x,
            _ => y * x.powf(y - T::one()),
        }),
        (Binary::Pow, _) => times!(|x: T, y: T| match x {
            x if x.is_zero() && y >= T::zero() => T::zero(),
            _ => x.powf(y) * x.ln(),
        }),
        (Binary::Fmod, _) => times!(|x: T, y: T| -(x / y).trunc()),
        (Binary::Remainder, _) => times!(|x: T, y: T| -(x / y).floor()),
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

/// An argument of a function of two numbers.
#[derive(Clone, Copy)]
enum Argument<'a, T> {
    Number(T),
    /// One that may be broadcast, where the derivative depends on it.
    Array(Option<&'a Array<T>>),
}

/// `gradient` times the derivative of `op` with respect to argument `number`.
fn times_partial<T: Float>(op: Binary, number: usize, pair: [Argument<'_, T>; 2], gradient: Array<T>) -> Array<T> {
    // What is linear is so for arrays of any layout.
    match (op, pair[1 - number]) {
        (Binary::Add, _) => return gradient,
        (Binary::Sub, _) if number == 1 => return forward::unary(Unary::Neg, gradient),
        (Binary::Sub | Binary::Fmod | Binary::Remainder, _) if number == 0 => return gradient,
        (Binary::Mul, Argument::Array(other)) => return forward::binary(op, gradient, saved(other).clone()),
        (Binary::Div, Argument::Array(other)) if number == 0 => {
            return forward::binary(op, gradient, saved(other).clone());
        }
        (Binary::Mul, Argument::Number(other)) => return forward::binary_scalar(op, gradient, other),
        (Binary::Div, Argument::Number(other)) if number == 0 => return forward::binary_scalar(op, gradient, other),
        _ => {}
    }
    let sizes = gradient.sizes().to_vec();
    let whole = pair.map(|argument| match argument {
        Argument::Number(_) => None,
        Argument::Array(array) => Some(saved(array).broadcast(&sizes)),
    });
    let elements = whole.each_ref().map(|array| array.as_ref().map(Array::elements));
    gradient.transform(CHUNK, CHUNK * 16, |chunk, gradient| {
        let len = gradient.len();
        let part = elements.each_ref().map(|of| of.as_ref().map(|of| all_widened(&of[chunk * CHUNK..][..len])));
        let operand = |i: usize| match (pair[i], &part[i]) {
            (Argument::Number(x), _) => Operand::Scalar(x.widened()),
            (_, part) => Operand::Slice(part.as_deref().unwrap_or_default()),
        };
        let pair = [operand(0), operand(1)];
        calculate(gradient, |gradient| times_partial_derivative(op, number, pair, gradient.copied()));
    })
}

/// The gradients of the arguments that need one. `sizes` are those of the arguments, before broadcasting; an argument is saved
/// if the derivative depends on it.
pub fn binary<T: Float>(
    op: Binary,
    sizes: &[Vec<usize>; 2],
    pair: &[Option<Array<T>>; 2],
    gradient: Array<T>,
    needs_grad: &[bool],
) -> Vec<Option<Array<T>>> {
    let pair = pair.each_ref().map(|array| Argument::Array(array.as_ref()));
    let of = |number: usize| needs_grad[number].then(|| times_partial(op, number, pair, gradient.clone()));
    let found = [of(0), of(1)];
    drop(gradient);
    found.into_iter().zip(sizes).map(|(found, sizes)| found.map(|found| sum_to(found, sizes))).collect()
}

/// The gradient of `x` in `op(x, number)`.
pub fn binary_scalar<T: Float>(op: Binary, x: Option<&Array<T>>, y: T, gradient: Array<T>) -> Array<T> {
    times_partial(op, 0, [Argument::Array(x), Argument::Number(y)], gradient)
}

/// The gradient of `y` in `op(number, y)`.
pub fn scalar_binary<T: Float>(op: Binary, x: T, y: Option<&Array<T>>, gradient: Array<T>) -> Array<T> {
    times_partial(op, 1, [Argument::Number(x), Argument::Array(y)], gradient)
}
