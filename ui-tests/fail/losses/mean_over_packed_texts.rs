use congruent::nn::cross_entropy;
use congruent::prelude::*;

dims! { Batch = 1; Seq = 4; Vocab = 10; }

fn main() {
    let ids = Ids::new((Batch, Packed(Seq)), Vocab, &[1, 2, 3, 4]).unwrap();
    let loss = cross_entropy(&Tensor::zeros((Batch, Packed(Seq), Vocab)), &ids).mean(Packed(Seq));
}
