use congruent::mesh::Partial;
use congruent::nn::cross_entropy;
use congruent::prelude::*;

dims! { Model = 2; Batch = 4; Embed = 8; }

fn wrong(logits: Partial<(Batch, Embed), Model>, labels: Ids<(Batch,), Embed>) {
    let loss = cross_entropy(&logits, &labels);
}

fn main() {}
