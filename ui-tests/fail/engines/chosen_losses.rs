#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::nn::mean_where;
use congruent::prelude::*;
use other::Other;

dims! { Batch = 2; Seq = 8; }

fn main() {
    let losses = Other::<f32>::ones((Batch, Seq));
    let chosen = Cpu::from_vec((Batch, Seq), vec![true; 16]).unwrap();
    let loss = mean_where(&losses, &chosen);
}
