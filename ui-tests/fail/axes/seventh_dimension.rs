use congruent::prelude::*;

dims! { Batch = 2; }

fn main() {
    let x = Tensor::ones((N::<1>, N::<2>, N::<3>, N::<4>, N::<5>, N::<6>));
    let y = x.expand(Batch);
}
