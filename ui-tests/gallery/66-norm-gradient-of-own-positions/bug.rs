use congruent::dim::Shard;
use congruent::mesh::OnMesh;
use congruent::nn::RmsNorm;
use congruent::{Cpu, Tensor, dims};

dims! { Model = 2; Seq = 4; Embed = 2; }

fn gradients(
    norm: &RmsNorm<Embed, OnMesh<Cpu<f32>>>,
    x: &Tensor<(Shard<Seq, Model>, Embed), OnMesh<Cpu<f32>>>,
    seq: Shard<Seq, Model>,
) {
    let loss = norm.forward(x).sum(Embed).partial_mean(seq);
    let gradients = loss.backward();
}

fn main() {}
