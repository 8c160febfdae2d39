use congruent::mask::alibi;
use congruent::nn::attention_with_bias;
use congruent::prelude::*;

dims! { Batch = 2; KeyHeads = 2; Group = 3; Seq = 3; HeadDim = 4; }

fn main() {
    let q = Tensor::ones((Batch, Times(KeyHeads, Group), Seq, HeadDim));
    let k = Tensor::ones((Batch, KeyHeads, Seq, HeadDim));
    let y = attention_with_bias(&q, &k, &k, &alibi(KeyHeads, Seq, Seq), &Causal);
}
