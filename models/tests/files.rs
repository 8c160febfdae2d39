//! Folders in Hugging Face layout.

use congruent::io::{Source, Weights, Writer, load};
use congruent::prelude::*;
use congruent_models::{Architecture, weights};
use std::fs;

dims! { Embed = 2; }

#[test]
fn a_model_in_parts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let refused = |expected: &str| {
        let error = weights(path).err().unwrap().to_string();
        assert!(error.starts_with(&path.display().to_string()) && error.contains(expected), "{error}");
    };
    refused("model.safetensors: ");
    for (part, name) in [("a", "x"), ("b", "y")] {
        let mut writer = Writer::default();
        writer.add(name, &Tensor::ones((Embed,)));
        writer.write(path.join(format!("{part}.safetensors"))).unwrap();
    }
    let index = |text: &str| fs::write(path.join("model.safetensors.index.json"), text).unwrap();
    index(r#"{"weight_map": {"x": "a.safetensors", "y": "b.safetensors"}}"#);
    assert_eq!(weights(path).unwrap().names(), ["x", "y"]);
    // What a part lacks is missed there, and what no part should have has none.
    index(r#"{"weight_map": {"x": "a.safetensors", "y": "b.safetensors", "z": "b.safetensors"}}"#);
    let parts = weights(path).unwrap();
    let load =
        |name| load(&parts, |weights: Weights<'_, f32>| ["x", "y", name].map(|name| weights.tensor(name, (Embed,))));
    let error = load("z").unwrap_err().to_string();
    assert!(
        error.ends_with("missing: `z`, expected (Embed = 2) in `b.safetensors`, as the index of the files says"),
        "{error}"
    );
    let error = load("w").unwrap_err().to_string();
    assert!(error.ends_with("missing: `w`, expected (Embed = 2)"), "{error}");
    index(r#"{"weight_map": {"x": "a.safetensors", "x": "b.safetensors"}}"#);
    refused("tensor `x` is there twice");
    index(r#"{"weight_map": {"x": "a.safetensors", "y": "c.safetensors"}}"#);
    refused("c.safetensors: No such file");
    index(r#"{"weight_map": {"x": "../a.safetensors"}}"#);
    refused("model.safetensors.index.json: `../a.safetensors` is no file of the folder");
    fs::write(path.join("b.safetensors"), "no file of tensors").unwrap();
    index(r#"{"weight_map": {"y": "b.safetensors"}}"#);
    refused("b.safetensors: not a file of tensors: ");
    // Where all of it is there, the parts are not looked at.
    fs::copy(path.join("a.safetensors"), path.join("model.safetensors")).unwrap();
    assert_eq!(weights(path).unwrap().names(), ["x"]);
}

#[cfg(feature = "pytorch")]
#[test]
fn a_model_of_pytorch_in_parts_and_whole() {
    let reference = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/reference/pytorch");
    dims! { Hidden = 3; }
    let parts = weights(&reference.join("parts")).unwrap();
    let linear =
        load(&parts, |weights: Weights<'_, f32>| congruent::nn::Linear::load(&weights.at("linear"), Embed, Hidden));
    assert_eq!(linear.unwrap().weight.to_vec(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    let error = load(&parts, |weights: Weights<'_, f32>| weights.ignore("linear.bias")).unwrap_err();
    let expected = "the file does not fit the model in 1 tensors:\n  surplus: `linear.weight` of sizes [3, 2]";
    assert_eq!(error.to_string(), format!("{}: {expected}", reference.join("parts").display()));

    let folder = tempfile::tempdir().unwrap();
    let (whole, other) = (folder.path().join("pytorch_model.bin"), folder.path().join("model.safetensors"));
    fs::copy(reference.join("zip.pt"), &whole).unwrap();
    assert!(weights(folder.path()).unwrap().get("linear.weight").is_some());
    fs::copy(reference.join("no-tensors.pt"), &whole).unwrap();
    let error = weights(folder.path()).err().unwrap().to_string();
    assert_eq!(error, format!("{}: not a file of tensors: it has no tensors", whole.display()));
    // What is there in both formats is read in the one that is mapped.
    let mut writer = Writer::default();
    writer.add("x", &Tensor::ones((Embed,)));
    writer.write(&other).unwrap();
    assert_eq!(weights(folder.path()).unwrap().names(), ["x"]);
}

#[test]
fn a_configuration_is_named_by_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.json");
    let refused = |expected: &str| {
        let error = Architecture::open(folder.path()).unwrap_err().to_string();
        assert!(error.starts_with(&path.display().to_string()) && error.contains(expected), "{error}");
    };
    refused("No such file");
    fs::write(&path, r#"{"model_type": "mamba"}"#).unwrap();
    refused("`model_type` is `mamba`; known are `DiTTransformer2DModel`, ");
    fs::write(&path, "{}").unwrap();
    refused("missing field `model_type`");
}
