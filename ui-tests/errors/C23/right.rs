use congruent::dim::Dim;
use congruent::{Causal, Tensor, Times, dims, nn::attention, shape::SharesHeads};

dims! { Seq = 5; Heads = 12; KeyHeads = 4; Group = 3; HeadDim = 8; Batch = 2; }

type Split<H> = Tensor<(Batch, H, Seq, HeadDim)>;

fn grouped<H: SharesHeads<K>, K: Dim>(q: &Split<H>, k: &Split<K>, v: &Split<K>) -> Split<H> {
    attention(q, k, v, &Causal)
}

fn main() {
    let q = Tensor::ones((Batch, Heads, Seq, HeadDim));
    let k = Tensor::ones((Batch, KeyHeads, Seq, HeadDim));
    let y = grouped::<Times<KeyHeads, Group>, KeyHeads>(&q.relabel(Heads, Times(KeyHeads, Group)), &k, &k);
    assert_eq!(y.sizes(), [2, 12, 5, 8]);
}
