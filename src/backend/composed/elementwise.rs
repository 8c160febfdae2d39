//! Functions of each element.

use super::or_else;
use super::rows::WideOf;
use crate::backend::{
    ArrayOf, Backend, Binary, Compare, DataType, Float, Primitive, RotaryLayout, Unary, With, constant,
};

/// A function by others: all but the absolute value, the square root, the exponential, the logarithm, the sine, the cosine and
/// the hyperbolic tangent, which an engine has.
///
/// # Panics
/// It is one of these.
pub fn unary<B: Backend<Elem: Float>>(op: Unary, x: ArrayOf<B>) -> ArrayOf<B> {
    let times = |x, y| B::binary(Binary::Mul, x, y);
    let scaled = |x, by| B::binary_scalar(Binary::Mul, x, constant(by));
    let plus = |x, y| B::binary_scalar(Binary::Add, x, constant(y));
    match op {
        Unary::Neg => scaled(x, -1.0),
        Unary::Recip => B::scalar_binary(Binary::Div, constant(1.0), x),
        Unary::Square => times(x.clone(), x),
        Unary::Rsqrt => B::unary(Unary::Recip, B::unary(Unary::Sqrt, x)),
        Unary::Exp2 => B::unary(Unary::Exp, scaled(x, std::f64::consts::LN_2)),
        Unary::Expm1 => near_zero::<B>(
            x,
            0.5,
            |x| times(x.clone(), series::<B>(&x, [9, 16], |term| (2..=term + 1).map(|i| 1.0 / i as f64).product())),
            |x| plus(B::unary(Unary::Exp, x), -1.0),
        ),
        Unary::Log2 => scaled(B::unary(Unary::Ln, x), std::f64::consts::LOG2_E),
        Unary::Log10 => scaled(B::unary(Unary::Ln, x), std::f64::consts::LOG10_E),
        // ln(1 + x) = 2 artanh(s), where s = x / (x + 2).
        Unary::Log1p => near_zero::<B>(
            x,
            0.5,
            |x| {
                let s = B::binary(Binary::Div, x.clone(), plus(x, 2.0));
                times(s.clone(), series::<B>(&times(s.clone(), s), [8, 17], |term| 2.0 / (2 * term + 1) as f64))
            },
            |x| B::unary(Unary::Ln, plus(x, 1.0)),
        ),
        Unary::Tan => B::binary(Binary::Div, B::unary(Unary::Sin, x.clone()), B::unary(Unary::Cos, x)),
        Unary::Atan => angle::<B>(x),
        Unary::Erf if B::Elem::DATA_TYPE == DataType::F64 => double_error_function::<B>(x),
        Unary::Erf => error_function::<B>(x),
        Unary::Sign | Unary::Floor | Unary::Ceil | Unary::Round | Unary::Trunc => {
            let wide = B::cast::<WideOf<B>>(&B::detach(x.clone()));
            let found = With::<B, WideOf<B>>::cast::<B::Elem>(&step::<With<B, WideOf<B>>>(op, wide));
            if !B::is_tracked(&x) {
                return found;
            }
            // Its derivative is zero, and no constant, which has none.
            let never = With::<B, bool>::filled(false, B::sizes(&x), &B::device(&x));
            B::select(&never, &x, &found)
        }
        // At zero, which is not above zero, it has no slope.
        Unary::Relu => {
            let zeros = B::filled(constant(0.0), B::sizes(&x), &B::device(&x));
            B::select(&B::compare_scalar(Compare::LessOrEqual, &x, constant(0.0)), &zeros, &x)
        }
        Unary::Sigmoid => B::unary(Unary::Recip, plus(B::unary(Unary::Exp, B::unary(Unary::Neg, x)), 1.0)),
        Unary::Silu => times(x.clone(), B::unary(Unary::Sigmoid, x)),
        Unary::QuickGelu => times(x.clone(), B::unary(Unary::Sigmoid, scaled(x, 1.702))),
        // Of -|x| the exponential is at most 1.
        Unary::Softplus => {
            let small = B::unary(Unary::Exp, B::unary(Unary::Neg, B::unary(Unary::Abs, x.clone())));
            B::binary(Binary::Add, B::unary(Unary::Relu, x), B::unary(Unary::Ln, plus(small, 1.0)))
        }
        Unary::Gelu => {
            let erf = B::unary(Unary::Erf, scaled(x.clone(), std::f64::consts::FRAC_1_SQRT_2));
            times(scaled(x, 0.5), plus(erf, 1.0))
        }
        Unary::GeluTanh => {
            let cube = times(B::unary(Unary::Square, x.clone()), x.clone());
            let inner = B::binary(Binary::Add, x.clone(), scaled(cube, 0.044715));
            let tanh = B::unary(Unary::Tanh, scaled(inner, (2.0 / std::f64::consts::PI).sqrt()));
            times(scaled(x, 0.5), plus(tanh, 1.0))
        }
        Unary::Abs | Unary::Sqrt | Unary::Exp | Unary::Ln | Unary::Sin | Unary::Cos | Unary::Tanh => {
            panic!("{op:?} is an operation of the engine itself")
        }
    }
}

