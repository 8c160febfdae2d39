use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 8; Hidden = 16; }

struct Layer {
    weight: Tensor<(Hidden, Embed)>,
}

impl Layer {
    fn forward(&self, x: &Tensor<(Batch, Seq, Embed)>) -> Tensor<(Batch, Seq, Hidden)> {
        einsum!("b s e, e h -> b s h", x, &self.weight).relu()
    }
}

fn main() {}
