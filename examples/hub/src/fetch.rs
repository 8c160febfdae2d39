//! A model, file by file.

use crate::cache::Cached;
use crate::errors::{Trouble, no_listing};
use crate::name::{is_gguf, is_plain};
use crate::progress::Line;
use crate::{File, Hub, Name};
use anyhow::{Context, bail, ensure};
use hf_hub::api::RepoInfo;
use hf_hub::api::sync::{Api, ApiBuilder, ApiError, ApiRepo};
use hf_hub::{Cache, Repo, RepoType};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The weights of a model in one file.
pub(crate) const WEIGHTS: &str = "model.safetensors";
/// What says in which files they are, where they are in several.
pub(crate) const INDEX: &str = "model.safetensors.index.json";

/// What a program takes of a repository.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// The files beside the weights that have to be there.
    pub needed: &'static [&'static str],
    /// Those that are taken where they are there.
    pub optional: &'static [&'static str],
    /// Whether the program reads GGUF files as well.
    pub gguf: bool,
    /// What else can be done where the hub has it not.
    pub instead: &'static str,
}

impl Hub {
    /// A model in the cache, which is filled first where it has not all of it: the folder of its files, or the GGUF file.
    ///
    /// # Errors
    /// As of [`find_or_fetch`](crate::find_or_fetch).
    pub fn fetch(&self, name: &Name, wanted: &Wanted) -> anyhow::Result<PathBuf> {
        ensure!(wanted.gguf || name.file == File::Any, "{name}: this program reads no GGUF files");
        let cached = Cached::new(self, name);
        if let Some(path) = cached.find(&name.file, wanted) {
            return Ok(path);
        }
        ensure!(
            !self.offline,
            "{name}: there is no such file or folder, {} has not all of the model, and HF_HUB_OFFLINE forbids to fetch it: {}",
            self.cache.display(),
            wanted.instead
        );
        let trouble = Trouble { hub: self, name, wanted };
        let api = ApiBuilder::from_cache(Cache::new(self.cache.clone())).with_endpoint(self.endpoint.clone());
        let api = api.with_token(self.token.clone()).build().map_err(|error| trouble.explain(error))?;
        let repository = |revision: &str| {
            api.repo(Repo::with_revision(name.repository.clone(), RepoType::Model, revision.to_owned()))
        };
        let RepoInfo { sha: commit, siblings } = listing(&trouble, &repository(&name.revision))?;
        ensure!(is_plain(&commit), "{}: `{commit}` is no commit", self.endpoint);
        let names: Vec<String> = siblings.into_iter().map(|file| file.rfilename).collect();
        // Of one commit, whatever happens to the branch meanwhile.
        let fetching =
            Fetching { trouble, api: &api, repository: &repository(&commit), cached: &cached, commit: &commit };
        let path = match fetching.gguf(&names)? {
            Some(file) => fetching.file(&file)?,
            None => fetching.folder(&names)?,
        };
        cached.note_commit(&commit).with_context(|| self.cache.display().to_string())?;
        Ok(path)
    }
}

/// The commit of a revision, and its files.
fn listing(trouble: &Trouble<'_>, repository: &ApiRepo) -> anyhow::Result<RepoInfo> {
    let request = repository.info_request().config().http_status_as_error(false).build();
    let mut response = request.call().map_err(|error| trouble.explain(Box::new(error).into()))?;
    if !response.status().is_success() {
        let code = response.headers().get("x-error-code").and_then(|code| code.to_str().ok()).unwrap_or_default();
        return Err(no_listing(trouble, response.status().as_u16(), code));
    }
    response.body_mut().read_json().map_err(|error| trouble.explain(Box::new(error).into()))
}

/// The model of a commit on its way.
struct Fetching<'a> {
    trouble: Trouble<'a>,
    api: &'a Api,
    repository: &'a ApiRepo,
    cached: &'a Cached,
    commit: &'a str,
}

