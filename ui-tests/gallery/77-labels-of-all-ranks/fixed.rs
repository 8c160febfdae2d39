use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::nn::{cross_entropy, info_nce};
use congruent::{Cpu, Create, Ids, Rng, Tensor, dims};

dims! { Data = 2; Batch = 4; Pairs = 4; Embed = 2; }

fn main() {
    let rng = &mut Rng::with_seed(1);
    let [images, texts] =
        [(); 2].map(|()| Tensor::<(Batch, Embed)>::normal((Batch, Embed), 0.0, 1.0, rng).normalize(Embed));
    let labels = Ids::new((Batch,), Pairs, &[0, 1, 2, 3]).unwrap();
    let expected = info_nce(&images, &texts, 1.0).mean(Batch).scalar();
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Data,)).unwrap();
        let (batch, device) = (mesh.shard(Batch, Data), mesh.device());
        let [images, texts] = [&images, &texts].map(|x| x.to_engine::<OnMesh<Cpu<f32>>>(&device).shard(batch));
        let labels = labels.to_engine::<OnMesh<Cpu<f32>>>(&device).shard(batch);
        let texts = texts.all_gather(batch).relabel(Batch, Pairs);
        let logits = images.matmul(&texts.transpose(Pairs, Embed));
        let loss = cross_entropy(&logits, &labels).partial_mean(batch).all_reduce().scalar();
        assert!((loss - expected).abs() < 1e-5, "{loss} for {expected}");
    });
}
