//! What operations should give: plain loops over double numbers, of nothing that an engine has.

pub mod attention;
pub mod elementwise;
pub mod matmul;
pub mod rows;
pub mod windows;

/// A number, and the magnitude of what it was calculated of: roundings count in proportion to that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near {
    pub value: f64,
    pub scale: f64,
}

impl Near {
    /// One that was calculated without adding.
    pub fn relative(value: f64) -> Self {
        Near { value, scale: value.abs() }
    }
    /// The sum of such numbers.
    pub fn sum(terms: impl Iterator<Item = f64>) -> Self {
        terms.fold(Near { value: 0.0, scale: 0.0 }, |sum, x| Near { value: sum.value + x, scale: sum.scale + x.abs() })
    }
}