/// One function of what is nearer to zero than this limit, and another one of the rest.
fn near_zero<B: Backend<Elem: Float>>(
    x: ArrayOf<B>,
    limit: f64,
    near: impl FnOnce(ArrayOf<B>) -> ArrayOf<B>,
    far: impl FnOnce(ArrayOf<B>) -> ArrayOf<B>,
) -> ArrayOf<B> {
    let is_near = B::compare_scalar(Compare::Less, &B::unary(Unary::Abs, B::detach(x.clone())), constant(limit));
    // The slope of what is not chosen has to be a number too.
    let near = near(or_else::<B>(&is_near, &x, constant(0.0)));
    B::select(&is_near, &near, &far(x))
}

/// The sum of powers of `x`, from 0 on, times their coefficients: of so many terms, and for double numbers of so many.
fn series<B: Backend<Elem: Float>>(
    x: &ArrayOf<B>,
    [single, double]: [usize; 2],
    coefficient: impl Fn(usize) -> f64,
) -> ArrayOf<B> {
    let last = if B::Elem::DATA_TYPE == DataType::F64 { double } else { single } - 1;
    let mut sum = B::filled(constant(coefficient(last)), B::sizes(x), &B::device(x));
    for term in (0..last).rev() {
        let product = B::binary(Binary::Mul, sum, x.clone());
        sum = B::binary_scalar(Binary::Add, product, constant(coefficient(term)));
    }
    sum
}

/// A function that is a whole number everywhere.
fn step<B: Backend<Elem: Float>>(op: Unary, x: ArrayOf<B>) -> ArrayOf<B> {
    // From here on all numbers are whole, and sums with it are rounded to such, of two to the even one.
    let whole: B::Elem = constant(if B::Elem::DATA_TYPE == DataType::F64 { 2f64.powi(52) } else { 2f64.powi(23) });
    let zero = constant(0.0);
    let moved = |op, x: &ArrayOf<B>, by| B::binary_scalar(op, x.clone(), by);
    let is = |op, x: &ArrayOf<B>, y: &ArrayOf<B>| B::compare(op, x, y);
    let signed = |size: &ArrayOf<B>| {
        let is_negative = B::compare_scalar(Compare::Less, &x, zero);
        B::select(&is_negative, &B::unary(Unary::Neg, size.clone()), size)
    };
    let size = B::unary(Unary::Abs, x.clone());
    if op == Unary::Sign {
        let ones = B::filled(constant(1.0), B::sizes(&x), &B::device(&x));
        // Zero stays, and what is no number.
        return signed(&B::select(&B::compare_scalar(Compare::Greater, &size, zero), &ones, &size));
    }
    let nearest = moved(Binary::Sub, &moved(Binary::Add, &size, whole), whole);
    let nearest = B::select(&B::compare_scalar(Compare::Less, &size, whole), &nearest, &size);
    let one = constant(1.0);
    match op {
        Unary::Trunc => {
            let is_above = is(Compare::Greater, &nearest, &size);
            signed(&B::select(&is_above, &moved(Binary::Sub, &nearest, one), &nearest))
        }
        Unary::Floor => {
            let nearest = signed(&nearest);
            B::select(&is(Compare::Greater, &nearest, &x), &moved(Binary::Sub, &nearest, one), &nearest)
        }
        Unary::Ceil => {
            let nearest = signed(&nearest);
            B::select(&is(Compare::Less, &nearest, &x), &moved(Binary::Add, &nearest, one), &nearest)
        }
        _ => signed(&nearest),
    }
}

