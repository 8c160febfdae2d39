//! Elementary functions on vectors.
//!
//! The errors stated are in units in the last place (ulp), as `tests::functions_are_exact` measures them.

use super::vector::Vector;

/// A unary function, lane by lane.
pub trait Function: Copy {
    /// # Safety
    /// As for the methods of [`Vector`].
    unsafe fn apply<V: Vector>(self, x: V) -> V;
}

/// A polynomial by Horner's scheme, its highest coefficient first.
///
/// # Safety
/// As for the methods of [`Vector`].
#[inline(always)]
unsafe fn polynomial<V: Vector>(x: V, coefficients: &[f32]) -> V {
    // SAFETY: the caller's.
    unsafe { polynomial_from(V::splat(coefficients[0]), x, &coefficients[1..]) }
}

/// A polynomial, from the sum of its highest terms on.
///
/// # Safety
/// As for the methods of [`Vector`].
#[inline(always)]
unsafe fn polynomial_from<V: Vector>(mut sum: V, x: V, coefficients: &[f32]) -> V {
    for &coefficient in coefficients {
        // SAFETY: the caller's.
        sum = unsafe { sum.mul_add(x, V::splat(coefficient)) };
    }
    sum
}

/// ln 2 in two parts (Cody and Waite), of which the first has few digits: a multiple of it is exact.
const LN_2: [f32; 2] = [355.0 / 512.0, -2.121_944_4e-4];

/// `eˣ`.
///
/// # Safety
/// As for the methods of [`Vector`].
#[inline(always)]
pub unsafe fn exp<V: Vector>(x: V) -> V {
    // SAFETY: the caller's. Beyond the limit everything is infinity; a NaN stays, as the second operand.
    unsafe { exp_of_negative(V::splat(100.0).min(x)) }
}

/// `eˣ` where `x` is at most 100, or NaN.
///
/// `2ⁿ · eʳ`, with a minimax polynomial for `eʳ` whose relative error is below 3.1e-9.
///
/// # Safety
/// As for the methods of [`Vector`].
#[inline(always)]
pub unsafe fn exp_of_negative<V: Vector>(x: V) -> V {
    const COEFFICIENTS: [f32; 5] = [1.381_455_9e-3, 8.368_735e-3, 4.166_839e-2, 1.666_652_1e-1, 4.999_999_4e-1];
    // SAFETY: the caller's.
    unsafe {
        // Below the limit everything is zero; a NaN stays, as the second operand.
        let x = V::splat(-110.0).max(x);
        let n = x.mul(V::splat(std::f32::consts::LOG2_E)).round();
        let r = n.mul_add(V::splat(-LN_2[1]), n.mul_add(V::splat(-LN_2[0]), x));
        let exponential = polynomial(r, &COEFFICIENTS).mul_add(r.mul(r), r).add(V::splat(1.0));
        exponential.ldexp(n)
    }
}

/// `eˣ`, within 1.5.
#[derive(Clone, Copy)]
pub struct Exp;
impl Function for Exp {
    #[inline(always)]
    unsafe fn apply<V: Vector>(self, x: V) -> V {
        // SAFETY: the caller's.
        unsafe { exp(x) }
    }
}

/// `tanh(x)`, within 2: near zero the polynomial of Cephes' `tanhf` (Moshier 1989), else by `e²ˣ`.
#[derive(Clone, Copy)]
pub struct Tanh;
impl Function for Tanh {
    #[inline(always)]
    unsafe fn apply<V: Vector>(self, x: V) -> V {
        const COEFFICIENTS: [f32; 5] = [-5.704_988_7e-3, 2.063_909e-2, -5.373_971_6e-2, 1.333_144_2e-1, -3.333_328e-1];
        // SAFETY: the caller's.
        unsafe {
            let (size, square) = (x.abs(), x.mul(x));
            let near = polynomial(square, &COEFFICIENTS).mul(square).mul_add(x, x);
            let exponential = exp(size.add(size));
            let far = V::splat(1.0).sub(V::splat(2.0).div(exponential.add(V::splat(1.0)))).copysign(x);
            size.select_less(V::splat(0.625), near, far)
        }
    }
}

