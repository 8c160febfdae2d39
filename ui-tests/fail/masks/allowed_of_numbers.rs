use congruent::prelude::*;

dims! { Seq = 5; }

fn main() {
    let allowed = Allowed::new(Tensor::ones((Seq, Seq)));
}
