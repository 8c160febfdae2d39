//! Functions of one number, on vectors.
//!
//! The errors stated are those of `tests::functions_are_exact`, in units of the last place of the result.

use super::vector::Vector;

/// A function that is calculated on all lanes alike.
pub trait Function: Copy {
    /// # Safety
    /// As for the methods of [`Vector`].
    unsafe fn apply<V: Vector>(self, x: V) -> V;
}

/// A polynomial, its highest coefficient first.
///
/// # Safety
/// As for the methods of [`Vector`].
#[inline(always)]
unsafe fn polynomial<V: Vector>(x: V, coefficients: &[f32]) -> V {
    // SAFETY: the caller's.
    unsafe {
        let mut sum = V::splat(coefficients[0]);
        for &coefficient in &coefficients[1..] {
            sum = sum.mul_add(x, V::splat(coefficient));
        }
        sum
    }
}

/// `eˣ`.
///
/// `2ⁿ · eʳ` with the polynomial of Cephes' `expf` (Moshier 1989) for `eʳ`.
///
/// # Safety
/// As for the methods of [`Vector`].
#[inline(always)]
pub unsafe fn exp<V: Vector>(x: V) -> V {
    /// ln 2 in two parts, of which the first has few digits: a multiple of it is exact.
    const LN_2: [f32; 2] = [355.0 / 512.0, -2.121_944_4e-4];
    const TERMS: [f32; 6] = [1.987_569_2e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5];
    // SAFETY: the caller's.
    unsafe {
        // Beyond these everything is zero or infinity; a NaN stays, as the second operand.
        let x = V::splat(-110.0).max(V::splat(100.0).min(x));
        let n = x.mul(V::splat(std::f32::consts::LOG2_E)).round();
        let r = n.mul_add(V::splat(-LN_2[1]), n.mul_add(V::splat(-LN_2[0]), x));
        let power = polynomial(r, &TERMS).mul_add(r.mul(r), r).add(V::splat(1.0));
        power.scale(n)
    }
}

/// `eˣ`, within 2.
#[derive(Clone, Copy)]
pub struct Exp;
impl Function for Exp {
    #[inline(always)]
    unsafe fn apply<V: Vector>(self, x: V) -> V {
        // SAFETY: the caller's.
        unsafe { exp(x) }
    }
}

/// `tanh(x)`, within 3: near zero the polynomial of Cephes' `tanhf` (Moshier 1989), else by `e²ˣ`.
#[derive(Clone, Copy)]
pub struct Tanh;
impl Function for Tanh {
    #[inline(always)]
    unsafe fn apply<V: Vector>(self, x: V) -> V {
        const TERMS: [f32; 5] = [-5.704_988_7e-3, 2.063_909e-2, -5.373_971_6e-2, 1.333_144_2e-1, -3.333_328e-1];
        // SAFETY: the caller's.
        unsafe {
            let (size, square) = (x.abs(), x.mul(x));
            let near = polynomial(square, &TERMS).mul(square).mul_add(x, x);
            let power = exp(size.add(size));
            let far = V::splat(1.0).sub(V::splat(2.0).div(power.add(V::splat(1.0)))).with_sign_of(x);
            size.if_less(V::splat(0.625), near, far)
        }
    }
}

/// `1 / (1 + e⁻ˣ)`, within 3.
#[derive(Clone, Copy)]
pub struct Sigmoid;
impl Function for Sigmoid {
    #[inline(always)]
    unsafe fn apply<V: Vector>(self, x: V) -> V {
        // SAFETY: the caller's.
        unsafe { V::splat(1.0).div(V::splat(1.0).add(exp(V::splat(0.0).sub(x)))) }
    }
}

/// `x / (1 + e⁻ˣ)`, within 3.
#[derive(Clone, Copy)]
pub struct Silu;
impl Function for Silu {
    #[inline(always)]
    unsafe fn apply<V: Vector>(self, x: V) -> V {
        // SAFETY: the caller's.
        unsafe { x.div(V::splat(1.0).add(exp(V::splat(0.0).sub(x)))) }
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
/// The tail `Φ(-|x|)` is `e^(-x²/2) · t · P(t) / 2` with `t = 1 / (1 + 0.35 |x|)`, the form of Abramowitz and
/// Stegun 7.1.26; `P` is a least-squares fit of degree 8 with a relative error below 3.2e-8 for `|x| < 13.5`.
#[derive(Clone, Copy)]
pub struct Gelu;
impl Function for Gelu {
    #[inline(always)]
    unsafe fn apply<V: Vector>(self, x: V) -> V {
        const TERMS: [f32; 9] = [
            -5.825_120_4e-2,
            2.877_421_3e-1,
            -5.110_047_3e-1,
            3.178_540_5e-1,
            -4.587_148e-2,
            2.108_648_2e-1,
            2.397_051_2e-1,
            2.797_181_4e-1,
            2.792_431_4e-1,
        ];
        // Beyond it the tail is zero.
        const END: f32 = 14.5;
        // SAFETY: the caller's.
        unsafe {
            let (size, one) = (V::splat(END).min(x.abs()), V::splat(1.0));
            let t = one.div(size.mul_add(V::splat(0.35), one));
            // -x²/2 and what rounding took from it: in an exponent every digit counts.
            let half = size.mul(V::splat(0.5));
            let exponent = V::splat(0.0).sub(half.mul(size));
            let lost = half.mul_add(size, exponent);
            let power = exp(exponent);
            let power = power.sub(power.mul(lost));
            let tail = V::splat(0.5).mul(power).mul(t).mul(polynomial(t, &TERMS));
            x.if_less(V::splat(0.0), V::splat(-END).max(x).mul(tail), x.mul(one.sub(tail)))
        }
    }
}
