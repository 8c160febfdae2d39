use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::{Cpu, Create, Module, Tensor, dims};

dims! { Model = 2; Hidden = 2; }

fn main() {
    let gradient = Tensor::from_vec((Hidden,), vec![3.0, 4.0]).unwrap();
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Model,)).unwrap();
        let (hidden, device) = (mesh.shard(Hidden, Model), mesh.device());
        let mut model = Tensor::ones((hidden,)).to_engine::<OnMesh<Cpu<f32>>>(&device);
        model.track();
        let x = gradient.to_engine::<OnMesh<Cpu<f32>>>(&device).shard(hidden);
        let mut gradients = (&model * x).partial_sum(hidden).all_reduce().backward();
        assert_eq!(gradients.clip_norm(&model, 1.0), 5.0);
        let clipped = gradients.of(&model).all_gather(hidden).to_vec();
        assert!(clipped.iter().zip([0.6, 0.8]).all(|(found, expected)| (found - expected).abs() < 1e-6), "{clipped:?}");
    });
}