/// `1 / (1 + e⁻ˣ)`, within 2.5.
#[derive(Clone, Copy)]
pub struct Sigmoid;
impl Function for Sigmoid {
    #[inline(always)]
    unsafe fn apply<V: Vector>(self, x: V) -> V {
        // SAFETY: the caller's.
        unsafe { V::splat(1.0).div(V::splat(1.0).add(exp(V::splat(0.0).sub(x)))) }
    }
}

/// `x / (1 + e⁻ˣ)`, within 2.5.
#[derive(Clone, Copy)]
pub struct Silu;
impl Function for Silu {
    #[inline(always)]
    unsafe fn apply<V: Vector>(self, x: V) -> V {
        // SAFETY: the caller's.
        unsafe { x.div(V::splat(1.0).add(exp(V::splat(0.0).sub(x)))) }
    }
}

/// GELU by its approximation with a sigmoid, within 3 where it is above -1, and elsewhere within the error that the rounding of the
/// product brings into the exponent.
#[derive(Clone, Copy)]
pub struct QuickGelu;
impl Function for QuickGelu {
    #[inline(always)]
    unsafe fn apply<V: Vector>(self, x: V) -> V {
        // SAFETY: the caller's.
        unsafe { x.div(V::splat(1.0).add(exp(x.mul(V::splat(-1.702))))) }
    }
}

/// GELU by its approximation with `tanh`, within 3 where it is above -1, and elsewhere within the error that the
/// rounding of the cube brings into the exponent.
#[derive(Clone, Copy)]
pub struct GeluTanh;
impl Function for GeluTanh {
    #[inline(always)]
    unsafe fn apply<V: Vector>(self, x: V) -> V {
        const SCALE: f32 = -1.595_769; // -2 √(2/π)
        // SAFETY: the caller's.
        unsafe {
            // (1 + tanh(u)) / 2 = 1 / (1 + exp(-2u)), which loses no digits where u is negative.
            let factor = x.mul(x).mul_add(V::splat(0.044715 * SCALE), V::splat(SCALE));
            x.div(V::splat(1.0).add(exp(x.mul(factor))))
        }
    }
}

/// GELU, `x · Φ(x)`, within 6.
///
/// The tail `Φ(-|x|)` is `K e^(-x²/2) · P(|x|) / Q(|x|)`: a rational minimax fit of degrees 4 and 5, whose relative error
/// is below 6e-8 up to 14.5. The polynomials begin with a power itself, and `K` is in the coefficients of the exponential.
#[derive(Clone, Copy)]
pub struct Gelu;
impl Function for Gelu {
    #[inline(always)]
    unsafe fn apply<V: Vector>(self, x: V) -> V {
        // SAFETY: the caller's.
        unsafe {
            let [size, exponential, p, q] = gaussian(x);
            // x Φ(x) = x - x Φ(-x)
            V::splat(0.0).max(x).sub(size.mul(p).mul(exponential).div(q))
        }
    }
}

