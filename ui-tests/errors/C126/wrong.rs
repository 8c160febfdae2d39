use congruent::nn::PatchEmbedding;
use congruent::{Rng, Tensor, dims};

dims! { Batch = 2; Height = 32; Width = 32; Colours = 3; Patch = 16; Rows = 2; Columns = 2; Embed = 8; }

fn main() {
    let layer = PatchEmbedding::random(Colours, Embed, (Patch, Patch), &mut Rng::with_seed(1));
    let images = Tensor::ones((Batch, Height, Width, Colours));
    layer.forward(&images, (Rows, Columns));
}