/// The angle of a tangent. Beyond 1 it is what that of the reciprocal leaves of a right angle; halved twice, by
/// `tan(a / 2) = tan(a) / (1 + √(1 + tan²(a)))`, it is next to zero, where the series is short.
fn angle<B: Backend<Elem: Float>>(x: ArrayOf<B>) -> ArrayOf<B> {
    use std::f64::consts::FRAC_PI_2;
    let plus = |x, y| B::binary_scalar(Binary::Add, x, constant(y));
    let times = |x, y| B::binary(Binary::Mul, x, y);
    let full = |value| B::filled(constant(value), B::sizes(&x), &B::device(&x));
    let is_steep = B::compare_scalar(Compare::Greater, &B::unary(Unary::Abs, B::detach(x.clone())), constant(1.0));
    let steep = B::select(&is_steep, &x, &full(1.0));
    let mut tangent = B::select(&is_steep, &B::unary(Unary::Recip, steep), &x);
    for _ in 0..2 {
        let root = B::unary(Unary::Sqrt, plus(times(tangent.clone(), tangent.clone()), 1.0));
        tangent = B::binary(Binary::Div, tangent, plus(root, 1.0));
    }
    let term = |term: usize| 4.0 * if term.is_multiple_of(2) { 1.0 } else { -1.0 } / (2 * term + 1) as f64;
    let powers = series::<B>(&times(tangent.clone(), tangent.clone()), [6, 13], term);
    let flat = times(tangent, powers);
    let is_above = B::compare_scalar(Compare::Greater, &x, constant(0.0));
    let right = B::select(&is_above, &full(FRAC_PI_2), &full(-FRAC_PI_2));
    B::select(&is_steep, &B::binary(Binary::Sub, right, flat.clone()), &flat)
}

/// The error function, to 2e-7 of its value: Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26, and next to zero
/// by its series, 7.1.5.
fn error_function<B: Backend<Elem: Float>>(x: ArrayOf<B>) -> ArrayOf<B> {
    let term = |term: usize| {
        let factorial: f64 = (1..=term).map(|i| -(i as f64)).product();
        std::f64::consts::FRAC_2_SQRT_PI / (factorial * (2 * term + 1) as f64)
    };
    let times = |x, y| B::binary(Binary::Mul, x, y);
    let near = |x: ArrayOf<B>| times(x.clone(), series::<B>(&B::unary(Unary::Square, x), [10, 10], term));
    near_zero::<B>(x, 1.0, near, far_error_function::<B>)
}

fn far_error_function<B: Backend<Elem: Float>>(x: ArrayOf<B>) -> ArrayOf<B> {
    const COEFFICIENTS: [f64; 5] = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592];
    let plus = |x, y| B::binary_scalar(Binary::Add, x, constant(y));
    let zero = constant(0.0);
    let size = B::unary(Unary::Abs, x.clone());
    let scaled = B::binary_scalar(Binary::Mul, size.clone(), constant(0.3275911));
    let t = B::unary(Unary::Recip, plus(scaled, 1.0));
    let [first, others @ ..] = COEFFICIENTS;
    let mut sum = B::binary_scalar(Binary::Mul, t.clone(), constant(first));
    for coefficient in others {
        sum = B::binary(Binary::Mul, plus(sum, coefficient), t.clone());
    }
    let fall = B::unary(Unary::Exp, B::unary(Unary::Neg, B::unary(Unary::Square, size)));
    let above = B::scalar_binary(Binary::Sub, constant(1.0), B::binary(Binary::Mul, sum, fall));
    let is_negative = B::compare_scalar(Compare::Less, &x, zero);
    B::select(&is_negative, &B::unary(Unary::Neg, above.clone()), &above)
}

