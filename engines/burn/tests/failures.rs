//! What a device cannot do is an error that says so, and not the end of the program.

mod common;

use common::devices;
use congruent::backend::{Backend, Failure, Unary};
use congruent_burn::{Array, Burn, Device};

type Single = Burn<f32>;

/// Of 2¹⁸ rows and columns: 256 GiB.
const N: usize = 1 << 18;

/// What is said of an array where one of its elements is asked for.
fn of_first(x: &Array) -> Result<Vec<f32>, Failure> {
    Single::to_vec(&Single::narrow(&Single::narrow(x, 0, 0, 1), 1, 0, 1))
}

fn column(device: &Device) -> Array {
    Single::filled(1.0, &[N, 1], device)
}

#[test]
fn what_is_too_large_is_an_error_and_the_device_goes_on() {
    for device in devices() {
        let made: [(&str, Array); 3] = [
            ("filled", Single::filled(1.0, &[N, N], &device)),
            ("unary", Single::unary(Unary::Exp, Single::broadcast(&column(&device), &[N, N]))),
            ("matmul", Single::matmul(&column(&device), &Single::reshape(&column(&device), &[1, N]))),
        ];
        for (operation, x) in made {
            assert_eq!(Single::sizes(&x), [N, N]);
            let failure = of_first(&x).expect_err(operation);
            assert_eq!(failure.device, device.to_string());
            // Graphics cards calculate later, and name their kernel in the reason.
            let expected = if device == Device::flex() { operation } else { "to_vec" };
            assert_eq!(failure.operation, expected, "{failure}");
            assert!(failure.reason.contains("274877906944"), "{failure}");
        }
        assert_eq!(Single::to_vec(&Single::filled(2.0, &[2], &device)).unwrap(), [2.0; 2]);
    }
}
