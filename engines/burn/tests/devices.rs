//! What devices are called, which is taken, and what programs say of them.

mod common;
#[path = "../examples/devices/mod.rs"]
mod programs;

use ::common::{Place, parse};
use clap::Parser;
use congruent::backend::Backend;
use congruent_burn::{Burn, Device};

#[test]
fn a_name_is_read_as_it_is_written() {
    for device in common::devices() {
        let name = device.to_string();
        for name in [name.clone(), name.to_uppercase()] {
            assert_eq!(name.parse(), Ok(device.clone()), "{name}");
        }
        // What is made there says the same.
        let x = Burn::<f32>::filled(1.0, &[2], &device);
        assert_eq!(x.device().to_string(), name);
        if !name.contains(':') {
            assert_eq!(format!("{name}:0").parse(), Ok(device.clone()));
        }
        assert!(device.description().starts_with(&format!("{name} (")), "{}", device.description());
    }
}

/// All behind one interface have names of their own.
#[test]
fn no_two_devices_have_one_name() {
    let names: std::collections::BTreeSet<String> = Device::available().iter().map(Device::to_string).collect();
    assert_eq!(names.len(), Device::available().len());
}

fn error(name: &str) -> String {
    name.parse::<Device>().unwrap_err().to_string()
}

#[test]
fn a_device_that_is_not_there_is_an_error_that_says_why_and_names_those_there_are() {
    let names: Vec<String> = Device::available().iter().map(Device::to_string).collect();
    let there_are = format!("; there are: {}", if names.is_empty() { "none".to_owned() } else { names.join(", ") });
    for name in ["abacus", "", "vulkan:x", "vulkan:", "vulkan:-1", "flex:1:2", " flex"] {
        assert_eq!(error(name), format!("there is no device `{name}`{there_are}"));
    }
    for name in ["cuda", "rocm", "metal", "vulkan", "webgpu", "libtorch", "flex"] {
        let expected = match Device::names().contains(&name) {
            true => format!("this machine has no device `{name}:99`, or no driver of it{there_are}"),
            false => format!("this build has no `{name}`: build with `--features {name}`{there_are}"),
        };
        assert_eq!(error(&format!("{name}:99")), expected);
    }
}

/// A processor that plays a graphics card is much slower than its own kernels.
#[cfg(feature = "flex")]
#[test]
fn graphics_in_software_come_after_the_processor() {
    let descriptions: Vec<String> = Device::available().iter().map(Device::description).collect();
    let flex = descriptions.iter().position(|description| description == "flex (the processor)").unwrap();
    let (before, after) = descriptions.split_at(flex);
    assert!(before.iter().all(|description| !description.ends_with(", in software)")), "{descriptions:?}");
    assert!(after[1..].iter().all(|description| description.ends_with(", in software)")), "{descriptions:?}");
    assert_eq!(Device::default().description(), descriptions[0]);
    assert!(!descriptions[0].contains("llvmpipe"), "{descriptions:?}");
}

#[test]
fn help_names_the_devices_of_the_build() {
    #[derive(Debug, Parser)]
    struct Arguments {
        #[command(flatten)]
        _place: Place,
    }
    let arguments = ["program", "--help"].map(Into::into);
    let help = parse::<Arguments, _>(arguments, &programs::devices()).unwrap_err().to_string();
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains(&format!("Where it calculates: `{}`,", Device::names().join("`, `"))), "{help}");
    assert!(!help.contains("`cpu`"), "{help}");
}
