use congruent::{Each, Tensor, dims};

dims! { Batch = 1; Seq = 2; Heads = 3; HeadDim = 2; }

fn merge(heads: [Tensor<(Batch, Seq, HeadDim)>; 3]) {
    let [first, second, _third] = heads;
    let merged = Tensor::concat_heads(Heads, &Each::new(Heads, [first, second]));
}

fn main() {}
