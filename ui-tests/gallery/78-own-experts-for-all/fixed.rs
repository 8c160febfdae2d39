use congruent::io::{SafeTensors, Weights, Writer, load_on};
use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::{Cpu, Create, Tensor, dims};

dims! { Model = 2; Experts = 4; Embed = 1; }

fn main() {
    let experts = Tensor::arange(Experts).expand(Embed).permute((Experts, Embed));
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Model,)).unwrap();
        let (part, device) = (mesh.shard(Experts, Model), mesh.device());
        let own = experts.to_engine::<OnMesh<Cpu<f32>>>(&device).shard(part);
        let mut writer = Writer::default();
        writer.add("experts", &own);
        let file = SafeTensors::from_bytes(writer.to_bytes().unwrap()).unwrap();
        let resumed = load_on(&file, &device, |weights: Weights<'_, f32, OnMesh<Cpu<f32>>>| {
            weights.tensor("experts", (part, Embed))
        });
        assert_eq!(resumed.unwrap().all_gather(part).to_vec(), [0.0, 1.0, 2.0, 3.0]);
    });
}
