//! What of a model is in the cache.

use crate::fetch::{INDEX, WEIGHTS, parts};
use crate::name::is_gguf;
use crate::{File, Hub, Name, Wanted};
use hf_hub::{Cache, CacheRepo, Repo, RepoType};
use std::fs;
use std::path::{Path, PathBuf};

/// A model in the cache.
pub(crate) struct Cached {
    /// The folder of the repository.
    folder: PathBuf,
    revision: String,
    repository: CacheRepo,
}

impl Cached {
    pub(crate) fn new(hub: &Hub, name: &Name) -> Self {
        let repo = Repo::with_revision(name.repository.clone(), RepoType::Model, name.revision.clone());
        let folder = hub.cache.join(repo.folder_name());
        Cached { folder, revision: name.revision.clone(), repository: Cache::new(hub.cache.clone()).repo(repo) }
    }

    /// Whole, as it is named: nothing has to be asked.
    pub(crate) fn find(&self, file: &File, wanted: &Wanted) -> Option<PathBuf> {
        let commit = self.commit()?;
        let folder = self.snapshot(&commit);
        let here = |name: &str| folder.join(name).exists();
        match file {
            File::Path(path) => here(path).then(|| folder.join(path)),
            File::Type(_) => None,
            File::Any => {
                let known = |name: &&str| here(name) || self.absence(&commit, name).exists();
                let described = wanted.needed.iter().all(|name| here(name)) && wanted.optional.iter().all(known);
                let weighed =
                    here(WEIGHTS) || parts(&folder.join(INDEX)).is_ok_and(|parts| parts.iter().all(|part| here(part)));
                (described && weighed).then_some(folder)
            }
        }
        .or_else(|| {
            let one = wanted.gguf && !matches!(file, File::Path(_));
            let names = one.then(|| self.files(&commit))?;
            crate::fetch::gguf_of(&names, file).ok()?.map(|name| self.snapshot(&commit).join(name))
        })
    }

    /// The commit that the revision was when it was fetched, or that it is.
    fn commit(&self) -> Option<String> {
        match fs::read_to_string(self.folder.join("refs").join(&self.revision)) {
            Ok(commit) => Some(commit.trim().to_owned()),
            Err(_) => self.snapshot(&self.revision).is_dir().then(|| self.revision.clone()),
        }
    }

    /// The folder of the files of a commit.
    pub(crate) fn snapshot(&self, commit: &str) -> PathBuf {
        self.repository.pointer_path(commit)
    }

    /// The file of the contents that the hub names so.
    pub(crate) fn blob(&self, etag: &str) -> PathBuf {
        self.repository.blob_path(etag)
    }

    /// What Hugging Face's tools leave where a commit has no such file.
    fn absence(&self, commit: &str, name: &str) -> PathBuf {
        self.folder.join(".no_exist").join(commit).join(name)
    }

    /// Notes that a commit has no such file.
    pub(crate) fn note_absence(&self, commit: &str, name: &str) -> std::io::Result<()> {
        let path = self.absence(commit, name);
        fs::create_dir_all(path.parent().unwrap_or(&self.folder))?;
        fs::write(path, "")
    }

    /// Notes that the revision is this commit, all files of which are there.
    pub(crate) fn note_commit(&self, commit: &str) -> std::io::Result<()> {
        self.repository.create_ref(commit)
    }

    /// The GGUF files of a commit that are there.
    fn files(&self, commit: &str) -> Vec<String> {
        fn list(folder: &Path, under: &str, names: &mut Vec<String>) {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let name = format!("{under}{}", entry.file_name().to_string_lossy());
                match entry.path() {
                    path if path.is_dir() => list(&path, &format!("{name}/"), names),
                    path if path.exists() && is_gguf(&name) => names.push(name),
                    _ => {}
                }
            }
        }
        let mut names = Vec::new();
        list(&self.snapshot(commit), "", &mut names);
        names
    }
}
