//! What the program is told.

use congruent::Cpu;

#[test]
fn a_device_that_is_not_there_is_an_error_that_names_those_there_are() {
    let arguments = ["train", "--device", "cuda"].map(Into::into);
    let error = train::cli::<Cpu<f32>>(arguments, common::processor("train")).unwrap_err().to_string();
    assert!(error.starts_with("no device `cuda` is built in; there are: cpu."), "{error}");
    assert!(error.contains("--features vulkan --example train -- --device vulkan"), "{error}");
}
