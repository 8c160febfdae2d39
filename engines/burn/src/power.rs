//! Powers, and what divisions leave.

use crate::array::{Array, Kind};
use crate::elementwise::float;
use burn_backend::Scalar;
use congruent::backend::{Binary, Compare, Unary};

impl Array {
    /// Both arrays repeated to the sizes of the larger.
    fn repeated(&self, other: &Array) -> [Array; 2] {
        let sizes = if self.sizes().len() >= other.sizes().len() { self.sizes() } else { other.sizes() };
        [self.broadcast(sizes), other.broadcast(sizes)]
    }

    fn is(&self, op: Compare, value: f64) -> Array {
        self.compare_scalar(op, float(value))
    }

    fn and(&self, other: &Array) -> Array {
        Array::select(self, other, self)
    }

    fn or(&self, other: &Array) -> Array {
        Array::select(self, self, other)
    }

    /// `xʸ` by the exponential: shaders have it of an `x` above zero alone.
    pub(crate) fn power(self, other: Array) -> Array {
        let [x, y] = self.repeated(&other);
        let full = |value| x.full(float(value), x.sizes());
        // Of zero the logarithm has no slope: it is looked at apart.
        let is_zero = x.is(Compare::Equal, 0.0);
        let size = Array::select(&is_zero, &full(1.0), &x.clone().unary(Unary::Abs));
        let power = size.clone().unary(Unary::Ln).binary(Binary::Mul, y.clone()).unary(Unary::Exp);
        let at_zero = Array::select(&y.is(Compare::Equal, 0.0), &full(1.0), &full(0.0));
        let of_zero = Array::select(&y.is(Compare::Less, 0.0), &full(f64::INFINITY), &at_zero);
        let of_zero = Array::select(&y.is(Compare::Equal, 1.0), &x, &of_zero);
        let is_none = y.compare(Compare::NotEqual, &y);
        let of_zero = Array::select(&is_none, &y, &of_zero);
        let power = Array::select(&is_zero, &of_zero, &power);
        // Below zero, by a whole number alone.
        let is_whole = |y: &Array| y.compare(Compare::Equal, &y.clone().unary(Unary::Trunc));
        let is_odd = is_whole(&y.clone().binary_scalar(Binary::Mul, float(0.5))).is_false().and(&is_whole(&y));
        let is_negative = x.is(Compare::Less, 0.0);
        let power = Array::select(&is_negative.and(&is_odd), &power.clone().unary(Unary::Neg), &power);
        let is_finite = x.is(Compare::Greater, f64::NEG_INFINITY);
        let has_none = is_negative.and(&is_finite).and(&is_whole(&y).is_false());
        let power = Array::select(&has_none, &full(f64::NAN), &power);
        // 1 to any power, any number to the power of zero, and -1 to an infinite one.
        let is_endless = y.clone().unary(Unary::Abs).is(Compare::Equal, f64::INFINITY);
        let is_one = y.is(Compare::Equal, 0.0).or(&x.is(Compare::Equal, 1.0));
        let is_one = is_one.or(&size.is(Compare::Equal, 1.0).and(&is_zero.is_false()).and(&is_endless));
        Array::select(&is_one.and(&power.compare(Compare::NotEqual, &power)), &full(1.0), &power)
    }

    fn is_false(&self) -> Array {
        self.compare_scalar(Compare::Equal, Scalar::Bool(false))
    }

    /// What a division leaves, cut off or rounded down.
    pub(crate) fn remainder(self, op: Binary, other: Array) -> Array {
        let [x, y] = self.repeated(&other);
        let quotient = x.clone().binary(Binary::Div, y.clone());
        let is_negative = |x: &Array| match x.kind() {
            Kind::Float => x.is(Compare::Less, 0.0),
            _ => x.compare_scalar(Compare::Less, Scalar::Int(0)),
        };
        let differs = is_negative(&x).compare(Compare::NotEqual, &is_negative(&y));
        if x.kind() != Kind::Float {
            let left = x.binary(Binary::Sub, quotient.binary(Binary::Mul, y.clone()));
            if op == Binary::Fmod {
                return left;
            }
            let is_zero = |x: &Array| x.compare_scalar(Compare::Equal, Scalar::Int(0));
            let is_kept = differs.is_false().or(&is_zero(&left)).or(&is_zero(&y));
            return Array::select(&is_kept, &left, &left.clone().binary(Binary::Add, y));
        }
        let rounded = if op == Binary::Fmod { Unary::Trunc } else { Unary::Floor };
        let left = x.clone().binary(Binary::Sub, quotient.unary(rounded).binary(Binary::Mul, y.clone()));
        // By an infinite number nothing is taken away; of an infinite one nothing is left.
        let is_endless = y.clone().unary(Unary::Abs).is(Compare::Equal, f64::INFINITY);
        let whole = match op {
            Binary::Fmod => x.clone(),
            _ => Array::select(&differs.and(&x.is(Compare::NotEqual, 0.0)), &y, &x),
        };
        let whole = whole.binary(Binary::Add, x.clone().binary(Binary::Sub, x));
        Array::select(&is_endless, &whole, &left)
    }
}
