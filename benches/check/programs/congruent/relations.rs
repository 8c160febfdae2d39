// REPEAT
mod group_NN {
    use congruent::prelude::*;

    dims! {
        Batch = 2;
        Queries = 3NN;
        Keys = 2NN;
        Heads = 10;
        HeadDim = 1NN;
        Embed = 1NN0;
        Ffn = 4 * Embed;
    }

    pub fn relations() -> usize {
        // EDIT
        let x = Tensor::ones((Batch, Queries, Embed));
        let memory = Tensor::ones((Batch, Keys, Embed));
        let up = Tensor::ones((Embed, Ffn));
        let bias = Tensor::ones((Queries, Keys));
        let lengths = Lengths::new(Batch, Keys, &[1, 2]).unwrap();
        // Twenty relations.
        let hidden = x.matmul(&up);
        let x_factors = x.relabel(Embed, Times(Heads, HeadDim));
        let q = x_factors.split_heads();
        let memory_factors = memory.relabel(Embed, Times(Heads, HeadDim));
        let k = rearrange!(memory_factors, "b s (h d) -> b h s d");
        let k_transposed = k.transpose(Keys, HeadDim);
        let products = q.matmul(&k_transposed);
        let scores = einsum!("b h i d, b h j d -> b h i j", q, k);
        let sums = scores + products;
        let biased = sums + bias;
        let weights = biased.softmax(Keys);
        let dense = attention(&q, &k, &k, &Full);
        let causal = attention(&q, &q, &q, &Causal);
        let masked = attention(&q, &k, &k, &Full.and(lengths));
        let merged = (weights.matmul(&k) + dense + causal + masked).merge_heads();
        let y = merged.relabel(Times(Heads, HeadDim), Embed);
        let joined = y.concat(Queries, &memory);
        let permuted = hidden.permute((Ffn, Batch, Queries));
        let mean = permuted.mean(Queries);
        let expanded = mean.expand(Keys);
        expanded.shape().elements() + joined.shape().elements()
    }
}

// END
fn main() {
    let mut elements = 0;
    // REPEAT
    elements += group_NN::relations();
    // END
    println!("{elements}");
}
