//! Copies of weights take no more memory than they may.

use congruent::nn::Linear;
use congruent::packed_weights;
use congruent::prelude::*;

dims! { Batch = 9; Inputs = 256; Outputs = 256; }

/// What the copy of one weight takes.
const COPY: usize = 4 * 256 * 256;

fn layers() -> Vec<Linear<Inputs, Outputs>> {
    (0..4).map(|seed| Linear::random(Inputs, Outputs, &mut Rng::with_seed(seed))).collect()
}

/// What each layer gives, used so often that its weight is kept, and the most that copies took.
fn used(layers: &[Linear<Inputs, Outputs>]) -> (Vec<Vec<u32>>, usize) {
    let x = Tensor::normal((Batch, Inputs), 0.0, 1.0, &mut Rng::with_seed(9));
    let mut most = 0;
    let mut results = Vec::new();
    for _ in 0..3 {
        for layer in layers {
            results.push(layer.forward(&x).to_vec().into_iter().map(f32::to_bits).collect());
            most = most.max(packed_weights::bytes());
        }
    }
    (results, most)
}

/// All in one: the bound is that of the program.
#[test]
fn the_bound_holds_and_changes_no_result() {
    let unbounded = layers();
    let (expected, most) = used(&unbounded);
    assert_eq!((packed_weights::limit(), most), (usize::MAX, 4 * COPY));

    // Copies that are there already are given up.
    packed_weights::set_limit(3 * COPY - 1);
    assert_eq!(used(&unbounded).0, expected);
    assert_eq!(packed_weights::bytes(), 2 * COPY);
    drop(unbounded);
    assert_eq!(packed_weights::bytes(), 0);

    for (limit, copies) in [(0, 0), (COPY - 1, 0), (COPY, 1), (3 * COPY + 5, 3), (usize::MAX, 4)] {
        packed_weights::set_limit(limit);
        let mut bounded = layers();
        let (found, most) = used(&bounded);
        assert!(found == expected, "with at most {limit} bytes");
        assert_eq!(most, copies * COPY, "with at most {limit} bytes");
        bounded.truncate(2);
        assert!(packed_weights::bytes() <= 2 * COPY);
        drop(bounded);
        assert_eq!(packed_weights::bytes(), 0);
    }
}

#[test]
fn the_environment_says_how_much() {
    // The variable is read once, so that each value takes a process.
    let name = "the_environment_says_how_much";
    if let Ok(expected) = std::env::var("EXPECTED_LIMIT") {
        return assert_eq!(packed_weights::limit().to_string(), expected);
    }
    for (value, expected) in [("0", 0), (" 300000 ", 300_000), ("-1", usize::MAX), ("1 MiB", usize::MAX)] {
        let mut test = std::process::Command::new(std::env::current_exe().unwrap());
        test.args(["--exact", name]).env("CONGRUENT_PACKED_BYTES", value).env("EXPECTED_LIMIT", expected.to_string());
        assert!(test.output().unwrap().status.success(), "{value:?}");
    }
}
