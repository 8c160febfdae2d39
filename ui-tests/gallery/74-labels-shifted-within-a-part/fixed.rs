use congruent::dim::Next;
use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::{Cpu, Ids, dims};

dims! { Context = 2; Batch = 1; Seq = 5; Vocab = 8; }

fn main() {
    let tokens = Ids::new((Batch, Seq), Vocab, &[1, 2, 3, 4, 5]).unwrap();
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Context,)).unwrap();
        let next = mesh.try_shard(Next(Seq), Context).unwrap();
        let labels = tokens.next(Seq).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device()).shard(next);
        let expected = [[2, 3], [4, 5]][mesh.rank(Context)];
        assert_eq!(labels.to_vec().iter().map(|id| id.get()).collect::<Vec<_>>(), expected);
    });
}
