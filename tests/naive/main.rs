//! An engine written against the public contract alone, and what runs on it.

mod engine;
mod layers;
mod tape;

use congruent::conformance::Suite;
use engine::{Place, Plain};

fn suite() -> Suite<Plain> {
    Suite::on(Place(1))
}

#[test]
fn elements_are_moved_and_integers_calculated_with() {
    suite().bools().integers::<i8>().integers::<u8>().integers::<i64>().integers::<u64>().finish();
}

#[test]
fn floating_point_numbers() {
    suite().floats::<f32>().floats::<f64>().finish();
}

#[test]
fn narrow_numbers() {
    suite().floats::<congruent::half::f16>().floats::<congruent::half::bf16>().finish();
}

#[test]
fn gradients() {
    suite().gradients::<f32>().gradients::<f64>().finish();
}

#[test]
fn devices() {
    suite().beside::<f32>(&Place(2)).gradients_beside::<f32>(&Place(2)).finish();
}
