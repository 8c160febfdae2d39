//! How near is near enough.

use crate::backend::{DataType, Number};

/// How far what an engine gives may be from what it should: so much for each unit of the magnitudes that were calculated with.
///
/// Of a sum the magnitude is that of its terms, of a function that of its argument or its result. Numbers too small to be
/// normal count as zero, which many devices make of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// Of results.
    pub values: f64,
    /// Of gradients, which are results of several operations.
    pub gradients: f64,
}

impl Tolerance {
    /// Enough for any order of additions, and for functions that are right to a few units in the last place.
    ///
    /// | | half of a unit in the last place | values | gradients | |
    /// |---|---|---|---|---|
    /// | `f64` | 1.1e-16 | 1e-12 | 1e-7 | what is expected are differences of double numbers, which are no more precise |
    /// | `f32` | 6e-8 | 1e-5 | 1e-4 | about 170 roundings: sums have up to a hundred terms here |
    /// | `f16` | 4.9e-4 | 5e-3 | 2e-2 | 10 roundings: sums are kept in `f32`, and operations made of others round after each |
    /// | `bf16` | 3.9e-3 | 4e-2 | 1.6e-1 | as many |
    ///
    /// ```
    /// use congruent::conformance::Tolerance;
    /// assert_eq!(Tolerance::of::<f32>(), Tolerance { values: 1e-5, gradients: 1e-4 });
    /// ```
    pub fn of<T: Number>() -> Self {
        let [values, gradients] = match T::DATA_TYPE {
            DataType::F64 => [1e-12, 1e-7],
            DataType::F32 => [1e-5, 1e-4],
            DataType::F16 => [5e-3, 2e-2],
            DataType::BF16 => [4e-2, 1.6e-1],
            _ => [0.0, 0.0],
        };
        Tolerance { values, gradients }
    }
}

/// The smallest normal number.
pub fn smallest<T: Number>() -> f64 {
    match T::DATA_TYPE {
        DataType::F64 => f64::MIN_POSITIVE,
        DataType::F16 => 6.2e-5,
        _ => f32::MIN_POSITIVE as f64,
    }
}
