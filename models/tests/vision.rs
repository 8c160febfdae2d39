//! Models of images with random weights against what the transformers library makes of them.

mod common;

use common::{Part, assert_near, assert_saved_as_published, config};
use congruent::backend::{Autodiff, Float};
use congruent::io::Stored;
use congruent::prelude::*;
use congruent_models::{Architecture, clip, vit};
use serde_json::json;

dims! {
    Batch = 2; Channels = 3; Height = 9; Width = 12; Patch = 3; Rows = 3; Columns = 4;
    Embed = 24; Heads = 3; HeadDim = 8; Ffn = 40; Classes = 5;
}

/// Softmax of the expected values is of single precision; states and features are up to 6.
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

dims! {
    Images = 2; Side = 12; SideRows = 4; SideColumns = 4;
    Texts = 3; Seq = 7; Vocab = 61; Positions = 12; TextEmbed = 16; TextHeads = 2; TextHeadDim = 8; Joint = 10;
}

const TEXT: clip::TextDims<Vocab, Positions, TextEmbed, TextHeads, TextHeadDim, Ffn> = clip::TextDims {
    vocab: Vocab,
    positions: Positions,
    embed: TextEmbed,
    heads: TextHeads,
    head_dim: TextHeadDim,
    ffn: Ffn,
};

const VISION: vit::Dims<Channels, Patch, SideRows, SideColumns, Embed, Heads, HeadDim, Ffn> = vit::Dims {
    channels: Channels,
    patch: Patch,
    rows: SideRows,
    columns: SideColumns,
    embed: Embed,
    heads: Heads,
    head_dim: HeadDim,
    ffn: Ffn,
};

#[rustfmt::skip]
type Clip<B> = clip::Clip<
    Vocab, Positions, TextEmbed, TextHeads, TextHeadDim, Ffn,
    Channels, Patch, SideRows, SideColumns, Embed, Heads, HeadDim, Ffn,
    Joint, B,
>;

fn clip_model<B: Autodiff<Elem: Float + Stored>>() -> Clip<B> {
    let Architecture::Clip(config) = Architecture::read(&config("vision.json", "clip").to_string()).unwrap() else {
        panic!("it is a CLIP");
    };
    let clip::Config { text, vision, joint } = config;
    assert_eq!([text.vocab, text.positions, text.embed, text.heads, text.head_dim, text.ffn], [61, 12, 16, 2, 8, 40]);
    let clip::VisionConfig { channels, patch, rows, columns, embed, heads, head_dim, ffn, .. } = vision;
    assert_eq!([channels, patch, rows, columns, embed, heads, head_dim, ffn], [3, 3, 4, 4, 24, 3, 8, 40]);
    assert_eq!(joint, 10);
    let settings = [text.settings, vision.settings];
    clip::Clip::load(&Part::weights("clip"), (TEXT, VISION, Joint), settings, &Default::default()).unwrap()
}

fn clip_agrees<B: Autodiff<Elem: Float + Stored + Into<f64>>>() {
    let mut model = clip_model::<B>();
    model.track();
    let expected = Part::expected("clip");
    let (device, seq) = (Default::default(), Ragged(Seq));
    let images: Tensor<_, B> = expected.tensor("images", (Images, Channels, Side, Side));
    let ids = Ids::new((Texts, seq), Vocab, &expected.ids("ids", (Texts, Seq))).unwrap().to_engine::<B>(&device);
    let lengths: Vec<usize> = expected.ids("lengths", (Texts,)).into_iter().map(|length| length as usize).collect();
    let lengths = Lengths::new(Texts, seq, &lengths).unwrap();

    let texts = model.text_features(&ids, &lengths).unwrap();
    assert_near("texts", &texts, &expected.tensor("text_features", (Texts, Joint)), TOLERANCE);
    let seen = model.image_features(&images);
    assert_near("images", &seen, &expected.tensor("image_features", (Images, Joint)), TOLERANCE);
    assert_eq!(model.try_image_features(&images).unwrap().to_vec(), seen.to_vec());
    let logits = model.logits(&seen, &texts);
    assert_near("logits", &logits, &expected.tensor("logits", (Images, Texts)), TOLERANCE);

    let gradients = logits.square().mean(Texts).mean(Images).backward();
    macro_rules! near {
        ($path:literal, $weight:expr) => {{
            let gradient = gradients.of(&$weight);
            let expected = expected.tensor(concat!("gradient.", $path), gradient.shape());
            assert_near(concat!("gradient of ", $path), &gradient, &expected, TOLERANCE);
        }};
    }
    near!("logit_scale", model.logit_scale);
    near!("text_model.embeddings.token_embedding.weight", model.text.tokens.weight);
    near!("text_model.encoder.layers.0.self_attn.q_proj.weight", model.text.layers[0].layer.attention.query.weight);
    near!("vision_model.embeddings.class_embedding", model.vision.class_token);
    near!("vision_model.embeddings.patch_embedding.weight", model.vision.patches.weight);
    near!("visual_projection.weight", model.visual_projection.weight);
}

#[test]
fn clip() {
    clip_agrees::<Cpu<f32>>();
    clip_agrees::<Cpu<f64>>();
}

#[test]
fn a_text_past_the_positions_is_refused() {
    let model = clip_model::<Cpu<f32>>();
    dims! { Length; }
    bind!(length: Length = 13);
    let length = Ragged(length);
    let ids = Ids::new((N::<1>, length), Vocab, &[60; 13]).unwrap();
    let error = model.text_features(&ids, &Lengths::new(N::<1>, length, &[13]).unwrap()).err().unwrap().to_string();
    assert!(error.contains("Positions"), "{error}");
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
    let mut clip = config("vision.json", "clip");
    clip["text_config"]["num_attention_heads"] = json!(0);
    let error = Architecture::read(&clip.to_string()).unwrap_err().to_string();
    assert_eq!(error, "`text_config`: a width of 16 cannot be shared by 0 heads");
}

#[test]
fn models_are_saved_as_they_are_published() {
    let (weights, device) = (Part::weights("vit"), Default::default());
    let model: Vit<Cpu<f32>> = vit::Classifier::load(&weights, VIT, Classes, &vit_config().settings, &device).unwrap();
    assert_saved_as_published(&model, &weights);
    assert_saved_as_published(&clip_model::<Cpu<f32>>(), &Part::weights("clip"));
}
