//! What is wrong with a file of tensors.

use super::{Dtype, Source};
use crate::backend::Failure;
use crate::module::quoted;
use std::fmt::{self, Debug, Display, Formatter};
use std::path::PathBuf;

/// What is wrong with one tensor of a file.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Problem {
    /// The file has no such tensor.
    Missing {
        /// Its name.
        name: String,
        /// The shape that it should have.
        expected: String,
        /// The file that it should be in, if the model is in several and has an index.
        file: Option<String>,
    },
    /// The model has no such tensor.
    Surplus {
        /// Its name.
        name: String,
        /// Its sizes.
        sizes: Vec<usize>,
    },
    /// The tensor has another shape.
    Shape {
        /// Its name.
        name: String,
        /// The shape that it should have.
        expected: String,
        /// Its sizes.
        found: Vec<usize>,
    },
    /// The tensor has another element type.
    Dtype {
        /// Its name.
        name: String,
        /// The type that it should have.
        expected: Dtype,
        /// Its type.
        found: Dtype,
    },
    /// The tensor is not stored as its element type is.
    Data {
        /// Its name.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// The engine failed to make an array of it.
    Engine {
        /// Its name.
        name: String,
        /// Why.
        failure: Failure,
    },
}

impl Display for Problem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Missing { name, expected, file: None } => {
                write!(f, "missing: {}, expected {expected}", quoted(name))
            }
            Problem::Missing { name, expected, file: Some(file) } => {
                let name = quoted(name);
                write!(f, "missing: {name}, expected {expected} in `{file}`, as the index of the files says")
            }
            Problem::Surplus { name, sizes } => write!(f, "surplus: {} of sizes {sizes:?}", quoted(name)),
            Problem::Shape { name, expected, found } => {
                write!(f, "shape: {}, expected {expected}, found {found:?}", quoted(name))
            }
            Problem::Dtype { name, expected, found } => {
                write!(f, "element type: {}, expected {expected}, found {found}", quoted(name))
            }
            Problem::Data { name, reason } => write!(f, "data: {}: {reason}", quoted(name)),
            Problem::Engine { name, failure } => write!(f, "engine: {}: {failure}", quoted(name)),
        }
    }
}

/// Why a file could not be loaded or saved.
#[non_exhaustive]
pub enum LoadError {
    /// The file could not be read or written.
    Io {
        /// Its path.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// What is wrong with a file that has a path.
    File {
        /// The path.
        path: PathBuf,
        /// What is wrong.
        error: Box<LoadError>,
    },
    /// The file is not what it says to be.
    Format(String),
    /// What the file says about the model is missing, or of another kind.
    Metadata {
        /// The key.
        key: String,
        /// What its value should be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// An engine failed while its elements were to be saved.
    Engine(Failure),
    /// The tensors are not those of the model: everything that is wrong.
    Weights(Vec<Problem>),
    /// One of the ranks of a mesh, which read or write a file together, has failed.
    Rank {
        /// Which one.
        rank: usize,
        /// Its error.
        error: String,
    },
}

impl LoadError {
    /// The error with the path of the file that it is about, unless it has one.
    ///
    /// ```
    /// use congruent::io::LoadError;
    /// let error = LoadError::Format("not a file of tensors: it is empty".into()).in_file("model.safetensors");
    /// assert!(error.to_string().contains("model.safetensors"));
    /// ```
    pub fn in_file(self, path: impl Into<PathBuf>) -> Self {
        match self {
            LoadError::Io { .. } | LoadError::File { .. } => self,
            error => LoadError::File { path: path.into(), error: Box::new(error) },
        }
    }

    /// The error with the path of this file, if it has one.
    pub(super) fn in_file_of(self, source: &dyn Source) -> Self {
        match source.path() {
            Some(path) => self.in_file(path),
            None => self,
        }
    }
}

impl Display for LoadError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::Io { path, source } => write!(f, "{}: {source}", path.display()),
            LoadError::File { path, error } => write!(f, "{}: {error}", path.display()),
            LoadError::Format(reason) => write!(f, "not a file of tensors: {reason}"),
            LoadError::Metadata { key, expected, found } => {
                write!(f, "metadata `{key}`: expected {expected}, found {found}")
            }
            LoadError::Engine(failure) => write!(f, "not saved: {failure}"),
            LoadError::Weights(problems) => {
                write!(f, "the file does not fit the model in {} tensors:", problems.len())?;
                problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
            }
            LoadError::Rank { rank, error } => write!(f, "rank {rank}: {error}"),
        }
    }
}

/// The name of a type, without its modules.
#[cfg(any(feature = "gguf", feature = "safetensors"))]
pub(super) fn name_of<T>() -> &'static str {
    std::any::type_name::<T>().rsplit("::").next().unwrap_or_default()
}

// What `main` and `unwrap` print.
impl Debug for LoadError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

// What the system says is in the message, and so not a source beside it: a chain of errors would print it twice.
impl std::error::Error for LoadError {}
