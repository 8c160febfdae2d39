use congruent::prelude::*;

dims! { Batch = 2; Embed = 12; Vocab = 100; Positions = 4; }

fn main() {
    let table = Tensor::ones((Vocab, Embed));
    let ids = Ids::new((Batch,), Positions, &[0, 1]).unwrap();
    let y = table.lookup(&ids);
}
