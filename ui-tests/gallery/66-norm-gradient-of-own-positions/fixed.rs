use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::nn::RmsNorm;
use congruent::{Cpu, Create, Module, Tensor, dims};

dims! { Model = 2; Seq = 4; Embed = 2; }

fn main() {
    let x = Tensor::from_nested((Seq, Embed), [[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]);
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Model,)).unwrap();
        let (seq, device) = (mesh.shard(Seq, Model), mesh.device());
        let x = x.to_engine::<OnMesh<Cpu<f32>>>(&device).shard(seq);
        let mut norm = RmsNorm::new(Embed, 0.0).to_engine::<OnMesh<Cpu<f32>>>(&device);
        norm.track();
        let loss = norm.forward(&x).sum(Embed).partial_mean(seq).all_reduce();
        // Three quarters of the positions have all in the first feature; normalized it is the root of two.
        let gradient = loss.backward().of(&norm.weight).to_vec();
        let expected = [0.75, 0.25].map(|share| share * 2_f32.sqrt());
        assert!(gradient.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-5), "{gradient:?}");
    });
}
