use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::{Cpu, Create, Plus, Tensor, dims};

dims! { Model = 2; Batch = 1; Ffn = 4; }

fn main() {
    // 0, 1, 2, 3 is the gate, 4, 5, 6, 7 what it lets through.
    let fused = Tensor::arange(Plus(Ffn, Ffn)).expand(Batch);
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Model,)).unwrap();
        let ffn = mesh.shard(Ffn, Model);
        let (gate, up) = fused.to_engine::<OnMesh<Cpu<f32>>>(&mesh.device()).unconcat(Plus(Ffn, Ffn));
        let y = (gate.shard(ffn) * up.shard(ffn)).all_gather(ffn);
        assert_eq!(y.to_vec(), [0.0, 5.0, 12.0, 21.0]);
    });
}
