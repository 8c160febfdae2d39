use congruent::dim::Shard;
use congruent::{Plus, Tensor, dims};

dims! { Model = 2; Batch = 2; Gate = 4; Up = 4; }

fn gated(
    x: &Tensor<(Batch, Shard<Plus<Gate, Up>, Model>)>,
    fused: Shard<Plus<Gate, Up>, Model>,
    gate: Shard<Gate, Model>,
    up: Shard<Up, Model>,
) {
    let (gate, up) = x.relabel(fused, Plus(gate, up)).unconcat(Plus(gate, up));
}

fn main() {}
