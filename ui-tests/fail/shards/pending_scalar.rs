use congruent::mesh::Partial;
use congruent::prelude::*;

dims! { Data = 2; }

fn wrong(loss: Partial<(), Data>) {
    let value = loss.scalar();
}

fn main() {}
