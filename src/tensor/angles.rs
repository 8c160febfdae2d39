//! Functions of angles that are made of others.

use super::{SameBackend, Tensor};
use crate::backend::{ArrayOf, Backend, Binary, Compare, Float, Unary, With, constant};
use crate::shape::Shape;
use std::f64::consts::{FRAC_PI_2, PI};

/// Functions of angles and of hyperbolas, of each element.
///
/// ```
/// use congruent::prelude::*;
/// use std::f32::consts::PI;
/// dims! { Embed = 3; }
/// let x = Tensor::from_nested((Embed,), [-1.0, 0.0, 0.5]);
/// let near = |x: Tensor<(Embed,)>, y: [f32; 3]| x.to_vec().iter().zip(y).all(|(x, y)| (x - y).abs() < 1e-6);
/// assert!(near(x.asin(), [-PI / 2.0, 0.0, PI / 6.0]));
/// assert!(near(x.acos(), [PI, PI / 2.0, PI / 3.0]));
/// assert!(near(x.sinh(), [-1.1752012, 0.0, 0.5210953]));
/// assert!(near(x.cosh(), [1.5430806, 1.0, 1.127626]));
/// ```
impl<S: Shape, B: Backend<Elem: Float>> Tensor<S, B> {
    /// The angle whose sine it is, between -π/2 and π/2; NaN beyond 1.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Embed = 3; }
    /// let x = Tensor::from_nested((Embed,), [-1.0, 0.0, 0.5]);
    /// assert_eq!(format!("{:.4?}", x.asin().to_vec()), "[-1.5708, 0.0000, 0.5236]");
    /// ```
    #[doc(alias = "arcsin")]
    pub fn asin(&self) -> Self {
        // By (1 - x)(1 + x), and not by 1 - x², which loses digits next to 1.
        let cosine = B::unary(Unary::Sqrt, B::binary(Binary::Mul, self.from_one(), self.plus_one()));
        self.calculated(B::unary(Unary::Atan, B::binary(Binary::Div, self.array.clone(), cosine)))
    }

    /// The angle whose cosine it is, between 0 and π; NaN beyond 1.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Embed = 3; }
    /// let x = Tensor::from_nested((Embed,), [-1.0, 0.0, 0.5]);
    /// assert_eq!(format!("{:.4?}", x.acos().to_vec()), "[3.1416, 1.5708, 1.0472]");
    /// ```
    #[doc(alias = "arccos")]
    pub fn acos(&self) -> Self {
        // Twice the angle of tan(a / 2), which has all digits next to 1.
        let squared = B::binary(Binary::Div, self.from_one(), self.plus_one());
        let half = B::unary(Unary::Atan, B::unary(Unary::Sqrt, squared));
        self.calculated(B::binary_scalar(Binary::Mul, half, constant(2.0)))
    }

    /// The hyperbolic sine.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Embed = 3; }
    /// let x = Tensor::from_nested((Embed,), [-1.0, 0.0, 0.5]);
    /// assert_eq!(format!("{:.4?}", x.sinh().to_vec()), "[-1.1752, 0.0000, 0.5211]");
    /// ```
    pub fn sinh(&self) -> Self {
        let grown = |x| B::unary(Unary::Expm1, x);
        let opposite = grown(B::unary(Unary::Neg, self.array.clone()));
        let both = B::binary(Binary::Sub, grown(self.array.clone()), opposite);
        self.calculated(B::binary_scalar(Binary::Mul, both, constant(0.5)))
    }

    /// The hyperbolic cosine.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Embed = 3; }
    /// let x = Tensor::from_nested((Embed,), [-1.0, 0.0, 0.5]);
    /// assert_eq!(format!("{:.4?}", x.cosh().to_vec()), "[1.5431, 1.0000, 1.1276]");
    /// ```
    pub fn cosh(&self) -> Self {
        let opposite = B::unary(Unary::Exp, B::unary(Unary::Neg, self.array.clone()));
        let both = B::binary(Binary::Add, B::unary(Unary::Exp, self.array.clone()), opposite);
        self.calculated(B::binary_scalar(Binary::Mul, both, constant(0.5)))
    }

