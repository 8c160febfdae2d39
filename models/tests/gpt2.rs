//! GPT-2 with random weights on the processor.

#[path = "agreement/gpt2.rs"]
mod agreement;

use congruent::io::{SafeTensors, Source, Writer};
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
