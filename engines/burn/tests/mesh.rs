//! Ranks that calculate on burn: a model in parts steps as in one process. On the processor alone, whose functions are as precise as those of
//! the one process that is compared.

#[path = "../../../tests/common/encoder.rs"]
mod encoder;
// It has what other tests need.
#[allow(dead_code, unused_imports)]
#[path = "../../../tests/mesh/models.rs"]
mod models;

use congruent::dim::N;
use congruent::mesh::in_threads;
use congruent_burn::{Burn, Device};

#[test]
fn steps_of_ranks_are_those_of_one_process() {
    let device: Device = "flex".parse().unwrap();
    in_threads(2, |world| models::check::<Burn<f32>, _, _>(world, device.clone(), N::<2>, N::<1>));
    in_threads(2, |world| models::check::<Burn<f32>, _, _>(world, device.clone(), N::<1>, N::<2>));
}
