//! Dimensions whose size is set once for the whole program.

use crate::Error;
use std::fmt::{self, Debug, Formatter};
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::OnceLock;

/// The one size of the dimension `D`, which `dims! { pub once D; }` declares.
#[derive(Debug)]
pub struct SetOnce<D> {
    name: &'static str,
    size: OnceLock<usize>,
    dim: PhantomData<fn() -> D>,
}

/// The proof that the size of `D` was set. Only the [`SetOnce`] of `D` makes one.
pub struct Token<D>(PhantomData<fn() -> D>);

impl<D> SetOnce<D> {
    /// The cell of the dimension with this name.
    ///
    /// # Safety
    /// It is the only one of `D`, and the one that `D` takes its size from.
    pub const unsafe fn new(name: &'static str) -> Self {
        SetOnce { name, size: OnceLock::new(), dim: PhantomData }
    }

    /// Sets the size. Setting the same size again is no error.
    ///
    /// # Errors
    /// It has been set to another size.
    pub fn set(&self, size: usize) -> Result<Token<D>, Error> {
        match *self.size.get_or_init(|| size) {
            set if set == size => Ok(Token(PhantomData)),
            set => Err(Error::AlreadySet { dimension: self.name, set, found: size }),
        }
    }

    /// The proof that it was set, if it was.
    pub fn get(&self) -> Option<Token<D>> {
        self.size.get().map(|_| Token(PhantomData))
    }

    /// The size.
    ///
    /// # Panics
    /// It was not set. A [`Token`] of the dimension proves that it was.
    pub fn size(&self) -> usize {
        *self.size.get().expect("a set-once dimension has no value before it is set")
    }
}

impl<D> Clone for Token<D> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<D> Copy for Token<D> {}
impl<D> PartialEq for Token<D> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl<D> Eq for Token<D> {}
impl<D> Hash for Token<D> {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
impl<D> Debug for Token<D> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}
