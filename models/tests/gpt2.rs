//! GPT-2 with random weights on the processor.

#[path = "agreement/gpt2.rs"]
mod agreement;

use congruent::backend::Backend;
use congruent::dim::Filled;
use congruent::io::{SafeTensors, Source, Writer};
use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::prelude::*;

#[test]
fn logits_at_once_and_in_parts() {
    agreement::logits_agree::<Cpu<f32>>(&Default::default());
}

#[test]
fn greedy_text() {
    agreement::greedy_texts_agree::<Cpu<f32>>(&Default::default());
}

#[test]
fn another_vocabulary_is_refused_by_name() {
    agreement::another_vocabulary_is_refused_by_name::<Cpu<f32>>(&Default::default());
}

#[test]
fn a_model_is_written_as_it_is_published() {
    let model = agreement::model::<_, Cpu<f32>>(agreement::Vocab, &Default::default()).unwrap();
    assert_written_as_published(&model);
}

dims! { AlongHeads = 3; AlongFfn = 2; }

/// Queries, keys and values are in one tensor of the file: each rank reads three parts of it. The whole is written as it was.
#[test]
fn in_parts_on_the_ranks_of_a_mesh() {
    in_threads(6, |world| {
        let mesh = Mesh::new(world, (AlongHeads, AlongFfn)).unwrap();
        let (heads, ffn) = (mesh.shard(agreement::Heads, AlongHeads), mesh.shard(agreement::Ffn, AlongFfn));
        let device = mesh.device();
        let model = agreement::model_of::<_, _, _, OnMesh<Cpu<f32>>>(agreement::Vocab, heads, ffn, &device).unwrap();
        agreement::logits_of_model_agree(&model, &device);
        assert_written_as_published(&model);
    });
}

/// That each tensor of the file is as it was.
fn assert_written_as_published<H: Filled, F: Filled, B: Backend<Elem = f32>>(
    model: &agreement::Model<agreement::Vocab, B, H, F>,
) {
    let mut writer = Writer::default();
    model.add_to(&mut writer);
    let written = SafeTensors::from_bytes(writer.to_bytes().unwrap()).unwrap();
    let published = agreement::Part::open(false);
    let (mut found, mut expected) = (written.names(), published.names());
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    for name in found {
        let [found, expected] = [written.get(&name), published.get(&name)].map(Option::unwrap);
        assert_eq!((found.dtype, found.sizes), (expected.dtype, expected.sizes), "{name}");
        assert_eq!(found.bytes.as_slice(), expected.bytes.as_slice(), "{name}");
    }
}
