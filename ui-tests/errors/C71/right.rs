use congruent::prelude::*;

dims! { Batch = 1; Embed = 8; Heads = 4; HeadDim = 2; Seq; }

fn tokens<S: Dense>(x: &Tensor<(Batch, S, Embed)>) -> usize {
    let (_, seq, _) = x.shape();
    seq.size()
}

fn main() {
    bind!(seq: Seq = 5);
    let x = Tensor::ones((Batch, seq, Embed));
    let heads = x.relabel(Embed, Times(Heads, HeadDim)).split_heads();
    assert_eq!(tokens(&x), heads.dim(seq).size());
}
