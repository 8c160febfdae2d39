use congruent::prelude::*;

dims! { Batch = 2; Class = 3; Vocab = 100; }

fn main() {
    let ids = Ids::new((Batch,), Vocab, &[2, 99]).unwrap();
    let targets: Tensor<(Batch, Class)> = ids.one_hot(Class);
}
