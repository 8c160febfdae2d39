//! The program before it has a model.

use std::process::Command;

#[test]
fn another_device_is_refused_with_a_command_that_has_it() {
    let output = Command::new(env!("CARGO_BIN_EXE_chat")).args(["--device", "vulkan", "Hi"]).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && error.contains("no device `vulkan` is built in; there are: cpu"), "{error}");
    assert!(error.contains("--features vulkan --example chat -- --device vulkan"), "{error}");
}
