use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::{Cpu, Create, Ids, Tensor, dims};

dims! { Model = 2; Tokens = 3; Experts = 4; Embed = 1; }

fn main() {
    let chosen = Ids::new((Tokens,), Experts, &[3, 0, 1]).unwrap();
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Model,)).unwrap();
        let (experts, device) = (mesh.shard(Experts, Model), mesh.device());
        // That of each expert is ten times its number.
        let scales = (Tensor::arange(experts) * 10.0).to_engine::<OnMesh<Cpu<f32>>>(&device);
        let all = scales.all_gather(experts).expand(Embed).permute((Experts, Embed));
        let x = all.lookup(&chosen.to_engine::<OnMesh<Cpu<f32>>>(&device));
        assert_eq!(x.to_vec(), [30.0, 0.0, 10.0]);
    });
}
