use congruent::prelude::*;

dims! { Seq; Embed = 12; }

fn main() {
    Seq::with(5, |question| {
        Seq::with(5, |answer| {
            let _z = Tensor::ones((question, Embed)) + Tensor::ones((answer, Embed));
        })
    });
}
