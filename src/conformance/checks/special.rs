//! Numbers at the edges: none at all, infinite ones, zeros with a sign, and large ones.

use crate::backend::{Backend, Binary, Compare, Engine, Float, Reduce, Unary};
use crate::conformance::case::float;
use crate::conformance::on::On;
use crate::conformance::reference::{Near, elementwise, rows};
use crate::conformance::report::{Report, near, same};
use crate::conformance::sample::{Sample, double};
use crate::conformance::tolerance::Tolerance;
use crate::conformance::view::{Maker, View};
use std::f64::consts::FRAC_PI_2;

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

struct Checks<'a, E: Engine> {
    report: &'a mut Report,
    maker: Maker<E>,
    tolerance: f64,
}

impl<E: Engine> Checks<'_, E> {
    /// That what is made of a row of numbers is near to this.
    fn row<T: Float>(
        &mut self,
        operation: &'static str,
        with: impl std::fmt::Debug,
        x: &[f64],
        expected: &[f64],
        run: impl FnOnce(E::Array<T>) -> E::Array<T>,
    ) {
        let expected: Vec<Near> = expected.iter().copied().map(Near::relative).collect();
        self.row_near(operation, with, x, expected, run);
    }

    /// The same, with the magnitudes of what it is made of.
    fn row_near<T: Float>(
        &mut self,
        operation: &'static str,
        with: impl std::fmt::Debug,
        x: &[f64],
        expected: Vec<Near>,
        run: impl FnOnce(E::Array<T>) -> E::Array<T>,
    ) {
        let Checks { report, maker, tolerance } = self;
        report.check(operation, format!("{} {x:?}, {with:?}", T::DATA_TYPE), || {
            let x = Sample::new(&[x.len()], x.iter().map(|&x| float::<T>(x)).collect());
            near::<E, T>(&run(maker.array(&x)), &Sample::new(&[expected.len()], expected), *tolerance, &maker.device)
        });
    }
}

pub fn check<E: Engine, T: Float>(report: &mut Report, device: &E::Device, tolerance: Tolerance) {
    let maker = Maker::<E> { view: View::Whole, device: device.clone() };
    let mut checks = Checks { report, maker: maker.clone(), tolerance: tolerance.values };
    functions::<E, T>(&mut checks);
    along_rows::<E, T>(&mut checks);

    // Zeros keep their sign where nothing is added to them.
    let zeros = Sample::new(&[2], vec![float::<T>(0.0), float(-0.0)]);
    let turned = Sample::new(&[2], vec![float::<T>(-0.0), float(0.0)]);
    report.check("unary", format!("{} zeros, Neg", T::DATA_TYPE), || {
        same::<E, T>(&On::<E, T>::unary(Unary::Neg, maker.array(&zeros)), &turned, device)
    });
    report.check("unary", format!("{} zeros, Abs", T::DATA_TYPE), || {
        let found = On::<E, T>::unary(Unary::Abs, maker.array(&zeros));
        same::<E, T>(&found, &Sample::full(&[2], float(0.0)), device)
    });
    // Nothing is equal to what is no number, and nothing in order with it.
    for (op, holds) in [
        (Compare::Equal, false),
        (Compare::NotEqual, true),
        (Compare::Less, false),
        (Compare::LessOrEqual, false),
        (Compare::Greater, false),
        (Compare::GreaterOrEqual, false),
    ] {
        report.check("compare", format!("{} NaN, {op:?}", T::DATA_TYPE), || {
            let x = Sample::new(&[3], [NAN, NAN, 1.0].map(float::<T>).into());
            let y = Sample::new(&[3], [NAN, 1.0, NAN].map(float::<T>).into());
            let found = On::<E, T>::compare(op, &maker.array(&x), &maker.array(&y));
            same::<E, bool>(&found, &Sample::full(&[3], holds), device)
        });
    }
    probabilities::<E, T>(report, &maker);
}

