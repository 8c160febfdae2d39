use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Kept = 2; Embed = 12; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
    let ids = Ids::new((Batch, Kept), Seq, &[0, 1, 2, 3]).unwrap();
    // The same positions of each of the features.
    let ids = ids.expand(Embed).permute((Batch, Kept, Embed));
    let kept: Tensor<(Batch, Kept, Embed)> = x.take_along(Seq, &ids);
}
