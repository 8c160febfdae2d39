#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::nn::Linear;
use congruent::{Tensor, dims};

dims! { Batch = 2; Embed = 2; Vocab = 3; }

fn main() {
    let (hidden, table) = (wave((Batch, Embed)), wave((Vocab, Embed)));
    let tied = Linear { weight: table.clone(), bias: None };
    let logits: Tensor<(Batch, Vocab)> = tied.forward(&hidden);
    assert_close(&logits, &hidden.matmul(&table.transpose(Vocab, Embed)).to_vec());
}