impl Fetching<'_> {
    /// The one GGUF file that is asked for; none where it is a folder.
    fn gguf(&self, names: &[String]) -> anyhow::Result<Option<String>> {
        let Trouble { name, wanted, .. } = self.trouble;
        let has = |wanted: &str| names.iter().any(|name| name == wanted);
        if name.file == File::Any && (!wanted.gguf || has(WEIGHTS) || has(INDEX)) {
            return Ok(None);
        }
        let found = gguf_of(names, &name.file).with_context(|| name.repository.clone())?;
        ensure!(
            found.is_some() || name.file == File::Any,
            "{name}: the repository has {}",
            those_of(names, is_gguf, "GGUF files")
        );
        Ok(found)
    }

    /// The description of the model and its weights.
    fn folder(&self, names: &[String]) -> anyhow::Result<PathBuf> {
        let Trouble { hub, name, wanted } = self.trouble;
        let has = |wanted: &&str| names.iter().any(|name| name == wanted);
        if !has(&WEIGHTS) && !has(&INDEX) {
            bail!("{name}: the repository has no {WEIGHTS}: {}", wanted.instead);
        }
        for file in wanted.needed {
            ensure!(has(file), "{name}: the repository has no {file}: {}", wanted.instead);
            self.file(file)?;
        }
        for file in wanted.optional {
            match has(file) {
                true => drop(self.file(file)?),
                false => {
                    let noted = self.cached.note_absence(self.commit, file);
                    noted.with_context(|| hub.cache.display().to_string())?;
                }
            }
        }
        if has(&WEIGHTS) {
            self.file(WEIGHTS)?;
        } else {
            for part in parts(&self.file(INDEX)?)? {
                self.file(&part)?;
            }
        }
        Ok(self.cached.snapshot(self.commit))
    }

    /// A file, fetched if it is not there, and compared with its checksum.
    fn file(&self, file: &str) -> anyhow::Result<PathBuf> {
        let Trouble { hub, name, .. } = self.trouble;
        let explain = |error| self.trouble.of_file(file, error);
        let about = self.api.metadata(&self.repository.url(file)).map_err(explain)?;
        ensure!(about.etag().split('/').all(is_plain), "{}: `{}` is no name of contents", hub.endpoint, about.etag());
        let (blob, path) = (self.cached.blob(about.etag()), self.cached.snapshot(self.commit).join(file));
        if !path.exists() {
            // Of contents that somebody deleted.
            remove_if(&path, path.is_symlink())?;
            // There is nothing behind its end to go on with.
            let part = blob.with_extension("part");
            remove_if(&part, part.metadata().is_ok_and(|part| part.len() >= about.size() as u64))?;
            let line = Line::new(&name.repository, file);
            self.repository.download_with_progress(file, line.clone()).map_err(|error| match (line.read(), error) {
                (Some((read, size)), ApiError::IoError(error)) if !is_about_the_disk(&error) => {
                    anyhow::anyhow!("{name}: {file} broke off after {read} of {size} bytes ({error}): the same command goes on from there")
                }
                (_, error) => explain(error),
            })?;
            remove_if(&blob.with_extension("lock"), true)?;
        }
        let wrong = check(&path, about.etag(), about.size() as u64).with_context(|| path.display().to_string())?;
        if let Some(wrong) = wrong {
            let blob = path.canonicalize().unwrap_or(blob);
            [&path, &blob].into_iter().try_for_each(|path| remove_if(path, path.is_symlink() || path.exists()))?;
            bail!("{name}: {file} {wrong}; it is deleted, and the same command fetches it anew");
        }
        Ok(path)
    }
}

/// Deletes a file; that there is none is no error.
fn remove_if(path: &Path, condition: bool) -> anyhow::Result<()> {
    match condition.then(|| fs::remove_file(path)) {
        Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(error).context(path.display().to_string()),
        _ => Ok(()),
    }
}

/// What is wrong with a file: the hub names one that it keeps outside of git by the SHA-256 of its bytes.
fn check(path: &Path, etag: &str, size: u64) -> io::Result<Option<String>> {
    let found = path.metadata()?.len();
    if found != size {
        return Ok(Some(format!("has {found} bytes, expected {size}")));
    }
    if etag.len() != 64 || !etag.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(None);
    }
    let (mut hash, mut file, mut buffer) = (Sha256::new(), fs::File::open(path)?, vec![0; 1 << 20]);
    loop {
        match io::Read::read(&mut file, &mut buffer)? {
            0 => break,
            count => hash.update(&buffer[..count]),
        }
    }
    let found: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((!found.eq_ignore_ascii_case(etag)).then(|| format!("has the SHA-256 {found}, expected {etag}")))
}

/// Whether the file that is written is to blame, and not the connection.
pub(crate) fn is_about_the_disk(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    [FileTooLarge, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull].contains(&error.kind())
}

/// The files that an index names, each once.
pub(crate) fn parts(index: &Path) -> anyhow::Result<BTreeSet<String>> {
    let read = || -> anyhow::Result<_> {
        let index: serde_json::Value = serde_json::from_slice(&fs::read(index)?)?;
        let map = index["weight_map"].as_object().context("it has no `weight_map`")?;
        let files = map.values().map(|file| file.as_str().filter(|file| is_plain(file)).map(str::to_owned));
        let files = files.collect::<Option<BTreeSet<_>>>().context("a file of its `weight_map` has no plain name")?;
        ensure!(!files.is_empty(), "its `weight_map` is empty");
        Ok(files)
    };
    read().with_context(|| index.display().to_string())
}

/// The one GGUF file of a repository that is asked for; none where there is none.
///
/// # Errors
/// There are several.
pub(crate) fn gguf_of(names: &[String], file: &File) -> anyhow::Result<Option<String>> {
    let is_asked_for = |name: &str| match file {
        File::Any => is_gguf(name),
        File::Path(path) => name == path,
        File::Type(kind) => {
            let stem = name.to_ascii_lowercase();
            let end = stem.strip_suffix(".gguf").and_then(|stem| stem.strip_suffix(&kind.to_ascii_lowercase()));
            end.is_some_and(|begin| begin.is_empty() || begin.ends_with(['-', '.', '_', '/']))
        }
    };
    let mut found = names.iter().filter(|name| is_asked_for(name) && name.split('/').all(is_plain));
    match (found.next(), found.next()) {
        (Some(_), Some(_)) => {
            bail!(
                "say which, as owner/name/FILE or owner/name:TYPE; the repository has {}",
                those_of(names, is_asked_for, "")
            )
        }
        (one, _) => Ok(one.cloned()),
    }
}

/// Some of the files, in words.
fn those_of(names: &[String], of: impl Fn(&str) -> bool, what: &str) -> String {
    const MOST: usize = 8;
    let found: Vec<&str> = names.iter().map(String::as_str).filter(|name| of(name)).collect();
    match found.len() {
        0 => format!("no {what}"),
        count if count > MOST => format!("{} and {} more", found[..MOST].join(", "), count - MOST),
        _ => found.join(", "),
    }
}
