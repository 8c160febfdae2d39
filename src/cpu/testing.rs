//! What tests of several rooms need.

use super::array::Array;
use crate::backend::{Number, Value};

/// Numbers between -2 and 2.
pub fn random<T: Number>(sizes: &[usize], seed: u64) -> Array<T> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let count = sizes.iter().product();
    Array::from_vec((0..count).map(|_| T::from_value(Value::Float(rng.f64() * 4.0 - 2.0))).collect(), sizes)
}

/// Within `tolerance`, relative to numbers beyond 1.
pub fn assert_near<T: Number>(found: &Array<T>, expected: &[f64], tolerance: f64) {
    let found = found.elements();
    assert_eq!(found.len(), expected.len());
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        let found = found.to_f64().unwrap();
        let near = found == *expected || (found - expected).abs() <= tolerance * expected.abs().max(1.0);
        assert!(near || found.is_nan() && expected.is_nan(), "{found} for {expected} at {at}");
    }
}
