//! The processor's engine does what the contract asks of one.

use congruent::conformance::Suite;
use congruent::cpu::{Device, Processor};
use congruent::dim::N;
use congruent::half::{bf16, f16};
use congruent::mesh::{Mesh, MeshOf, in_threads};

fn suite() -> Suite<Processor> {
    Suite::on(Device)
}

#[test]
fn bools() {
    suite().bools().finish();
}

#[test]
fn integers() {
    suite().integers::<i8>().integers::<i16>().integers::<i32>().integers::<i64>().finish();
}

#[test]
fn unsigned_integers() {
    suite().integers::<u8>().integers::<u16>().integers::<u32>().integers::<u64>().integers::<usize>().finish();
}

#[test]
fn single() {
    suite().floats::<f32>().finish();
}

#[test]
fn double() {
    suite().floats::<f64>().finish();
}

#[test]
fn half() {
    suite().floats::<f16>().finish();
}

#[test]
fn brain() {
    suite().floats::<bf16>().finish();
}

#[test]
fn casts() {
    suite()
        .casts::<f64, f32>()
        .casts::<f64, f16>()
        .casts::<f64, bf16>()
        .casts::<f64, i8>()
        .casts::<f32, f64>()
        .casts::<f32, f16>()
        .casts::<f32, bf16>()
        .casts::<f32, i64>()
        .casts::<f16, bf16>()
        .casts::<bf16, f16>()
        .casts::<i64, f32>()
        .casts::<u64, f16>()
        .casts::<i64, bf16>()
        .casts::<i64, i8>()
        .casts::<i8, u64>()
        .finish();
}

#[test]
fn gradients_of_single() {
    suite().gradients::<f32>().finish();
}

#[test]
fn gradients_of_double() {
    suite().gradients::<f64>().finish();
}

#[test]
fn gradients_of_half() {
    suite().gradients::<f16>().finish();
}

#[test]
fn gradients_of_brain() {
    suite().gradients::<bf16>().finish();
}

#[test]
fn custom_functions() {
    suite().custom_functions::<f32>().custom_functions::<f64>().custom_functions::<f16>().finish();
}

/// What is alike on the ranks of a mesh is calculated as by each of them alone.
#[test]
fn ranks_of_a_mesh() {
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (N::<2>,)).unwrap();
        let suite = Suite::<MeshOf<Processor>>::on(mesh.device());
        suite.floats::<f32>().gradients::<f32>().finish();
    });
}

#[test]
fn every_method_of_the_contract_is_checked() {
    let suite = suite().bools().floats::<f64>().gradients::<f64>();
    let checked: Vec<_> = suite.operations().collect();
    let source = include_str!("../src/backend/operations.rs");
    let declared = source.lines().filter_map(|line| line.trim_start().strip_prefix("fn "));
    let methods: Vec<_> = declared.filter_map(|rest| rest.split(['(', '<']).next()).collect();
    assert!(methods.len() > 40, "{methods:?}");
    // What it says is about the typed layer, and hidden.
    let missing: Vec<_> = methods.iter().filter(|name| !checked.contains(name) && **name != "is_checked").collect();
    assert!(missing.is_empty(), "nothing is checked of {missing:?}");
}
