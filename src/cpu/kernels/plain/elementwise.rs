//! Functions of each number.

use crate::backend::{Binary, Number, Real, Unary};
use crate::cpu::kernels::in_out::{InOut, Link, Operand};

/// `op` on each number and the operand; in the other order, if they are swapped.
pub fn binary<T: Number>(op: Binary, x: InOut<'_, T>, y: Operand<'_, T>, swapped: bool) {
    // Each operation is named where its loop is compiled, so that the loop holds no choice.
    macro_rules! each { ($($op:ident)*) => {
        match (op, y, swapped) {$(
            (Binary::$op, Operand::Slice(y), false) => x.zip(y, |x, y| T::binary(Binary::$op, x, y)),
            (Binary::$op, Operand::Slice(y), true) => x.zip(y, |x, y| T::binary(Binary::$op, y, x)),
            (Binary::$op, Operand::Scalar(y), false) => x.map(|x| T::binary(Binary::$op, x, y)),
            (Binary::$op, Operand::Scalar(y), true) => x.map(|x| T::binary(Binary::$op, y, x)),
        )*}
    } }
    each!(Add Sub Mul Div Max Min Pow Fmod Remainder)
}

/// `op` on each number.
pub fn unary<T: Real>(op: Unary, x: InOut<'_, T>) {
    let (zero, one, constant) = (T::zero(), T::one(), T::constant);
    match op {
        Unary::Abs => x.map(T::abs),
        Unary::Neg => x.map(|x: T| -x),
        Unary::Recip => x.map(T::recip),
        Unary::Square => x.map(|x: T| x * x),
        Unary::Sqrt => x.map(T::sqrt),
        Unary::Rsqrt => x.map(|x: T| x.sqrt().recip()),
        Unary::Exp => x.map(T::exp),
        Unary::Exp2 => x.map(T::exp2),
        Unary::Expm1 => x.map(T::exp_m1),
        Unary::Ln => x.map(T::ln),
        Unary::Log2 => x.map(T::log2),
        Unary::Log10 => x.map(T::log10),
        Unary::Log1p => x.map(T::ln_1p),
        Unary::Sin => x.map(T::sin),
        Unary::Cos => x.map(T::cos),
        Unary::Tan => x.map(T::tan),
        Unary::Atan => x.map(T::atan),
        Unary::Tanh => x.map(T::tanh),
        Unary::Erf => x.map(|x| Real::erf(x)),
        Unary::Sign => x.map(|x: T| {
            if x > zero {
                one
            } else if x < zero {
                -one
            } else {
                x
            }
        }),
        Unary::Floor => x.map(T::floor),
        Unary::Ceil => x.map(T::ceil),
        Unary::Round => x.map(Real::round_ties_even),
        Unary::Trunc => x.map(T::trunc),
        Unary::Sigmoid => x.map(|x: T| one / (one + (-x).exp())),
        Unary::Relu => x.map(|x: T| if x < zero { zero } else { x }),
        Unary::Gelu => {
            let (half, root) = (constant(0.5), constant(std::f64::consts::FRAC_1_SQRT_2));
            x.map(|x: T| x * half * (one + (x * root).erf()))
        }
        Unary::GeluTanh => {
            // (1 + tanh(u)) / 2 = 1 / (1 + exp(-2u)), which is faster and loses no digits where u is negative.
            let (cubic, scale) = (constant(0.044715), constant(-2.0 * (2.0 / std::f64::consts::PI).sqrt()));
            x.map(|x: T| x / (one + (scale * (x + cubic * x * x * x)).exp()))
        }
        Unary::QuickGelu => {
            let scale = constant(-1.702);
            x.map(|x: T| x / (one + (scale * x).exp()))
        }
        Unary::Silu => x.map(|x: T| x / (one + (-x).exp())),
        Unary::Softplus => x.map(|x: T| if x > zero { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() }),
    }
}

/// The operations one after another on each number, one pass for each.
pub fn chain<T: Real>(mut x: InOut<'_, T>, links: &[Link<'_, T>]) {
    let len = x.len();
    for (i, link) in links.iter().enumerate() {
        let part = if i == 0 { x.part(0..len) } else { InOut::in_place(x.to()) };
        match *link {
            Link::Unary(op) => unary(op, part),
            Link::Binary(op, y, swapped) => binary(op, part, y, swapped),
        }
    }
}
