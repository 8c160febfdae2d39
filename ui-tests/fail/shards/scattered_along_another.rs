use congruent::dim::Shard;
use congruent::mesh::Partial;
use congruent::prelude::*;

dims! { Data = 2; Model = 2; Batch = 4; Embed = 8; }

fn wrong(x: Partial<(Batch, Embed), Data>, embed: Shard<Embed, Model>) {
    let z = x.reduce_scatter(embed);
}

fn main() {}
