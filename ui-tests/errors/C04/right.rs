use congruent::{Tensor, dims};

dims! { Layers = 6; Batch = 2; Embed = 8; }

fn main() {
    let states = Tensor::ones((Layers, Batch, Embed));
    let each = states.unstack(Layers);
    assert_eq!((each.len(), each[5].sizes()), (6, [2, 8]));
}
