use burn::nn::loss::{KLDivLossConfig, Reduction};
use burn::tensor::activation::{log_softmax, softmax};
use burn::tensor::{Device, Tensor};
use gallery_burn::*;

fn main() {
    // Of a student that says what its teacher says.
    let logits = Tensor::<2>::from_floats([[1.0, 2.0, 3.0]], &Device::default());
    let teacher = softmax(logits.clone(), 1);
    let loss = KLDivLossConfig { log_target: false }.init();
    let got = loss.forward(softmax(logits.clone(), 1), teacher.clone(), Reduction::BatchMean);
    report(got, loss.forward(log_softmax(logits, 1), teacher, Reduction::BatchMean));
}
