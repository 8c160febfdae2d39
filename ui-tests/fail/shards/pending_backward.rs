use congruent::mesh::Partial;
use congruent::prelude::*;

dims! { Data = 2; }

fn wrong(loss: Partial<(), Data>) {
    let gradients = loss.backward();
}

fn main() {}
