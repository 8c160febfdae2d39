use congruent::dim::Shard;
use congruent::mesh::OnMesh;
use congruent::nn::Embedding;
use congruent::prelude::*;

dims! { Model = 2; Batch = 4; Seq = 3; Vocab = 8; Embed = 4; }

type On = OnMesh<Cpu<f32>>;
type Tokens = TensorOf<(Shard<Batch, Model>, Seq), Index<Vocab>, On>;

fn wrong(tokens: &Tokens, embedding: &Embedding<Shard<Vocab, Model>, Embed, On>) {
    let y = embedding.forward(tokens);
}

fn main() {}
