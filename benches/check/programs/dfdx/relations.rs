// REPEAT
mod group_NN {
    use dfdx::prelude::*;

    const BATCH: usize = 2;
    const QUERIES: usize = 3NN;
    const KEYS: usize = 2NN;
    const HEADS: usize = 10;
    const HEAD_DIM: usize = 1NN;
    const EMBED: usize = 1NN0;
    const FFN: usize = 4 * EMBED;

    pub fn relations() -> usize {
        // EDIT
        let device = Cpu::default();
        let x: Tensor<Rank3<BATCH, QUERIES, EMBED>, f32, _> = device.ones();
        let memory: Tensor<Rank3<BATCH, KEYS, EMBED>, f32, _> = device.ones();
        let up: Tensor<Rank2<EMBED, FFN>, f32, _> = device.ones();
        let bias: Tensor<Rank2<QUERIES, KEYS>, f32, _> = device.ones();
        // Twenty relations.
        let hidden = x.clone().matmul(up);
        let x_factors = x.clone().reshape::<Rank4<BATCH, QUERIES, HEADS, HEAD_DIM>>();
        let q = x_factors.permute::<Rank4<BATCH, HEADS, QUERIES, HEAD_DIM>, _>();
        let memory_factors = memory.clone().reshape::<Rank4<BATCH, KEYS, HEADS, HEAD_DIM>>();
        let k = memory_factors.permute::<Rank4<BATCH, HEADS, KEYS, HEAD_DIM>, _>();
        let k_transposed = k.clone().permute::<Rank4<BATCH, HEADS, HEAD_DIM, KEYS>, _>();
        let scores = q.clone().matmul(k_transposed);
        let sums = scores.clone() + scores;
        let repeated = bias.broadcast::<Rank4<BATCH, HEADS, QUERIES, KEYS>, _>();
        let weights = (sums + repeated).softmax::<Axis<3>>();
        let attended = weights.matmul(k);
        let q_transposed = q.clone().permute::<Rank4<BATCH, HEADS, HEAD_DIM, QUERIES>, _>();
        let own = q.clone().matmul(q_transposed).softmax::<Axis<3>>().matmul(q);
        let swapped = (attended + own).permute::<Rank4<BATCH, QUERIES, HEADS, HEAD_DIM>, _>();
        let y = swapped.reshape::<Rank3<BATCH, QUERIES, EMBED>>();
        let y_counted = y.realize::<(Const<BATCH>, usize, Const<EMBED>)>();
        let memory_counted = memory.realize::<(Const<BATCH>, usize, Const<EMBED>)>();
        let joined = (y_counted, memory_counted).concat_along(Axis::<1>);
        let mean = hidden.permute::<Rank3<FFN, BATCH, QUERIES>, _>().mean::<Rank2<FFN, BATCH>, _>();
        let expanded = mean.broadcast::<Rank3<KEYS, FFN, BATCH>, _>();
        expanded.shape().num_elements() + joined.shape().num_elements()
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
