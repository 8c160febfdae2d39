use congruent::{Tensor, dims};

dims! { Layers = 6; Batch = 2; Embed = 8; }

fn main() {
    let states = Tensor::ones((Layers, Batch, Embed));
    let each = states.unstack(Layers);
    assert_eq!(each.len(), 6);
    assert_eq!(each[5].sizes(), [2, 8]);
}
