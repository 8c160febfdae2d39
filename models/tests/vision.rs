//! Models of images with random weights against what the transformers library makes of them.

mod common;

use common::{Part, assert_near, assert_saved_as_published, config};
use congruent::backend::{Autodiff, Float};
use congruent::io::Stored;
use congruent::prelude::*;
use congruent_models::{Architecture, vit};
use serde_json::json;

dims! {
    Batch = 2; Channels = 3; Height = 9; Width = 12; Patch = 3; Rows = 3; Columns = 4;
    Embed = 24; Heads = 3; HeadDim = 8; Ffn = 40; Classes = 5;
}

/// Softmax of the expected values is of single precision; states and logits are up to 4.
const TOLERANCE: f64 = 2e-5;

const VIT: vit::Dims<Channels, Patch, Rows, Columns, Embed, Heads, HeadDim, Ffn> = vit::Dims {
    channels: Channels,
    patch: Patch,
    rows: Rows,
    columns: Columns,
    embed: Embed,
    heads: Heads,
    head_dim: HeadDim,
    ffn: Ffn,
};

fn vit_config() -> vit::Config {
    match Architecture::read(&config("vision.json", "vit").to_string()).unwrap() {
        Architecture::Vit(config) => config,
        other => panic!("{other:?}"),
    }
}

type Vit<B> = vit::Classifier<Classes, Channels, Patch, Rows, Columns, Embed, Heads, HeadDim, Ffn, B>;

fn vit_agrees<B: Autodiff<Elem: Float + Stored + Into<f64>>>() {
    let vit::Config { channels, patch, rows, columns, embed, heads, head_dim, ffn, settings } = vit_config();
    assert_eq!([channels, patch, rows, columns, embed, heads, head_dim, ffn], [3, 3, 3, 4, 24, 3, 8, 40]);
    let device = Default::default();
    let mut model: Vit<B> = vit::Classifier::load(&Part::weights("vit"), VIT, Classes, &settings, &device).unwrap();
    model.track();
    let expected = Part::expected("vit");
    let images: Tensor<_, B> = expected.tensor("images", (Batch, Channels, Height, Width));
    let states = model.vit.forward(&images);
    assert_near("states", &states, &expected.tensor("states", states.shape()), TOLERANCE);
    assert_eq!(model.vit.try_forward(&images).unwrap().to_vec(), states.to_vec());
    let logits = model.logits(&states);
    assert_near("logits", &logits, &expected.tensor("logits", (Batch, Classes)), TOLERANCE);

    let gradients = logits.square().mean(Classes).mean(Batch).backward();
    macro_rules! near {
        ($path:literal, $weight:expr) => {{
            let gradient = gradients.of(&$weight);
            let expected = expected.tensor(concat!("gradient.", $path), gradient.shape());
            assert_near(concat!("gradient of ", $path), &gradient, &expected, TOLERANCE);
        }};
    }
    near!("vit.embeddings.cls_token", model.vit.class_token);
    near!("vit.embeddings.position_embeddings", model.vit.positions);
    near!("vit.embeddings.patch_embeddings.projection.weight", model.vit.patches.projection.weight);
    let first = &model.vit.layers[0].layer.attention;
    near!("vit.encoder.layer.0.attention.attention.key.weight", first.key.weight);
}

#[test]
fn vit() {
    vit_agrees::<Cpu<f32>>();
    vit_agrees::<Cpu<f64>>();
}

#[test]
fn an_image_of_other_sizes_is_refused() {
    let settings = vit_config().settings;
    let weights = Part::weights("vit");
    let device = Default::default();
    let model: vit::Vit<_, _, _, _, _, _, _, _> = vit::Vit::load(&weights, VIT, &settings, &device).unwrap();
    dims! { Side; }
    bind!(side: Side = 12);
    let images = Tensor::zeros((Batch, Channels, side, Width));
    let error = model.try_forward(&images).err().unwrap().to_string();
    assert!(error.contains("Side") && error.contains("Rows"), "{error}");
}

#[test]
fn configurations_that_cannot_be_are_named() {
    let vit = config("vision.json", "vit");
    for (key, value, expected) in [
        ("patch_size", json!([3, 4]), "`patch_size` is 3 by 4, and this library has square patches"),
        ("patch_size", json!(10), "`image_size` is 9 by 12, which holds no patch of 10 by 10"),
        ("patch_size", json!(0), "`patch_size` is 0, and this library takes 1 to 4294967296"),
        ("num_attention_heads", json!(5), "a width of 24 cannot be shared by 5 heads"),
        ("pooler_act", json!("relu"), "`pooler_act` is `relu`, and this library knows `tanh`"),
        ("pooler_output_size", json!(7), "`pooler_output_size` is 7, and `hidden_size` 24: they have to be one"),
    ] {
        let mut json = vit.clone();
        json[key] = value;
        assert_eq!(Architecture::read(&json.to_string()).unwrap_err().to_string(), expected);
    }
}

#[test]
fn models_are_saved_as_they_are_published() {
    let (weights, device) = (Part::weights("vit"), Default::default());
    let model: Vit<Cpu<f32>> = vit::Classifier::load(&weights, VIT, Classes, &vit_config().settings, &device).unwrap();
    assert_saved_as_published(&model, &weights);
}
