//! Functions of one and of two numbers, and programs of them.

use super::Near;
use crate::backend::{Binary, Program, Step, Unary};
use crate::conformance::sample::Sample;

pub fn unary(op: Unary, x: f64) -> Near {
    let sigmoid = 1.0 / (1.0 + (-x).exp());
    let value = match op {
        Unary::Abs => x.abs(),
        Unary::Neg => -x,
        Unary::Recip => 1.0 / x,
        Unary::Square => x * x,
        Unary::Sqrt => x.sqrt(),
        Unary::Rsqrt => 1.0 / x.sqrt(),
        Unary::Exp2 => 2f64.powf(x),
        Unary::Expm1 => x.exp_m1(),
        Unary::Log2 => x.log2(),
        Unary::Log10 => x.log10(),
        Unary::Log1p => x.ln_1p(),
        Unary::Tan => x.tan(),
        Unary::Atan => x.atan(),
        Unary::Erf => libm::erf(x),
        Unary::Sign if x == 0.0 || x.is_nan() => x,
        Unary::Sign => x.signum(),
        Unary::Floor => x.floor(),
        Unary::Ceil => x.ceil(),
        Unary::Round => x.round_ties_even(),
        Unary::Trunc => x.trunc(),
        Unary::Exp => x.exp(),
        Unary::Ln => x.ln(),
        Unary::Sin => x.sin(),
        Unary::Cos => x.cos(),
        Unary::Tanh => x.tanh(),
        Unary::Sigmoid => sigmoid,
        Unary::Relu if x < 0.0 => 0.0,
        Unary::Relu => x,
        Unary::Gelu => x / 2.0 * libm::erfc(-x / 2f64.sqrt()),
        Unary::GeluTanh => x / 2.0 * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3))).tanh()),
        Unary::QuickGelu => x / (1.0 + (-1.702 * x).exp()),
        Unary::Silu => x * sigmoid,
        Unary::Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p() + x * 0.0,
    };
    // What is between bounds, and what is a sum with 1, has the digits of 1.
    let scale = match op {
        Unary::Abs | Unary::Neg | Unary::Recip | Unary::Square | Unary::Sqrt | Unary::Relu => value.abs(),
        Unary::Rsqrt | Unary::Erf | Unary::Atan => value.abs(),
        Unary::Sign | Unary::Floor | Unary::Ceil | Unary::Round | Unary::Trunc => 0.0,
        Unary::Exp | Unary::Exp2 | Unary::Sigmoid | Unary::Silu => value.abs() * (1.0 + x.abs()),
        // The argument is rounded too.
        Unary::QuickGelu => value.abs() * (1.0 + 1.702 * x.abs()),
        Unary::Expm1 | Unary::Log1p => value.abs() * (1.0 + x.abs()),
        // What is rounded of the argument.
        Unary::Tan => value.abs() + x.abs() * (1.0 + value * value),
        Unary::Gelu | Unary::GeluTanh => x.abs(),
        Unary::Ln | Unary::Log2 | Unary::Log10 | Unary::Sin | Unary::Cos | Unary::Tanh | Unary::Softplus => {
            1.0 + value.abs()
        }
    };
    Near { value, scale }
}

pub fn binary(op: Binary, x: f64, y: f64) -> Near {
    let any_nan = x.is_nan() || y.is_nan();
    match op {
        Binary::Add => Near::sum([x, y].into_iter()),
        Binary::Sub => Near::sum([x, -y].into_iter()),
        Binary::Mul => Near::relative(x * y),
        Binary::Div => Near::relative(x / y),
        Binary::Max | Binary::Min if any_nan => Near::relative(f64::NAN),
        Binary::Max => Near::relative(if x > y { x } else { y }),
        Binary::Min => Near::relative(if x < y { x } else { y }),
        Binary::Pow => {
            let value = x.powf(y);
            let exponent = if x == 0.0 || value == 0.0 { 0.0 } else { y * x.abs().ln() };
            Near { value, scale: value.abs() * (1.0 + exponent.abs()) }
        }
        Binary::Fmod => Near { value: x % y, scale: x.abs() },
        Binary::Remainder => {
            // With the sign of `y`.
            let sign = 1f64.copysign(y);
            Near { value: sign * (sign * x).rem_euclid(y.abs()), scale: x.abs() + y.abs() }
        }
    }
}

/// Of arrays the sizes of one of which are the last sizes of the other.
pub fn pairs<T: Copy, U: Copy>(x: &Sample<T>, y: &Sample<T>, f: impl Fn(T, T) -> U) -> Sample<U> {
    let sizes = if x.rank() >= y.rank() { &x.sizes } else { &y.sizes };
    let (x_rank, y_rank) = (x.rank(), y.rank());
    Sample::from_fn(sizes, |index| f(x.at(&index[index.len() - x_rank..]), y.at(&index[index.len() - y_rank..])))
}

/// What a program gives of these numbers; what is rounded in between counts with its magnitude.
pub fn program<T>(program: &Program<T>, inputs: &[f64], number: impl Fn(&T) -> f64) -> Near {
    let mut values: Vec<Near> = inputs.iter().map(|&x| Near::relative(x)).collect();
    for (_, step) in program.steps() {
        let of = |at: &usize| values[*at].value;
        let next = match step {
            Step::Unary(op, x) => unary(*op, of(x)),
            Step::Binary(op, x, y) => binary(*op, of(x), of(y)),
            Step::BinaryScalar(op, x, y) => binary(*op, of(x), number(y)),
            Step::ScalarBinary(op, x, y) => binary(*op, number(x), of(y)),
        };
        values.push(next);
    }
    let scale = values.iter().map(|near| near.scale).sum();
    Near { value: values[program.result()].value, scale }
}
