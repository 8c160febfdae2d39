use congruent::prelude::*;

dims! { Embed = 384; }

fn main() {
    // EDIT
    println!("{}", Tensor::ones((Embed,)).sum(Embed).scalar());
}
