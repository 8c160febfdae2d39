//! Slopes of functions of each element, by operations that an engine records.

use crate::backend::{ArrayOf, Backend, Binary, Compare, Float, Unary, With, constant};
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, LN_2, LN_10, PI};

/// The derivative of `op` at `x`, where it is `y`; none where it is zero everywhere.
pub fn unary<B: Backend<Elem: Float>>(op: Unary, x: &ArrayOf<B>, y: &ArrayOf<B>) -> Option<ArrayOf<B>> {
    let of = |op, x: ArrayOf<B>| B::unary(op, x);
    let times = |x: ArrayOf<B>, y: ArrayOf<B>| B::binary(Binary::Mul, x, y);
    let by = |x: ArrayOf<B>, factor| B::binary_scalar(Binary::Mul, x, constant(factor));
    let plus = |x: ArrayOf<B>, number| B::binary_scalar(Binary::Add, x, constant(number));
    let from_one = |x: ArrayOf<B>| B::scalar_binary(Binary::Sub, constant(1.0), x);
    // Beyond ±60 the slopes of the functions that bend at zero are 0 and 1. Up to there their terms are finite in half precision.
    let near = || {
        let bound = |number: f64| B::filled(constant(number), B::sizes(y), &B::device(y));
        B::binary(Binary::Min, B::binary(Binary::Max, x.clone(), bound(-60.0)), bound(60.0))
    };
    let (x, y) = (|| x.clone(), || y.clone());
    Some(match op {
        Unary::Sign | Unary::Floor | Unary::Ceil | Unary::Round | Unary::Trunc => return None,
        Unary::Abs => of(Unary::Sign, x()),
        Unary::Neg => B::filled(constant(-1.0), B::sizes(&y()), &B::device(&y())),
        Unary::Recip => of(Unary::Neg, of(Unary::Square, y())),
        Unary::Square => by(x(), 2.0),
        Unary::Sqrt => by(of(Unary::Recip, y()), 0.5),
        Unary::Rsqrt => by(B::binary(Binary::Div, y(), x()), -0.5),
        Unary::Exp => y(),
        Unary::Exp2 => by(y(), LN_2),
        Unary::Expm1 => plus(y(), 1.0),
        Unary::Ln => of(Unary::Recip, x()),
        Unary::Log2 => by(of(Unary::Recip, x()), LN_2.recip()),
        Unary::Log10 => by(of(Unary::Recip, x()), LN_10.recip()),
        Unary::Log1p => of(Unary::Recip, plus(x(), 1.0)),
        Unary::Sin => of(Unary::Cos, x()),
        Unary::Cos => of(Unary::Neg, of(Unary::Sin, x())),
        Unary::Tan => plus(of(Unary::Square, y()), 1.0),
        Unary::Atan => of(Unary::Recip, plus(of(Unary::Square, x()), 1.0)),
        Unary::Tanh => from_one(of(Unary::Square, y())),
        Unary::Erf => by(bell::<B>(x(), 1.0), FRAC_2_SQRT_PI),
        Unary::Sigmoid => times(y(), from_one(y())),
        // 1 where the result is above zero.
        Unary::Relu => of(Unary::Sign, y()),
        // Φ(x) + x · φ(x).
        Unary::Gelu => {
            let near = near();
            let x = || near.clone();
            let below = by(plus(of(Unary::Erf, by(x(), FRAC_1_SQRT_2)), 1.0), 0.5);
            let density = by(bell::<B>(x(), 0.5), FRAC_1_SQRT_2 * FRAC_2_SQRT_PI / 2.0);
            B::binary(Binary::Add, below, times(x(), density))
        }
        // x · sigmoid(u), with u = 2 √(2/π) · (x + 0.044715 x³).
        Unary::GeluTanh => {
            let (scale, cubic) = (2.0 * (2.0 / PI).sqrt(), 0.044715);
            let near = near();
            let x = || near.clone();
            let square = of(Unary::Square, x());
            let s = of(Unary::Sigmoid, by(times(x(), plus(by(square.clone(), cubic), 1.0)), scale));
            let inner = by(plus(by(square, 3.0 * cubic), 1.0), scale);
            let grown = times(times(x(), inner), from_one(s.clone()));
            times(s, plus(grown, 1.0))
        }
        Unary::QuickGelu => {
            let inner = by(near(), 1.702);
            let s = of(Unary::Sigmoid, inner.clone());
            times(s.clone(), plus(times(inner, from_one(s)), 1.0))
        }
        Unary::Silu => {
            let near = near();
            let s = of(Unary::Sigmoid, near.clone());
            times(s.clone(), plus(times(near, from_one(s)), 1.0))
        }
        Unary::Softplus => of(Unary::Sigmoid, x()),
    })
}

/// `exp(-by · x²)`.
fn bell<B: Backend<Elem: Float>>(x: ArrayOf<B>, by: f64) -> ArrayOf<B> {
    B::unary(Unary::Exp, B::binary_scalar(Binary::Mul, B::unary(Unary::Square, x), constant(-by)))
}

