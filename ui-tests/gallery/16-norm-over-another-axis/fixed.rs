#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::dims;
use congruent::nn::LayerNorm;

dims! { Batch = 1; Channels = 4; Positions = 4; }

fn main() {
    let x = wave((Batch, Channels, Positions)).transpose(Channels, Positions);
    let y = LayerNorm::new(Channels, 1e-5).forward(&x).transpose(Positions, Channels);
    let right = [
        0.975526, 0.93071, 0.0429713, -0.898924, -1.67449, -0.79747, 0.806867, 1.67928, 0.343559, -1.18216, -1.64679,
        -0.573756, 0.355405, 1.04892, 0.796948, -0.206596,
    ];
    assert_close(&y, &right);
}