/// `|x|` up to where the tail is zero, `K e^(-x²/2)`, which is the density, and `P(|x|)` and `Q(|x|)`: see [`Gelu`].
///
/// # Safety
/// As for the methods of [`Vector`].
#[inline(always)]
pub unsafe fn gaussian<V: Vector>(x: V) -> [V; 4] {
    const P: [f32; 4] = [9.091_001_5, 38.544_086, 87.381_714, 92.867_584];
    const Q: [f32; 5] = [9.090_788, 39.544_39, 96.504_01, 128.841_28, 74.097_18];
    /// `K e^(-r/2)`.
    const EXP: [f32; 7] =
        [8.604_797e-6, -1.043_307_1e-4, 1.038_954_1e-3, -8.311_178e-3, 4.986_749_2e-2, -1.994_7e-1, 3.989_4e-1];
    // Beyond it the tail is zero.
    const END: f32 = 14.5;
    // SAFETY: the caller's.
    unsafe {
        let size = V::splat(END).min(x.abs());
        let n = size.mul(size).mul(V::splat(-0.5 * std::f32::consts::LOG2_E)).round();
        // x² + 2n ln 2, of which the square is not rounded: in an exponent every digit counts.
        let r = size.mul_add(size, n.mul(V::splat(2.0 * LN_2[0])));
        let r = n.mul_add(V::splat(2.0 * LN_2[1]), r);
        let exponential = polynomial(r, &EXP).ldexp(n);
        let p = polynomial_from(size.add(V::splat(P[0])), size, &P[1..]);
        let q = polynomial_from(size.add(V::splat(Q[0])), size, &Q[1..]);
        [size, exponential, p, q]
    }
}

/// `$short` or `$long` of the kernel of a function, which has few or many instructions; `$none` of one without a kernel.
macro_rules! by_kernel {
    (@ $op:expr; $kernel:ident $short:expr, $same:ident $long:expr, $none:expr; $($Short:ident)*; $($Long:ident)*) => {
        match $op {
            $(Unary::$Short => {
                let $kernel = math::$Short;
                $short
            })*
            $(Unary::$Long => {
                let $same = math::$Long;
                $long
            })*
            _ => $none,
        }
    };
    ($op:expr; |$kernel:ident| $short:expr, |$same:ident| $long:expr, $none:expr) => {
        by_kernel!(@ $op; $kernel $short, $same $long, $none;
            Abs Neg Recip Square Sqrt Rsqrt Relu Sign Floor Ceil Round Trunc;
            Exp Tanh Sigmoid Silu Gelu GeluTanh QuickGelu)
    };
}
pub(super) use by_kernel;

/// A binary operation, lane by lane.
pub trait Operation: Copy {
    /// # Safety
    /// As for the methods of [`Vector`].
    unsafe fn apply<V: Vector>(self, x: V, y: V) -> V;
}