/// Of each element and of pairs.
fn functions<E: Engine, T: Float>(checks: &mut Checks<'_, E>) {
    for &op in Unary::ALL {
        checks.row::<T>("unary", op, &[NAN], &[NAN], |x| On::<E, T>::unary(op, x));
    }
    let edges: &[(Unary, &[f64], &[f64])] = &[
        (Unary::Abs, &[-INF, INF], &[INF, INF]),
        (Unary::Exp, &[-INF, 0.0, INF, 1e4], &[0.0, 1.0, INF, INF]),
        (Unary::Ln, &[0.0, 1.0, INF, -1.0], &[-INF, 0.0, INF, NAN]),
        (Unary::Sqrt, &[0.0, INF, -1.0], &[0.0, INF, NAN]),
        (Unary::Recip, &[0.0, -0.0, INF], &[INF, -INF, 0.0]),
        (Unary::Square, &[-INF], &[INF]),
        (Unary::Tanh, &[-INF, -100.0, 0.0, 100.0, INF], &[-1.0, -1.0, 0.0, 1.0, 1.0]),
        (Unary::Sigmoid, &[-INF, -1e4, 0.0, 1e4, INF], &[0.0, 0.0, 0.5, 1.0, 1.0]),
        (Unary::Relu, &[-INF, -1.0, 1.0, INF], &[0.0, 0.0, 1.0, INF]),
        (Unary::Softplus, &[-INF, -1e4, 1e4, INF], &[0.0, 0.0, 1e4, INF]),
        (Unary::Silu, &[-1e4, 0.0, 1e4], &[0.0, 0.0, 1e4]),
        (Unary::Gelu, &[-1e4, 0.0, 1e4], &[0.0, 0.0, 1e4]),
        (Unary::GeluTanh, &[-1e4, 0.0, 1e4], &[0.0, 0.0, 1e4]),
        (Unary::QuickGelu, &[-1e4, 0.0, 1e4], &[0.0, 0.0, 1e4]),
        (Unary::Cos, &[0.0, INF], &[1.0, NAN]),
        (Unary::Tan, &[0.0, INF], &[0.0, NAN]),
        (Unary::Atan, &[-INF, 0.0, INF], &[-FRAC_PI_2, 0.0, FRAC_PI_2]),
        (Unary::Rsqrt, &[0.0, 4.0, INF, -1.0], &[INF, 0.5, 0.0, NAN]),
        (Unary::Exp2, &[-INF, 0.0, 3.0, INF, 1e4], &[0.0, 1.0, 8.0, INF, INF]),
        (Unary::Expm1, &[-INF, -1e4, 0.0, INF, 1e4], &[-1.0, -1.0, 0.0, INF, INF]),
        (Unary::Log2, &[0.0, 1.0, 8.0, INF, -1.0], &[-INF, 0.0, 3.0, INF, NAN]),
        (Unary::Log10, &[0.0, 1.0, 100.0, INF, -1.0], &[-INF, 0.0, 2.0, INF, NAN]),
        (Unary::Log1p, &[-1.0, 0.0, INF, -2.0], &[-INF, 0.0, INF, NAN]),
        (Unary::Erf, &[-INF, -10.0, 0.0, 10.0, INF], &[-1.0, -1.0, 0.0, 1.0, 1.0]),
        (Unary::Sign, &[-INF, -0.5, 0.0, 3.0, INF], &[-1.0, -1.0, 0.0, 1.0, 1.0]),
        (Unary::Floor, &[-INF, -1.0, -0.5, 2.0, 2.75, 1e4, INF], &[-INF, -1.0, -1.0, 2.0, 2.0, 1e4, INF]),
        (Unary::Ceil, &[-INF, -1.0, -0.5, 2.0, 2.25, 1e4, INF], &[-INF, -1.0, 0.0, 2.0, 3.0, 1e4, INF]),
        (Unary::Trunc, &[-INF, -1.75, -0.5, 2.0, 2.75, 1e4, INF], &[-INF, -1.0, 0.0, 2.0, 2.0, 1e4, INF]),
    ];
    for &(op, x, expected) in edges {
        // 10000, as the type has it. GELU may add a half of that to a half of its opposite.
        let of = |(&x, &value): (&f64, &f64)| {
            let value = double(float::<T>(value));
            let scale = if op == Unary::Gelu { x.abs() } else { value.abs() };
            Near { value, scale }
        };
        let expected = x.iter().zip(expected).map(of).collect();
        checks.row_near::<T>("unary", op, x, expected, |x| On::<E, T>::unary(op, x));
    }
    let (x, expected) =
        ([-INF, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.75, INF], [-INF, -2.0, -2.0, 0.0, 0.0, 2.0, 2.0, 3.0, INF]);
    checks.row::<T>("unary", "Round, of two the even one", &x, &expected, |x| On::<E, T>::unary(Unary::Round, x));
    // Next to zero they are next to their slope there: the digits of 1 are not enough.
    for op in [Unary::Expm1, Unary::Log1p, Unary::Erf] {
        let x = [1e-2, -1e-2, 1e-3, -1e-3, 1e-4].map(|x| double(float::<T>(x)));
        let expected = x.iter().map(|&x| elementwise::unary(op, x)).collect();
        checks.row_near::<T>("unary", op, &x, expected, |x| On::<E, T>::unary(op, x));
    }
    // Whole exponents of numbers below zero, and those at which powers end.
    let (x, y) = (
        [-2.0, -2.0, -2.0, 0.0, 0.0, 0.0, NAN, 1.0, INF, INF, 0.5, 2.0, -1.5],
        [3.0, -2.0, 0.5, 0.0, 2.0, -1.0, 0.0, NAN, 0.5, -1.0, INF, -INF, 2.0],
    );
    let expected: Vec<f64> = x.iter().zip(y).map(|(&x, y)| elementwise::binary(Binary::Pow, x, y).value).collect();
    let maker = checks.maker.clone();
    checks.row::<T>("binary", ("Pow", y), &x, &expected, |x| {
        On::<E, T>::binary(Binary::Pow, x, maker.array(&Sample::new(&[13], y.map(float).into())))
    });
    let signs = ([5.5, -5.5, 5.5, -5.5], [2.0, 2.0, -2.0, -2.0]);
    for (op, expected) in [(Binary::Fmod, [1.5, -1.5, 1.5, -1.5]), (Binary::Remainder, [1.5, 0.5, -0.5, -1.5])] {
        let maker = checks.maker.clone();
        checks.row::<T>("binary", (op, signs.1), &signs.0, &expected, |x| {
            On::<E, T>::binary(op, x, maker.array(&Sample::new(&[4], signs.1.map(float).into())))
        });
    }
    let (x, y) = ([NAN, 1.0, NAN, INF, -INF, INF, 1.0, 0.0], [1.0, NAN, NAN, -INF, 2.0, INF, 0.0, 0.0]);
    for &op in Binary::ALL {
        let expected: Vec<f64> = x.iter().zip(y).map(|(&x, y)| elementwise::binary(op, x, y).value).collect();
        let maker = checks.maker.clone();
        checks.row::<T>("binary", (op, y), &x, &expected, |x| {
            On::<E, T>::binary(op, x, maker.array(&Sample::new(&[8], y.map(float).into())))
        });
        for y in [NAN, 0.0, INF] {
            let expected: Vec<f64> = x.iter().map(|&x| elementwise::binary(op, x, y).value).collect();
            checks.row::<T>("binary_scalar", (op, y), &x, &expected, |x| On::<E, T>::binary_scalar(op, x, float(y)));
            let expected: Vec<f64> = x.iter().map(|&x| elementwise::binary(op, y, x).value).collect();
            checks.row::<T>("scalar_binary", (op, y), &x, &expected, |x| On::<E, T>::scalar_binary(op, float(y), x));
        }
    }
}

