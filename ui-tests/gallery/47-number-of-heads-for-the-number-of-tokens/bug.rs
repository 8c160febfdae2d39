use congruent::{Tensor, Times, bind, dims};

dims! { Batch = 1; Seq; Embed = 8; Heads = 4; HeadDim = 2; }

fn main() {
    let mut seen = 0;
    for length in [3, 1] {
        bind!(seq: Seq = length);
        let x = Tensor::ones((Batch, seq, Embed));
        let q = x.relabel(Embed, Times(Heads, HeadDim)).split(Times(Heads, HeadDim));
        seen += q.sizes()[2];
    }
}
