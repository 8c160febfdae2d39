use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::{Cpu, Create, Tensor, Times, dims};

dims! { Model = 2; Seq = 1; Heads = 2; HeadDim = 2; }

fn main() {
    let queries = Tensor::from_vec((Seq, Times(Heads, HeadDim)), vec![1.0, 1.0, 3.0, 5.0]).unwrap();
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Model,)).unwrap();
        let features = mesh.shard(Times(Heads, HeadDim), Model);
        let own = queries.to_engine::<OnMesh<Cpu<f32>>>(&mesh.device()).shard(features);
        let mean_square = own.square().partial_mean(features).all_reduce();
        let normalized = &own / mean_square.sqrt().expand_as(&own, features);
        // The mean of the squares 1, 1, 9 and 25 is 9.
        let expected = [1.0, 1.0, 3.0, 5.0].map(|x| x / 3.0);
        assert_eq!(normalized.all_gather(features).to_vec(), expected);
    });
}