macro_rules! functions { ($($(#[$docs:meta])* $name:ident: $trait:ident($($x:ident),*) = $value:expr;)*) => {$(
    $(#[$docs])*
    #[derive(Clone, Copy)]
    pub struct $name;
    impl $trait for $name {
        #[inline(always)]
        unsafe fn apply<V: Vector>(self, $($x: V),*) -> V {
            // SAFETY: the caller's.
            unsafe { $value }
        }
    }
)*} }

functions! {
    Abs: Function(x) = x.abs();
    Neg: Function(x) = V::splat(-0.0).sub(x);
    Recip: Function(x) = V::splat(1.0).div(x);
    Square: Function(x) = x.mul(x);
    Sqrt: Function(x) = x.sqrt();
    Rsqrt: Function(x) = V::splat(1.0).div(x.sqrt());
    Sign: Function(x) = {
        let zero = V::splat(0.0);
        zero.select_less(x, V::splat(1.0), x.select_less(zero, V::splat(-1.0), x))
    };
    Floor: Function(x) = {
        let nearest = x.round();
        x.select_less(nearest, nearest.sub(V::splat(1.0)), nearest).copysign(x)
    };
    Ceil: Function(x) = {
        let nearest = x.round();
        nearest.select_less(x, nearest.add(V::splat(1.0)), nearest).copysign(x)
    };
    Round: Function(x) = x.round();
    Trunc: Function(x) = Floor.apply(x.abs()).copysign(x);
    Relu: Function(x) = V::splat(0.0).max(x);
    Add: Operation(x, y) = x.add(y);
    Sub: Operation(x, y) = x.sub(y);
    Mul: Operation(x, y) = x.mul(y);
    Div: Operation(x, y) = x.div(y);
    /// The larger; NaN if either is.
    Max: Operation(x, y) = x.select_nan(x, x.max(y));
    /// The smaller; NaN if either is.
    Min: Operation(x, y) = x.select_nan(x, x.min(y));
}

/// An operation with its operands swapped.
#[derive(Clone, Copy)]
pub struct Swapped<F>(pub F);
impl<F: Operation> Operation for Swapped<F> {
    #[inline(always)]
    unsafe fn apply<V: Vector>(self, x: V, y: V) -> V {
        // SAFETY: the caller's.
        unsafe { self.0.apply(y, x) }
    }
}

/// An operation with a constant second operand.
#[derive(Clone, Copy)]
pub struct With<F>(pub F, pub f32);
impl<F: Operation> Function for With<F> {
    #[inline(always)]
    unsafe fn apply<V: Vector>(self, x: V) -> V {
        // SAFETY: the caller's.
        unsafe { self.0.apply(x, V::splat(self.1)) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::elementwise::{binary_at, unary_at};
    use super::super::level::levels;
    use crate::backend::{Binary, Number, Unary};
    use crate::cpu::kernels::in_out::{InOut, Operand};

    /// Numbers of all kinds, as many as are asked for.
    fn numbers(len: usize, seed: u64) -> Vec<f32> {
        let special = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0, 1e-40, -1e-40, f32::MAX, f32::MIN];
        let mut rng = fastrand::Rng::with_seed(seed);
        (0..len).map(|_| if rng.u8(..) < 100 { rng.choice(special).unwrap() } else { rng.f32() * 8.0 - 4.0 }).collect()
    }

    fn assert_same(found: &[f32], expected: impl Iterator<Item = f32>, what: &str) {
        for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
            let same = found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan();
            assert!(same, "{what}: {found} for {expected} at {at}");
        }
    }

    #[test]
    fn simple_functions_are_those_of_one_number() {
        let functions: [(Unary, fn(f32) -> f32); 6] = [
            (Unary::Abs, f32::abs),
            (Unary::Neg, |x| -x),
            (Unary::Recip, f32::recip),
            (Unary::Square, |x| x * x),
            (Unary::Sqrt, f32::sqrt),
            (Unary::Relu, |x| if x < 0.0 { 0.0 } else { x }),
        ];
        for (name, level) in levels() {
            for len in (0..=70).filter(|len| !cfg!(miri) || [0, 13].contains(len)) {
                let x = numbers(len, len as u64);
                for (op, f) in functions {
                    let mut found = vec![7.0; len];
                    unary_at(level, op, InOut::new(&x, &mut found));
                    assert_same(&found, x.iter().map(|&x| f(x)), &format!("{name}: {op:?}"));
                    let mut found = x.clone();
                    unary_at(level, op, InOut::in_place(&mut found));
                    assert_same(&found, x.iter().map(|&x| f(x)), &format!("{name}: {op:?} in place"));
                }
            }
        }
    }

    #[test]
    fn operations_are_those_of_two_numbers() {
        for (name, level) in levels() {
            for len in (0..=70).filter(|len| !cfg!(miri) || [0, 13].contains(len)) {
                let (x, y) = (numbers(len, len as u64), numbers(len, 100 + len as u64));
                for op in [Binary::Add, Binary::Sub, Binary::Mul, Binary::Div, Binary::Max, Binary::Min] {
                    for swapped in [false, true] {
                        let f = |x, y| if swapped { f32::binary(op, y, x) } else { f32::binary(op, x, y) };
                        let mut found = x.clone();
                        binary_at(level, op, InOut::in_place(&mut found), Operand::Slice(&y), swapped);
                        let expected = x.iter().zip(&y).map(|(&x, &y)| f(x, y));
                        assert_same(&found, expected, &format!("{name}: {op:?}"));
                        for y in [2.5, f32::NAN, 0.0, f32::NEG_INFINITY] {
                            binary_at(level, op, InOut::new(&x, &mut found), Operand::Scalar(y), swapped);
                            assert_same(&found, x.iter().map(|&x| f(x, y)), &format!("{name}: {op:?} {y}"));
                        }
                    }
                }
            }
        }
    }
}
