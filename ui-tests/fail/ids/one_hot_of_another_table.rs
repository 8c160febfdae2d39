use congruent::prelude::*;

dims! { Batch = 2; Class = 3; Vocab = 100; }

fn main() {
    let ids = Ids::new((Batch,), Vocab, &[2, 99]).unwrap();
    let targets = ids.one_hot::<f32, _>(Class);
}
