//! How models are named.

use std::fmt::{self, Display, Formatter};

/// What of a repository is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum File {
    /// The model, however it is published.
    Any,
    /// The GGUF file of this path.
    Path(String),
    /// The GGUF file whose weights are of this type, such as `Q4_K_M`.
    Type(String),
}

/// A model on the hub: `owner/name`, `owner/name@revision`, `owner/name/file.gguf`, or `owner/name:Q4_K_M`, as llama.cpp has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Owner and name.
    pub repository: String,
    /// A branch, a tag or a commit.
    pub revision: String,
    /// What of it.
    pub file: File,
}

/// The branch that a repository begins with.
const MAIN: &str = "main";

impl Name {
    /// Reads a name; none where the text can only be a path.
    ///
    /// ```
    /// use hub::{File, Name};
    /// let name = Name::parse("owner/name@v1.0/q4/model.gguf").unwrap();
    /// assert_eq!((&name.repository[..], &name.revision[..]), ("owner/name", "v1.0"));
    /// assert_eq!(name.file, File::Path("q4/model.gguf".to_owned()));
    /// let name = Name::parse("owner/name:Q4_K_M").unwrap();
    /// assert_eq!((&name.revision[..], name.file), ("main", File::Type("Q4_K_M".to_owned())));
    /// assert_eq!(Name::parse("owner/name").unwrap().to_string(), "owner/name");
    /// for path in ["name", "./owner/name", "/owner/name", "owner/name/folder", "owner/../x.gguf", "model.gguf", "a/model.gguf"] {
    ///     assert_eq!(Name::parse(path), None, "{path}");
    /// }
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '/');
        let (owner, name, path) = (parts.next()?, parts.next()?, parts.next());
        let (name, kind) = name.split_once(':').map_or((name, None), |(name, kind)| (name, Some(kind)));
        let (name, revision) = name.split_once('@').unwrap_or((name, MAIN));
        let file = match (path, kind) {
            (None, None) => File::Any,
            (Some(path), None) if is_gguf(path) && path.split('/').all(is_plain) => File::Path(path.to_owned()),
            (None, Some(kind)) if is_plain(kind) => File::Type(kind.to_owned()),
            _ => return None,
        };
        let is_name = [owner, name, revision].into_iter().all(is_plain) && !is_gguf(name);
        is_name.then(|| Name { repository: format!("{owner}/{name}"), revision: revision.to_owned(), file })
    }
}

/// Whether a path is that of a GGUF file.
pub(crate) fn is_gguf(path: &str) -> bool {
    path.to_ascii_lowercase().ends_with(".gguf")
}

/// Whether it is a part of a name, and of no path out of a folder.
pub(crate) fn is_plain(part: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || "._-+".contains(c);
    !part.is_empty() && !part.starts_with('.') && part.chars().all(is_letter)
}

impl Display for Name {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repository)?;
        if self.revision != MAIN {
            write!(f, "@{}", self.revision)?;
        }
        match &self.file {
            File::Any => Ok(()),
            File::Path(path) => write!(f, "/{path}"),
            File::Type(kind) => write!(f, ":{kind}"),
        }
    }
}
