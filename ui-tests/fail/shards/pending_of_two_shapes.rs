use congruent::mesh::Partial;
use congruent::prelude::*;

dims! { Model = 2; Batch = 4; Embed = 8; }

fn wrong(x: Partial<(Batch,), Model>, y: Partial<(Embed,), Model>) {
    let z = x + y;
}

fn main() {}
