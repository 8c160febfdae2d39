//! DiT with random weights against what diffusers makes of it, and how noise is taken away.

mod common;

use common::{On, Part, assert_near, assert_saved_as_published, config, on_ranks};
use congruent::backend::{Autodiff, DeviceOf, Float};
use congruent::dim::Filled;
use congruent::io::Stored;
use congruent::prelude::*;
use congruent_models::Architecture;
use congruent_models::dit::{Config, Dims, Dit, Schedule, Stochastic};
use serde_json::json;

dims! {
    Batch = 2; Steps = 1000; Classes = 6; Channels = 4; OutChannels = 8; Patch = 2; Rows = 3; Columns = 3;
    Embed = 16; Heads = 2; HeadDim = 8; Ffn = 64; Taken = 5;
    AlongHeads = 2; AlongFfn = 4;
}

#[rustfmt::skip]
type Model<B, H = Heads, F = Ffn> =
    Dit<Steps, Classes, Channels, OutChannels, Patch, Rows, Columns, Embed, H, HeadDim, F, B>;

/// Softmax and the angles of the expected values are of single precision; what is found is up to 10.
const TOLERANCE: f64 = 2e-5;

/// Heads and features of the feed-forward networks may be parts.
fn model<H: Filled, F: Filled, B: Autodiff<Elem: Float + Stored>>(
    heads: H,
    ffn: F,
    device: &DeviceOf<B>,
) -> Model<B, H, F> {
    let Architecture::Dit(config) = Architecture::read(&config("dit.json", "dit").to_string()).unwrap() else {
        panic!("it is a DiT");
    };
    let Config { classes, channels, out_channels, patch, rows, embed, head_dim, .. } = config;
    assert_eq!([classes, channels, out_channels, patch, rows, embed, head_dim], [6, 4, 8, 2, 3, 16, 8]);
    assert_eq!([config.heads, config.ffn], [2, 64]);
    let dims = Dims {
        steps: Steps,
        classes: Classes,
        channels: Channels,
        out_channels: OutChannels,
        patch: Patch,
        rows: Rows,
        columns: Columns,
        embed: Embed,
        heads,
        head_dim: HeadDim,
        ffn,
    };
    Dit::load(&Part::weights("dit"), dims, &config.settings, device).unwrap()
}

/// Images of this many channels.
fn images<C: Dim>(channels: C) -> (Batch, C, Times<Rows, Patch>, Times<Columns, Patch>) {
    (Batch, channels, Times(Rows, Patch), Times(Columns, Patch))
}

fn agrees<H: Filled, F: Filled, B: Autodiff<Elem: Float + Stored + Into<f64>>>(heads: H, ffn: F, device: &DeviceOf<B>) {
    let (mut model, expected) = (model::<H, F, B>(heads, ffn, device), Part::expected("dit"));
    model.track();
    let steps = Ids::new((Batch,), Steps, &expected.ids("steps", (Batch,))).unwrap().to_engine::<B>(device);
    let classes = Ids::new((Batch,), Classes, &expected.ids("classes", (Batch,))).unwrap().to_engine::<B>(device);
    let noise = model.forward(&expected.tensor("images", images(Channels)), &steps, &classes);
    assert_near("noise", &noise, &expected.tensor("noise", images(OutChannels)), TOLERANCE);

    let loss = noise.square().mean(At::<3>).mean(At::<2>).mean(OutChannels).mean(Batch);
    let gradients = loss.backward();
    macro_rules! near {
        ($path:literal, $weight:expr) => {{
            let gradient = gradients.of(&$weight);
            let expected = expected.tensor(concat!("gradient.", $path), gradient.shape());
            assert_near(concat!("gradient of ", $path), &gradient, &expected, TOLERANCE);
        }};
    }
    near!("pos_embed.proj.weight", model.patches.weight);
    let [first, second] = [0, 1].map(|i| &model.blocks[i]);
    let embedder = &first.condition.embedder;
    near!("transformer_blocks.0.norm1.emb.timestep_embedder.linear_1.weight", embedder.first.weight);
    near!("transformer_blocks.0.norm1.emb.class_embedder.embedding_table.weight", embedder.classes.weight);
    near!("transformer_blocks.1.norm1.linear.bias", second.condition.modulation.bias.as_ref().unwrap());
    near!("transformer_blocks.1.attn1.to_k.weight", second.attention.key.weight);
}