/// `x` where a condition holds, zero elsewhere: what is not finite there has no part in it.
pub fn only_where<B: Backend<Elem: Float>>(condition: &ArrayOf<B, bool>, x: ArrayOf<B>) -> ArrayOf<B> {
    let zeros = B::filled(constant(0.0), B::sizes(&x), &B::device(&x));
    B::select(condition, &x, &zeros)
}

/// The slopes of a function of two numbers, of one size, where it is `value`, with respect to each of them.
pub fn binary<B: Backend<Elem: Float>>(
    op: Binary,
    [x, y]: [&ArrayOf<B>; 2],
    value: &ArrayOf<B>,
) -> [Option<ArrayOf<B>>; 2] {
    let of = |op, x: &ArrayOf<B>, y: &ArrayOf<B>| B::binary(op, x.clone(), y.clone());
    let number = |number| B::filled(constant(number), B::sizes(value), &B::device(value));
    let neg = |x| B::unary(Unary::Neg, x);
    let is = |op, x: &ArrayOf<B>| B::compare_scalar(op, x, constant::<B::Elem>(0.0));
    match op {
        Binary::Add => [Some(number(1.0)), Some(number(1.0))],
        Binary::Sub => [Some(number(1.0)), Some(number(-1.0))],
        Binary::Mul => [Some(y.clone()), Some(x.clone())],
        Binary::Div => [Some(B::unary(Unary::Recip, y.clone())), Some(neg(of(Binary::Div, value, y)))],
        // Equals have a half each.
        Binary::Max | Binary::Min => {
            let share = |[x, y]: [&ArrayOf<B>; 2]| {
                let (halves, one) = (number(0.5), number(1.0));
                let more = if op == Binary::Max { Compare::Greater } else { Compare::Less };
                let of_equals = B::select(&B::compare(Compare::Equal, x, y), &halves, &number(0.0));
                B::select(&B::compare(more, x, y), &one, &of_equals)
            };
            [Some(share([x, y])), Some(share([y, x]))]
        }
        Binary::Pow => {
            let less = B::binary_scalar(Binary::Sub, y.clone(), constant(1.0));
            let of_base = of(Binary::Mul, y, &of(Binary::Pow, x, &less));
            let of_exponent = B::binary(Binary::Mul, value.clone(), B::unary(Unary::Ln, x.clone()));
            let of_base = only_where::<B>(&is(Compare::NotEqual, y), of_base);
            [Some(of_base), Some(only_where::<B>(&is(Compare::NotEqual, x), of_exponent))]
        }
        Binary::Fmod => [Some(number(1.0)), Some(neg(B::unary(Unary::Trunc, of(Binary::Div, x, y))))],
        Binary::Remainder => [Some(number(1.0)), Some(neg(B::unary(Unary::Floor, of(Binary::Div, x, y))))],
    }
}

/// Of the largest, or smallest, along an axis, how much each element has of its slope: equals share it.
pub fn extreme<B: Backend<Elem: Float>>(x: &ArrayOf<B>, value: &ArrayOf<B>, axis: usize) -> ArrayOf<B> {
    let sizes = B::sizes(x).to_vec();
    let mut one = sizes.clone();
    one[axis] = 1;
    let along = |array: &ArrayOf<B>| B::broadcast(&B::reshape(array, &one), &sizes);
    let is_it = B::compare(Compare::Equal, x, &along(value));
    let ones = only_where::<B>(&is_it, B::filled(constant(1.0), &sizes, &B::device(x)));
    let count = B::reduce(crate::backend::Reduce::Sum, &ones, axis);
    B::binary(Binary::Div, ones, along(&count))
}

/// What is known of numbers that have slopes, where an operation is one of any elements.
pub struct Numbers<B: Backend> {
    /// The slopes of a function of two.
    pub binary: fn(Binary, [&ArrayOf<B>; 2], &ArrayOf<B>) -> [Option<ArrayOf<B>>; 2],
    /// Those of the largest or smallest.
    pub extreme: fn(&ArrayOf<B>, &ArrayOf<B>, usize) -> ArrayOf<B>,
    /// Zeros of these sizes, beside another array.
    pub zeros: fn(&[usize], &ArrayOf<B>) -> ArrayOf<B>,
}

/// Elements of this type, if they are floating-point numbers.
pub fn numbers<B: Backend>() -> Option<Numbers<B>> {
    use half::{bf16, f16};
    of::<B, f32>().or_else(of::<B, f64>).or_else(of::<B, f16>).or_else(of::<B, bf16>)
}

/// The same functions under the name of a type that turns out to be `T`.
fn of<B: Backend, T: Float>() -> Option<Numbers<B>> {
    type Functions<A> = (fn(Binary, [&A; 2], &A) -> [Option<A>; 2], fn(&A, &A, usize) -> A, fn(&[usize], &A) -> A);
    fn zeros<B: Backend<Elem: Float>>(sizes: &[usize], beside: &ArrayOf<B>) -> ArrayOf<B> {
        B::filled(constant(0.0), sizes, &B::device(beside))
    }
    let known: Functions<ArrayOf<B, T>> = (binary::<With<B, T>>, extreme::<With<B, T>>, zeros::<With<B, T>>);
    let &(binary, extreme, zeros) = (&known as &dyn std::any::Any).downcast_ref::<Functions<ArrayOf<B>>>()?;
    Some(Numbers { binary, extreme, zeros })
}
