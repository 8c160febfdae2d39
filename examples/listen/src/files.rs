//! Where the file of the model is.

use common::Package;
use std::path::{Path, PathBuf};

const FILE: &str = "silero_vad_16k.safetensors";

/// The package that carries the model.
const PACKAGE: Package = Package {
    requirement: "silero-vad==6.2.3",
    folder: "silero_vad/data",
    file: FILE,
    name: "silero-vad",
    option: "--model",
    megabytes: 11,
};

/// The file of the model: the one given, else the cache's, which is fetched on first use.
///
/// The cache is `CONGRUENT_CACHE`, else `~/.cache/congruent`.
///
/// # Errors
/// It cannot be fetched.
pub fn find_or_fetch(given: Option<&Path>) -> anyhow::Result<PathBuf> {
    given.map_or_else(|| Ok(PACKAGE.find_or_fetch()?.join(FILE)), |path| Ok(path.to_owned()))
}
