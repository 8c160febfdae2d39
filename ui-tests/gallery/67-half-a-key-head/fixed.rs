use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::nn::attention;
use congruent::{Cpu, Create, Full, Rng, Tensor, dims};

dims! { Model = 2; Batch = 1; Heads = 2; Seq = 3; HeadDim = 4; }

fn main() {
    let rng = &mut Rng::with_seed(1);
    let q = Tensor::<(Batch, Heads, Seq, HeadDim)>::normal((Batch, Heads, Seq, HeadDim), 0.0, 1.0, rng);
    // One head of keys and values, which all ranks have.
    let [k, v] = [(); 2].map(|()| Tensor::<(Batch, Seq, HeadDim)>::normal((Batch, Seq, HeadDim), 0.0, 1.0, rng));
    let for_all = |x: &Tensor<(Batch, Seq, HeadDim)>| x.expand(Heads).permute((Batch, Heads, Seq, HeadDim));
    let expected = attention(&q, &for_all(&k), &for_all(&v), &Full).to_vec();
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Model,)).unwrap();
        let (heads, device) = (mesh.shard(Heads, Model), mesh.device());
        let q = q.to_engine::<OnMesh<Cpu<f32>>>(&device).shard(heads);
        let [k, v] = [&k, &v].map(|x| {
            let x = x.to_engine::<OnMesh<Cpu<f32>>>(&device);
            x.expand(heads).permute((Batch, heads, Seq, HeadDim))
        });
        let y = attention(&q, &k, &v, &Full).all_gather(heads).to_vec();
        assert!(y.iter().zip(&expected).all(|(y, expected)| (y - expected).abs() < 1e-5));
    });
}
