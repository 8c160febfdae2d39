use congruent::dim::Dim;
use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::{Cpu, Create, Ids, Tensor, dims};

dims! { Context = 2; Seq = 4; Positions = 8; Embed = 1; }

fn main() {
    let table = Tensor::arange(Positions).expand(Embed).permute((Positions, Embed));
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Context,)).unwrap();
        let (seq, device) = (mesh.shard(Seq, Context), mesh.device());
        let numbers: Vec<u32> = (0..seq.size() as u32).collect();
        let positions = Ids::new((seq,), Positions, &numbers).unwrap().to_engine::<OnMesh<Cpu<f32>>>(&device);
        let x = table.to_engine::<OnMesh<Cpu<f32>>>(&device).lookup(&positions).all_gather(seq);
        assert_eq!(x.to_vec(), [0.0, 1.0, 0.0, 1.0]);
    });
}
