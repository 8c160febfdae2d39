use congruent::dim::Shard;
use congruent::mesh::Mesh;
use congruent::nn::Linear;
use congruent::{Rng, Times, dims};

dims! { Model = 2; KeyHeads = 1; HeadDim = 4; Embed = 4; }

fn key(mesh: &Mesh<(Model,)>, rng: &mut Rng) {
    let heads: Shard<KeyHeads, Model> = mesh.shard(KeyHeads, Model);
    let key = Linear::random(Embed, Times(heads, HeadDim), rng);
}

fn main() {}
