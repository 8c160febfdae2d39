use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; }

fn main() {
    let table = Tensor::ones((Ragged(Seq), Embed));
    let ids = Ids::new((Batch,), Ragged(Seq), &[0, 4]).unwrap();
    let rows = table.lookup(&ids);
}
