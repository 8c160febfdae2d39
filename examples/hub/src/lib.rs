//! Models by their names on the [Hugging Face hub](https://huggingface.co), for the programs of this folder.
//!
//! They are fetched by `hf-hub` into the cache that Hugging Face's own tools have, each file is compared with the checksum
//! that the hub says, and what is in the cache is taken without a network.

mod cache;
mod errors;
mod fetch;
mod name;
mod progress;
mod settings;

pub use fetch::Wanted;
pub use name::{File, Name};
pub use settings::Hub;

use std::path::{Path, PathBuf};

/// The path that is given, if something is there; else, if it is a [`Name`], what the hub has under it, which is fetched on first
/// use: a folder, or a GGUF file. A path that is neither is given back as it is.
///
/// # Errors
/// The hub cannot be reached, and the cache has not all of it; the hub has no such model, or shows it to others only; what came is
/// not what the hub says; the files cannot be written.
pub fn find_or_fetch(given: &Path, wanted: &Wanted) -> anyhow::Result<PathBuf> {
    let name = if given.exists() { None } else { given.to_str().and_then(Name::parse) };
    match name {
        Some(name) => Hub::from_env()?.fetch(&name, wanted),
        None => Ok(given.to_owned()),
    }
}