/// The error function to the last digits of a double number, by its series of terms of one sign: 7.1.6 of the Handbook.
fn double_error_function<B: Backend<Elem: Float>>(x: ArrayOf<B>) -> ArrayOf<B> {
    // From here on it is 1, as a double number, and so many terms are enough.
    const LARGEST: f64 = 6.0;
    const TERMS: usize = 128;
    let (scaled, plus) =
        (|x, by| B::binary_scalar(Binary::Mul, x, constant(by)), |x, y| B::binary_scalar(Binary::Add, x, constant(y)));
    let x = B::binary_scalar(Binary::Min, B::binary_scalar(Binary::Max, x, constant(-LARGEST)), constant(LARGEST));
    let square = B::unary(Unary::Square, x.clone());
    let mut sum = B::filled(constant(1.0), B::sizes(&x), &B::device(&x));
    for term in (1..=TERMS).rev() {
        let next = B::binary(Binary::Mul, sum, scaled(square.clone(), 2.0 / (2 * term + 1) as f64));
        sum = plus(next, 1.0);
    }
    let fall = B::unary(Unary::Exp, B::unary(Unary::Neg, square));
    let slope = scaled(B::binary(Binary::Mul, x, fall), std::f64::consts::FRAC_2_SQRT_PI);
    B::binary(Binary::Mul, slope, sum)
}

/// See [`Backend::rotate`].
pub fn rotate<B: Backend<Elem: Float>>(
    x: &ArrayOf<B>,
    [cos, sin]: [&ArrayOf<B>; 2],
    layout: RotaryLayout,
) -> ArrayOf<B> {
    let sizes = B::sizes(x).to_vec();
    let &[batch, heads, sequence, d] = &sizes[..] else { panic!("heads are (batch, heads, sequence, d)") };
    // The two of a pair along an axis of their own.
    let (pairs, axis) = match layout {
        RotaryLayout::Half => ([batch, heads, sequence, 2, d / 2], 3),
        RotaryLayout::Interleaved => ([batch, heads, sequence, d / 2, 2], 4),
    };
    let mut half = pairs;
    half[axis] = 1;
    let of_heads = |angles: &ArrayOf<B>| {
        let of_one = [batch, 1, sequence, half[3], half[4]];
        B::broadcast(&B::reshape(&B::detach(angles.clone()), &of_one), &half)
    };
    let [cos, sin] = [cos, sin].map(of_heads);
    let split = B::reshape(x, &pairs);
    let [first, second] = [0, 1].map(|i| B::narrow(&split, axis, i, 1));
    let times = |x: &ArrayOf<B>, y: &ArrayOf<B>| B::binary(Binary::Mul, x.clone(), y.clone());
    let rotated = [
        B::binary(Binary::Sub, times(&first, &cos), times(&second, &sin)),
        B::binary(Binary::Add, times(&second, &cos), times(&first, &sin)),
    ];
    B::reshape(&B::concat(&rotated.each_ref(), axis), &sizes)
}

/// The numbers from 0 on along an axis, the same at all places of the others.
pub(crate) fn positions<B: Backend>(axis: usize, sizes: &[usize], beside: &ArrayOf<B>) -> ArrayOf<B, u32> {
    let mut own = vec![1; sizes.len()];
    own[axis] = sizes[axis];
    let numbers = With::<B, u32>::reshape(&With::<B, u32>::range(sizes[axis], &B::device(beside)), &own);
    With::<B, u32>::broadcast(&numbers, sizes)
}

/// Integers as multiples of a unit of each row.
pub(crate) fn of_multiples<B: Backend<Elem: Float>>(numbers: &ArrayOf<B, i8>, units: &ArrayOf<B, f32>) -> ArrayOf<B> {
    let units = With::<B, f32>::broadcast(units, With::<B, i8>::sizes(numbers));
    let numbers = With::<B, i8>::cast::<f32>(numbers);
    With::<B, f32>::cast::<B::Elem>(&With::<B, f32>::binary(Binary::Mul, numbers, units))
}
