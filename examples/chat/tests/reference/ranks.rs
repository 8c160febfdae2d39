//! The model divided among ranks says what it says in one process.

use crate::agreement::{greedy_ids_agree, path};
use chat::configured::KeyHeads;
use chat::{Dims, Pretrained};
use congruent::dim::Filled;
use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::prelude::*;

dims! { Two = 2; Three = 3; Four = 4; }

/// Hidden features are divided along an axis, and key heads as `part` says. Each rank reads its part of the blocks of the file.
fn agrees<M: Dim, H: Filled>(pretrained: &Pretrained, axis: M, part: impl Fn(&Mesh<(M,)>, KeyHeads) -> H + Sync) {
    in_threads(axis.size(), |world| {
        let mesh = Mesh::new(world, (axis,)).unwrap();
        let Dims { vocab, positions, embed, heads, key_heads, head_dim, ffn, experts, expert_ffn } =
            pretrained.config.dims().unwrap();
        let (key_heads, ffn) = (part(&mesh, key_heads), mesh.try_shard(ffn, axis).unwrap());
        let expert_ffn = mesh.try_shard(expert_ffn, axis).unwrap();
        let heads = Times(key_heads, heads.1);
        let dims = Dims { vocab, positions, embed, heads, key_heads, head_dim, ffn, experts, expert_ffn };
        let model = pretrained.load::<_, _, _, _, _, _, _, _, _, OnMesh<Cpu<f32>>>(dims, &mesh.device(), || ());
        greedy_ids_agree(&model.unwrap(), 8);
    });
}

#[test]
fn greedy_texts_of_ranks_agree() {
    let Some(path) = path() else { return };
    let pretrained = Pretrained::open(path).unwrap();
    agrees(&pretrained, Two, |_, key_heads| key_heads);
    agrees(&pretrained, Four, |_, key_heads| key_heads);
    agrees(&pretrained, Three, |mesh, key_heads| mesh.try_shard(key_heads, Three).unwrap());
}
