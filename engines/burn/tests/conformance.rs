//! Every device that is here does what the contract asks of one.

mod common;

use common::devices;
use congruent::conformance::Suite;
use congruent::half::{bf16, f16};
use congruent_burn::{BurnEngine, Device};

/// The checks of each device that holds such elements; says which does not.
fn each(what: &str, checks: impl Fn(Suite<BurnEngine>) -> Suite<BurnEngine>, holds: impl Fn(&Device) -> bool) {
    let mut faults = Vec::new();
    for device in devices() {
        if !holds(&device) {
            eprintln!("NOT CHECKED: {device} has no {what}");
            continue;
        }
        let suite = checks(Suite::on(device.clone()));
        faults.extend(suite.faults().iter().map(|fault| format!("{device}: {fault}")));
    }
    let shown: Vec<&str> = faults.iter().take(100).map(String::as_str).collect();
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), shown.join("\n"));
}

#[test]
fn bools() {
    each("bool", Suite::bools, Device::holds::<bool>);
}

#[test]
fn integers() {
    each("i32", Suite::integers::<i32>, Device::holds::<i32>);
    each("u32", Suite::integers::<u32>, Device::holds::<u32>);
    // Not `i64`: in a build that checks overflow, flex panics where it should wrap around.
}

#[test]
fn single() {
    each("f32", Suite::floats::<f32>, Device::holds::<f32>);
}

#[test]
fn half() {
    each("f16", Suite::floats::<f16>, Device::holds::<f16>);
}

#[test]
fn brain() {
    each("bf16", Suite::floats::<bf16>, Device::holds::<bf16>);
}

#[test]
fn casts() {
    each("f16", Suite::casts::<f32, f16>, Device::holds::<f16>);
    each("f16", Suite::casts::<f16, f32>, Device::holds::<f16>);
    each("bf16", Suite::casts::<f32, bf16>, Device::holds::<bf16>);
    each("f32", Suite::casts::<f32, i32>, Device::holds::<i32>);
}

#[test]
fn gradients() {
    each("f32", Suite::gradients::<f32>, Device::holds::<f32>);
}

#[test]
fn custom_functions() {
    each("f32", Suite::custom_functions::<f32>, Device::holds::<f32>);
    each("f16", Suite::custom_functions::<f16>, Device::holds::<f16>);
}

#[test]
fn two_devices_do_not_meet() {
    let devices = devices();
    let [one, other, ..] = &devices[..] else { return eprintln!("NOT CHECKED: there is one device alone") };
    Suite::<BurnEngine>::on(one.clone()).beside::<f32>(other).gradients_beside::<f32>(other).finish();
}
