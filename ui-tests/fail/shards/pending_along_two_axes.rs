use congruent::mesh::Partial;
use congruent::prelude::*;

dims! { Data = 2; Model = 2; Batch = 4; }

fn wrong(x: Partial<(Batch,), Data>, y: Partial<(Batch,), Model>) {
    let z = x + y;
}

fn main() {}
