//! Models of images with random weights against what the transformers library makes of them.

mod common;

use common::{On, Padded, Part, assert_gradient_of_tokens, assert_near, assert_saved_as_published, config, on_ranks};
use congruent::backend::{Autodiff, DeviceOf, Float};
use congruent::dim::{Filled, Vocabulary};
use congruent::io::Stored;
use congruent::mesh::{Mesh, in_threads};
use congruent::prelude::*;
use congruent_models::{Architecture, clip, vit};
use serde_json::json;

dims! {
    Batch = 2; Channels = 3; Height = 9; Width = 12; Patch = 3; Rows = 3; Columns = 4;
    Embed = 24; Heads = 3; HeadDim = 8; Ffn = 40; Classes = 5;
    Three = 3; Two = 2;
}

/// Softmax of the expected values is of single precision; states and features are up to 6.
const TOLERANCE: f64 = 2e-5;

/// The dimensions, of which heads and features of the feed-forward networks may be parts.
fn dims<R, W, H, F>(rows: R, columns: W, heads: H, ffn: F) -> vit::Dims<Channels, Patch, R, W, Embed, H, HeadDim, F> {
    vit::Dims { channels: Channels, patch: Patch, rows, columns, embed: Embed, heads, head_dim: HeadDim, ffn }
}

fn vit_config() -> vit::Config {
    match Architecture::read(&config("vision.json", "vit").to_string()).unwrap() {
        Architecture::Vit(config) => config,
        other => panic!("{other:?}"),
    }
}

type Vit<B, H = Heads, F = Ffn> = vit::Classifier<Classes, Channels, Patch, Rows, Columns, Embed, H, HeadDim, F, B>;

fn vit_agrees<H: Filled, F: Filled, B: Autodiff<Elem: Float + Stored + Into<f64>>>(
    heads: H,
    ffn: F,
    device: &DeviceOf<B>,
) {
    let config = vit_config();
    let vit::Config { channels, patch, rows, columns, embed, head_dim, .. } = config;
    assert_eq!([channels, patch, rows, columns, embed, head_dim], [3, 3, 3, 4, 24, 8]);
    assert_eq!([config.heads, config.ffn], [3, 40]);
    let (weights, dims) = (Part::weights("vit"), dims(Rows, Columns, heads, ffn));
    let mut model: Vit<B, H, F> = vit::Classifier::load(&weights, dims, Classes, &config.settings, device).unwrap();
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
    vit_agrees::<_, _, Cpu<f32>>(Heads, Ffn, &Default::default());
    vit_agrees::<_, _, Cpu<f64>>(Heads, Ffn, &Default::default());
}

#[test]
fn vit_in_parts_on_the_ranks_of_a_mesh() {
    on_ranks((Three, Heads), (Two, Ffn), |mesh, heads, ffn| vit_agrees::<_, _, On>(heads, ffn, &mesh.device()));
}

#[test]
fn an_image_of_other_sizes_is_refused() {
    let settings = vit_config().settings;
    let weights = Part::weights("vit");
    let device = Default::default();
    let model: vit::Vit<_, _, _, _, _, _, _, _> =
        vit::Vit::load(&weights, dims(Rows, Columns, Heads, Ffn), &settings, &device).unwrap();
    dims! { Side; }
    bind!(side: Side = 12);
    let images = Tensor::zeros((Batch, Channels, side, Width));
    let error = model.try_forward(&images).err().unwrap().to_string();
    assert!(error.contains("Side") && error.contains("Rows"), "{error}");
}

dims! {
    Images = 2; Side = 12; SideRows = 4; SideColumns = 4;
    Texts = 3; Seq; Vocab = 61; More = 66; Positions = 12; TextEmbed = 16; TextHeads = 2; TextHeadDim = 8; Joint = 10;
}

#[rustfmt::skip]
type Clip<B, V = Vocab, TH = TextHeads, H = Heads, F = Ffn> = clip::Clip<
    V, Positions, TextEmbed, TH, TextHeadDim, F,
    Channels, Patch, SideRows, SideColumns, Embed, H, HeadDim, F,
    Joint, B,
>;

