use congruent::prelude::*;

dims! { Batch = 2; Embed = 12; Vocab = 100; }

fn main() {
    let logits = Tensor::ones((Batch, Vocab));
    let ids = Ids::new((Batch,), Embed, &[0, 1]).unwrap();
    let y = logits.gather(&ids);
}
