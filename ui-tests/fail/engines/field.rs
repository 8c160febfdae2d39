#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::nn::Linear;
use congruent::prelude::*;
use other::Other;

dims! { Embed = 4; Hidden = 8; }

fn main() {
    let weight = Other::<f32>::ones((Hidden, Embed));
    let bias = Some(Tensor::zeros((Hidden,)));
    let layer = Linear { weight, bias };
}
