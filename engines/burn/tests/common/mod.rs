//! The devices that tests run on, what they transfer, and how near results are.

use congruent_burn::{Device, Transfers, transfers};

/// The devices that this machine has, of those built in; or those that the environment variable `DEVICES` lists.
pub fn devices() -> Vec<Device> {
    let asked = std::env::var("DEVICES").ok();
    let named = |name: &str| name.parse().unwrap_or_else(|error| panic!("{error}"));
    let devices: Vec<Device> =
        asked.map_or_else(|| Device::available().to_vec(), |names| names.split(',').map(named).collect());
    assert!(!devices.is_empty(), "no device is built in");
    devices
}

/// What `f` gives, and what it transfers.
#[allow(dead_code)]
pub fn counted<R>(f: impl FnOnce() -> R) -> (R, Transfers) {
    let before = transfers();
    let result = f();
    let after = transfers();
    (result, Transfers { sent: after.sent - before.sent, fetched: after.fetched - before.fetched })
}

/// Within `tolerance`, relative to numbers beyond 1.
#[allow(dead_code)]
#[track_caller]
pub fn assert_near(what: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (at, (x, y)) in found.iter().zip(expected).enumerate() {
        assert!((x - y).abs() <= tolerance * y.abs().max(1.0), "{what}: {x} for {y} at {at}");
    }
}
