//! One image without a batch.
use congruent::nn::PatchEmbedding;
use congruent::prelude::*;

dims! { Batch = 2; Colours = 3; Grey = 1; Height = 32; Width = 32; Patch = 16; Rows = 2; Columns = 2; More = 4; Embed = 8; }

fn main() {
    let layer = PatchEmbedding::random(Colours, Embed, (Patch, Patch), &mut Rng::with_seed(1));
    layer.forward(&Tensor::ones((Colours, Height, Width)), (Rows, Columns));
}
