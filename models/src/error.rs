//! What may be wrong with the files of a model.

use congruent::io::LoadError;
use std::fmt::{self, Debug, Display, Formatter};

/// Why a model could not be read.
#[non_exhaustive]
pub enum Error {
    /// What its configuration says cannot be, contradicts itself, or is of a model that is not known here.
    Config(String),
    /// A file of weights could not be read, or is not that of the model: everything that is wrong with it.
    Weights(LoadError),
    /// A dimension has another size already, or cannot have this one.
    Dims(congruent::Error),
}

impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Error::Config(reason) => f.write_str(reason),
            Error::Weights(error) => Display::fmt(error, f),
            Error::Dims(error) => Display::fmt(error, f),
        }
    }
}

// What `main` and `unwrap` print.
impl Debug for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

// What it was made of is in the message, and so not a source beside it.
impl std::error::Error for Error {}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Self {
        Error::Weights(error)
    }
}
impl From<congruent::Error> for Error {
    fn from(error: congruent::Error) -> Self {
        Error::Dims(error)
    }
}
impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Error::Config(error.to_string())
    }
}

/// Ends a function with an [`Error::Config`], unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        let holds: bool = $condition;
        if !holds {
            return Err($crate::Error::Config(format!($($message)+)));
        }
    };
}
pub(crate) use ensure;