fn clip_model<V: Vocabulary, TH: Filled, H: Filled, F: Filled, B: Autodiff<Elem: Float + Stored>>(
    (vocab, text_heads, heads, ffn): (V, TH, H, F),
    device: &DeviceOf<B>,
) -> Clip<B, V, TH, H, F> {
    let Architecture::Clip(config) = Architecture::read(&config("vision.json", "clip").to_string()).unwrap() else {
        panic!("it is a CLIP");
    };
    let clip::Config { text, vision, joint } = config;
    assert_eq!([text.vocab, text.positions, text.embed, text.heads, text.head_dim, text.ffn], [61, 12, 16, 2, 8, 40]);
    assert_eq!([vision.channels, vision.patch, vision.rows, vision.columns, vision.embed], [3, 3, 4, 4, 24]);
    assert_eq!([vision.heads, vision.head_dim, vision.ffn], [3, 8, 40]);
    assert_eq!(joint, 10);
    let settings = [text.settings, vision.settings];
    let (positions, embed, head_dim) = (Positions, TextEmbed, TextHeadDim);
    let text = clip::TextDims { vocab, positions, embed, heads: text_heads, head_dim, ffn };
    let dims = (text, dims(SideRows, SideColumns, heads, ffn), Joint);
    let weights = Padded(Part::weights("clip"), vocab.whole().size());
    clip::Clip::load(&weights, dims, settings, device).unwrap()
}

fn clip_agrees<V: Vocabulary, TH: Filled, H: Filled, F: Filled, B: Autodiff<Elem: Float + Stored + Into<f64>>>(
    dims: (V, TH, H, F),
    device: &DeviceOf<B>,
) {
    let mut model = clip_model::<V, TH, H, F, B>(dims, device);
    assert_eq!(model.text.tokens.weight.sizes(), [dims.0.size(), 16]);
    model.track();
    let expected = Part::expected("clip");
    bind!(seq: Seq = expected.columns("ids"));
    let seq = Ragged(seq);
    let images: Tensor<_, B> = expected.tensor("images", (Images, Channels, Side, Side));
    let ids =
        Ids::new((Texts, seq), dims.0.whole(), &expected.ids("ids", (Texts, seq))).unwrap().to_engine::<B>(device);
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
    let gradient = gradients.of(&model.text.tokens.weight);
    assert_gradient_of_tokens(&expected, "text_model.embeddings.token_embedding.weight", &gradient, TOLERANCE);
    near!("logit_scale", model.logit_scale);
    near!("text_model.encoder.layers.0.self_attn.q_proj.weight", model.text.layers[0].layer.attention.query.weight);
    near!("vision_model.embeddings.class_embedding", model.vision.class_token);
    near!("vision_model.embeddings.patch_embedding.weight", model.vision.patches.weight);
    near!("visual_projection.weight", model.visual_projection.weight);
}

#[test]
fn clip() {
    clip_agrees::<_, _, _, _, Cpu<f32>>((Vocab, TextHeads, Heads, Ffn), &Default::default());
    clip_agrees::<_, _, _, _, Cpu<f64>>((Vocab, TextHeads, Heads, Ffn), &Default::default());
}

#[test]
fn clip_in_parts_on_the_ranks_of_a_mesh() {
    in_threads(6, |world| {
        let mesh = Mesh::new(world, (Three, Two)).unwrap();
        let (text_heads, heads, ffn) = (mesh.shard(TextHeads, Two), mesh.shard(Heads, Three), mesh.shard(Ffn, Two));
        let device = &mesh.device();
        clip_agrees::<_, _, _, _, On>((Vocab, text_heads, heads, ffn), device);
        clip_agrees::<_, _, _, _, On>((mesh.shard(More, Two), text_heads, heads, ffn), device);
        clip_agrees::<_, _, _, _, On>((mesh.shard(More, Three), text_heads, heads, ffn), device);
    });
}

#[test]
fn a_text_past_the_positions_is_refused() {
    let model = clip_model::<_, _, _, _, Cpu<f32>>((Vocab, TextHeads, Heads, Ffn), &Default::default());
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
    let (dims, settings) = (dims(Rows, Columns, Heads, Ffn), vit_config().settings);
    let model: Vit<Cpu<f32>> = vit::Classifier::load(&weights, dims, Classes, &settings, &device).unwrap();
    assert_saved_as_published(&model, &weights);
    assert_saved_as_published(
        &clip_model::<_, _, _, _, Cpu<f32>>((Vocab, TextHeads, Heads, Ffn), &Default::default()),
        &Part::weights("clip"),
    );
}
