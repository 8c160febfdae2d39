use congruent::{Tensor, bind, dims};

dims! { Layers; Batch = 2; Embed = 8; }

fn main() {
    bind!(layers: Layers = 6);
    let states = Tensor::ones((layers, Batch, Embed));
    states.unstack(layers);
}