    /// The angle of the point `(x, y)`, where this is `y`, between -π and π: the sign of a zero says from which side.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// use std::f32::consts::PI;
    /// dims! { Points = 4; }
    /// let y = Tensor::from_nested((Points,), [1.0, 1.0, -1.0, 0.0]);
    /// let x = Tensor::from_nested((Points,), [1.0, -1.0, 0.0, -2.0]);
    /// let angles = y.atan2(&x).to_vec();
    /// let expected = [PI / 4.0, 3.0 * PI / 4.0, -PI / 2.0, PI];
    /// assert!(angles.iter().zip(expected).all(|(x, y)| (x - y).abs() < 1e-6));
    /// ```
    #[doc(alias("arctan2", "phase"))]
    pub fn atan2(&self, x: &Tensor<S, impl SameBackend<B>>) -> Self {
        let (y, x) = (&self.array, &x.array);
        let full = |value| B::filled(constant(value), B::sizes(y), &B::device(y));
        let size = |x: &ArrayOf<B>| B::unary(Unary::Abs, B::detach(x.clone()));
        let all = |x: &_, y: &_| With::<B, bool>::select(x, y, x);
        // Of two infinite ones, the signs have the direction.
        let is_endless = |x: &_| B::compare_scalar(Compare::Equal, &size(x), constant(f64::INFINITY));
        let both = all(&is_endless(x), &is_endless(y));
        let [y, x] = [y, x].map(|x| B::select(&both, &B::unary(Unary::Sign, x.clone()), x));
        let is_flat = B::compare(Compare::GreaterOrEqual, &size(&x), &size(&y));
        // The larger of the two divides; at the origin, 1.
        let is_origin = B::compare_scalar(Compare::Equal, &x, constant(0.0));
        let divisor = B::select(&is_flat, &B::select(&all(&is_origin, &is_flat), &full(1.0), &x), &y);
        let angle = B::unary(Unary::Atan, B::binary(Binary::Div, B::select(&is_flat, &y, &x), divisor));
        let with_sign_of = |x: &ArrayOf<B>, size: f64| B::select(&is_negative::<B>(x), &full(-size), &full(size));
        // A zero below changes no number, and no sign of a zero.
        let behind = B::select(&is_negative::<B>(&x), &with_sign_of(&y, PI), &full(-0.0));
        let flat = B::binary(Binary::Add, angle.clone(), behind);
        let steep = B::binary(Binary::Sub, with_sign_of(&y, FRAC_PI_2), angle);
        let is_number = B::compare(Compare::Equal, &x, &x);
        let found = B::select(&is_flat, &flat, &steep);
        self.calculated(B::select(&is_number, &found, &x))
    }

    /// From this tensor to another, as far as `weight` says: all the way by 1.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Embed = 2; }
    /// let (x, y) = (Tensor::zeros((Embed,)), Tensor::full((Embed,), 8.0));
    /// assert_eq!(x.lerp(&y, 0.25).to_vec(), [2.0, 2.0]);
    /// ```
    #[doc(alias("mix", "interpolate"))]
    pub fn lerp(&self, end: &Tensor<S, impl SameBackend<B>>, weight: B::Elem) -> Self {
        let way = B::binary(Binary::Sub, end.array.clone(), self.array.clone());
        let one = constant::<B::Elem>(1.0);
        // From the nearer end, so that both ends are met exactly.
        if weight < constant(0.5) {
            let part = B::binary_scalar(Binary::Mul, way, weight);
            return self.calculated(B::binary(Binary::Add, self.array.clone(), part));
        }
        let part = B::binary_scalar(Binary::Mul, way, one - weight);
        self.calculated(B::binary(Binary::Sub, end.array.clone(), part))
    }

    fn calculated(&self, array: ArrayOf<B>) -> Self {
        Tensor::from_parts(self.shape, array)
    }
    fn plus_one(&self) -> ArrayOf<B> {
        B::binary_scalar(Binary::Add, self.array.clone(), constant(1.0))
    }
    #[allow(clippy::wrong_self_convention)]
    fn from_one(&self) -> ArrayOf<B> {
        B::scalar_binary(Binary::Sub, constant(1.0), self.array.clone())
    }
}

/// Below zero, or the zero below.
fn is_negative<B: Backend<Elem: Float>>(x: &ArrayOf<B>) -> ArrayOf<B, bool> {
    let x = B::detach(x.clone());
    let is_below = |x: &_| B::compare_scalar(Compare::Less, x, constant(0.0));
    let is_zero = B::compare_scalar(Compare::Equal, &x, constant(0.0));
    With::<B, bool>::select(&is_zero, &is_below(&B::unary(Unary::Recip, x.clone())), &is_below(&x))
}