/// Of rows.
fn along_rows<E: Engine, T: Float>(checks: &mut Checks<'_, E>) {
    for row in [&[1.0, NAN, 3.0][..], &[NAN], &[INF, 1.0], &[-INF, -INF], &[1.0, -INF, INF], &[]] {
        for op in [Reduce::Sum, Reduce::Mean, Reduce::Max, Reduce::Min] {
            let expected = [rows::reduce(op, row).value];
            checks
                .row::<T>("reduce", op, row, &expected, |x| On::<E, T>::reshape(&On::<E, T>::reduce(op, &x, 0), &[1]));
        }
    }
    for row in
        [&[1.0, NAN, 3.0][..], &[INF, 1.0], &[-INF, -INF], &[1.0, -INF, INF], &[0.0, INF], &[0.0; 3], &[1000.0; 4], &[]]
    {
        for (name, run, expected) in super::rows::reductions::<E, T>() {
            checks.row_near::<T>(name, "along a row", row, vec![expected(row)], |x| {
                On::<E, T>::reshape(&run(&x, 0), &[1])
            });
        }
    }
    checks.row::<T>("reduce", "Variance", &[], &[NAN], |x| {
        On::<E, T>::reshape(&On::<E, T>::reduce(Reduce::Variance, &x, 0), &[1])
    });
    checks.row::<T>("reduce", "Variance", &[1.0, NAN], &[NAN], |x| {
        On::<E, T>::reshape(&On::<E, T>::reduce(Reduce::Variance, &x, 0), &[1])
    });
    // The squares of these are beyond the largest half number.
    let large = [1000.0, -1000.0, 1000.0, -1000.0];
    let mut normed = |row: &[f64], centered: bool| {
        let maker = checks.maker.clone();
        let expected = rows::norm(row, &vec![1.0; row.len()], None, 1e-5, centered);
        let expected: Vec<f64> = expected.iter().map(|near| near.value).collect();
        let weight = Sample::full(&[row.len()], float::<T>(1.0));
        checks.row::<T>(if centered { "layer_norm" } else { "rms_norm" }, "weight 1", row, &expected, |x| {
            let weight = maker.array(&weight);
            match centered {
                true => On::<E, T>::layer_norm(x, &weight, None, 1e-5),
                false => On::<E, T>::rms_norm(x, &weight, 1e-5),
            }
        });
    };
    for centered in [true, false] {
        for row in [&large[..], &[0.0; 3], &[1.0, NAN]] {
            normed(row, centered);
        }
    }

    let most = double(T::max_value());
    let softmax: [(&[f64], &[f64]); 6] = [
        (&[-INF, 0.0, 0.0], &[0.0, 0.5, 0.5]),
        (&[-INF, -INF], &[NAN, NAN]),
        (&[NAN, 0.0], &[NAN, NAN]),
        (&[most / 2.0, most / 2.0, -most / 2.0], &[0.5, 0.5, 0.0]),
        (&[-most / 2.0], &[1.0]),
        (&[INF, 0.0], &[NAN, 0.0]),
    ];
    for (row, expected) in softmax {
        // Of an infinite number itself, nothing is certain but that it gives none.
        if row.contains(&INF) {
            checks.row::<T>("softmax", "the infinite one", row, &expected[..1], |x| {
                On::<E, T>::narrow(&On::<E, T>::softmax(x, 0), 0, 0, 1)
            });
            continue;
        }
        checks.row::<T>("softmax", "axis 0", row, expected, |x| On::<E, T>::softmax(x, 0));
    }
    let log_softmax: [(&[f64], &[f64]); 4] = [
        (&[-INF, 0.0], &[-INF, 0.0]),
        (&[NAN, 0.0], &[NAN, NAN]),
        (&[1000.0, 0.0], &[0.0, -1000.0]),
        (&[most / 2.0, most / 2.0], &[-(2f64.ln()), -(2f64.ln())]),
    ];
    for (row, expected) in log_softmax {
        checks.row::<T>("log_softmax", "axis 0", row, expected, |x| On::<E, T>::log_softmax(x, 0));
    }
    for (target, loss) in [(0, 0.0), (1, 1000.0)] {
        let maker = checks.maker.clone();
        checks.row::<T>("cross_entropy", target, &[1000.0, 0.0], &[loss], |x| {
            let targets = maker.array(&Sample::new(&[1], vec![target]));
            On::<E, T>::cross_entropy(&On::<E, T>::reshape(&x, &[1, 2]), &targets, 0.0)
        });
    }
}

/// An engine that knows what made an array says so of these alone.
fn probabilities<E: Engine, T: Float>(report: &mut Report, maker: &Maker<E>) {
    let x = || maker.array(&Sample::new(&[3], [0.5, 1.0, 2.0].map(float::<T>).into()));
    let softmax = || On::<E, T>::softmax(x(), 0);
    let cases: [(&str, Box<dyn Fn() -> E::Array<T> + '_>, Option<&str>); 4] = [
        ("softmax", Box::new(softmax), Some("softmax")),
        ("sigmoid", Box::new(|| On::<E, T>::unary(Unary::Sigmoid, x())), Some("sigmoid")),
        ("log_softmax", Box::new(|| On::<E, T>::log_softmax(x(), 0)), None),
        ("softmax + 1", Box::new(|| On::<E, T>::binary_scalar(Binary::Add, softmax(), T::one())), None),
    ];
    for (what, make, expected) in cases {
        report.check("probabilities_by", format!("{} {what}", T::DATA_TYPE), || {
            let by = On::<E, T>::probabilities_by(&make());
            let fits = by.is_none() || by == expected;
            crate::conformance::report::holds(fits, format_args!("expected nothing or {expected:?}, found {by:?}"))
        });
    }
}
