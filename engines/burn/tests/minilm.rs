//! all-MiniLM-L6-v2 on each device beside the values that PyTorch calculates.

#[path = "../../../examples/minilm/tests/agreement/mod.rs"]
mod agreement;
mod common;

use agreement::{an_unpadded_sentence_agrees, every_layer_agrees, strings, texts};
use common::{counted, devices};
use congruent_burn::{Burn, Transfers};
use minilm::{MiniLm, PUBLISHED, find_or_fetch};

/// As on the processor's own engine: sums of another order, and other polynomials for `exp`, `erf` and `tanh`, are within it.
const TOLERANCE: f32 = 1e-5;

#[test]
fn every_layer_agrees_with_pytorch() {
    let folder = find_or_fetch(None).unwrap();
    for device in devices() {
        let (model, moved) = counted(|| MiniLm::<_, Burn<f32>>::load_on(&folder, PUBLISHED, &device).unwrap());
        // The tensors of the file but its positions, each once.
        assert_eq!(moved, Transfers { sent: 103, fetched: 0 }, "{device}");
        every_layer_agrees(&model, TOLERANCE);
        an_unpadded_sentence_agrees(&model, TOLERANCE);
        let texts = strings(&texts()["small"]);
        let (_, moved) = counted(|| model.embed(&texts[..2]).unwrap());
        // Ids and lengths go there, the vectors come back.
        assert!(moved.sent <= 4 && moved.fetched == 1, "{device}: {moved:?}");
    }
}
