use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Keys = 7; Embed = 12; }

fn main() {
    let x = Tensor::ones((Batch, Ragged(Seq), Embed));
    let lengths = Lengths::new(Batch, Ragged(Keys), &[5, 5]).unwrap();
    let y = x.masked_mean(&lengths);
}
