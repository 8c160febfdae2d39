use congruent::mesh::Partial;
use congruent::prelude::*;

dims! { Model = 2; Batch = 4; Embed = 8; }

fn wrong(sum: Partial<(Batch, Embed), Model>) {
    let y = sum.mean(Embed);
}

fn main() {}