#[test]
fn dit() {
    agrees::<_, _, Cpu<f32>>(Heads, Ffn, &Default::default());
    agrees::<_, _, Cpu<f64>>(Heads, Ffn, &Default::default());
}

#[test]
fn in_parts_on_the_ranks_of_a_mesh() {
    on_ranks((AlongHeads, Heads), (AlongFfn, Ffn), |mesh, heads, ffn| agrees::<_, _, On>(heads, ffn, &mesh.device()));
}

/// Both are of double precision, but for the elements: those of images are up to 4, at the end up to 400.
const OF_STEPS: f64 = 1e-4;

#[test]
fn noise_is_taken_away_as_by_diffusers() {
    let expected = Part::expected("dit");
    let tensor = |name: &str| -> Tensor<_> { expected.tensor(name, images(Channels)) };
    let several = |name: &str| -> Tensor<_> {
        let (batch, channels, height, width) = images(Channels);
        expected.tensor(name, (Taken, batch, channels, height, width))
    };
    let (begin, fresh) = (tensor("images"), tensor("fresh"));
    let noise: Tensor<_> = expected.tensor("noise", images(OutChannels));
    let noise = noise.narrow(OutChannels, 0, Channels).unwrap() * 0.5;
    let schedule = Schedule::linear(Steps, [1e-4, 0.02]);
    let steps = schedule.spaced(5).unwrap();
    assert_eq!(steps.iter().map(|(step, _)| step.get()).collect::<Vec<_>>(), [800, 600, 400, 200, 0]);
    for (name, eta) in [("kept", 0.0), ("new", 1.0)] {
        let (mut image, all) = (begin.clone(), several(name));
        for (i, step) in steps.iter().enumerate() {
            image = schedule.denoised(&image, &noise, *step, Some(Stochastic { noise: &fresh, eta }));
            assert_near(&format!("{name} {i}"), &image, &all.at(Taken, i).unwrap(), OF_STEPS);
        }
    }
    let at = Index::new(Steps, 500).unwrap();
    assert_near("noised", &schedule.noised(&begin, &fresh, at), &tensor("noised"), OF_STEPS);
    let schedule = Schedule::scaled_linear(Steps, [0.00085, 0.012]);
    let found = schedule.denoised(&begin, &noise, steps[0], None);
    assert_near("scaled", &found, &tensor("scaled"), OF_STEPS);
}

#[test]
fn more_steps_than_there_are_and_other_models_are_refused() {
    let error = Schedule::linear(Steps, [1e-4, 0.02]).spaced(1001).err().unwrap().to_string();
    assert!(error.contains("1001"), "{error}");
    for (key, value, expected) in [
        ("norm_type", json!("layer_norm"), "`norm_type` is `layer_norm`, and DiT has `ada_norm_zero`"),
        ("activation_fn", json!("geglu"), "`activation_fn` is `geglu`; known are `gelu` and `gelu-approximate`"),
        ("attention_head_dim", json!(9), "a width of 18 is not that of sines and cosines of rows and columns"),
    ] {
        let mut json = config("dit.json", "dit");
        json[key] = value;
        assert_eq!(Architecture::read(&json.to_string()).unwrap_err().to_string(), expected);
    }
}

#[test]
fn a_model_is_saved_as_it_is_published() {
    assert_saved_as_published(&model::<_, _, Cpu<f32>>(Heads, Ffn, &Default::default()), &Part::weights("dit"));
}
