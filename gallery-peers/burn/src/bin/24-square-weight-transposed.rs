use burn::module::Param;
use burn::nn::Linear;
use gallery_burn::*;

fn main() {
    let (x, weight) = (wave([2, 2]), wave([2, 2])); // stored (out, in), as PyTorch does
    let layer = Linear { weight: Param::from_tensor(weight.clone()), bias: None };
    report(layer.forward(x.clone()), x.matmul(weight.transpose()));
}
