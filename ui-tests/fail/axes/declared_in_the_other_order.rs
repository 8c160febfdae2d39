use congruent::prelude::*;

dims! { Batch = 2; Colours = 3; Pixels = 16; Patch = Colours * Pixels; }

fn main() {
    let pixels = Tensor::ones((Batch, Pixels, Colours));
    let patch: Tensor<(Batch, Patch)> = rearrange!(pixels, "b p c -> b (p c)").relabel(Times(Pixels, Colours), Patch);
}
