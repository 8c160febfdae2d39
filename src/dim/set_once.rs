//! Dimensions whose size is set once for the whole program.

use crate::Error;
use std::sync::OnceLock;

/// The one size of a dimension that `dims! { pub once Width; }` declares.
#[derive(Debug)]
pub struct SetOnce {
    name: &'static str,
    size: OnceLock<usize>,
}

/// The proof that a size was set. Only a [`SetOnce`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token(());

impl SetOnce {
    /// The cell of the dimension with this name.
    pub const fn new(name: &'static str) -> Self {
        SetOnce { name, size: OnceLock::new() }
    }

    /// Sets the size. Setting the same size again is no error.
    ///
    /// # Errors
    /// It has been set to another size.
    pub fn set(&self, size: usize) -> Result<Token, Error> {
        match *self.size.get_or_init(|| size) {
            set if set == size => Ok(Token(())),
            set => Err(Error::AlreadySet { dimension: self.name, set, found: size }),
        }
    }

    /// The proof that it was set, if it was.
    pub fn get(&self) -> Option<Token> {
        self.size.get().map(|_| Token(()))
    }

    /// The size.
    ///
    /// # Panics
    /// It was not set. A [`Token`] of this cell proves that it was.
    pub fn size(&self) -> usize {
        *self.size.get().expect("a set-once dimension has no value before it is set")
    }
}
