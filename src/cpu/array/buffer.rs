//! The elements of arrays, and who owns them.

use super::blocks::Stored;
use super::same::Same;
use crate::cpu::memory::{Derived, Elements};
use std::sync::Arc;

/// Shared elements.
pub enum Buffer<T> {
    Ours(Elements<T>),
    Given(Arc<Given<T>>),
    Stored(Arc<Stored<T>>),
}

/// Elements in the memory of somebody else.
pub struct Given<T> {
    owner: Owner<T>,
    derived: Derived,
}

pub enum Owner<T> {
    Vec(Vec<T>),
    Other(Same<Box<dyn AsRef<[T]> + Send + Sync>>),
}

impl<T> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        match self {
            Buffer::Ours(elements) => Buffer::Ours(elements.clone()),
            Buffer::Given(given) => Buffer::Given(given.clone()),
            Buffer::Stored(stored) => Buffer::Stored(stored.clone()),
        }
    }
}

impl<T> Buffer<T> {
    pub fn given(owner: Owner<T>) -> Self {
        Buffer::Given(Arc::new(Given { owner, derived: Derived::new() }))
    }

    #[inline]
    pub fn as_slice(&self) -> &[T] {
        match self {
            Buffer::Ours(elements) => elements.as_slice(),
            Buffer::Given(given) => match &given.owner {
                Owner::Vec(elements) => elements,
                Owner::Other(owner) => owner.as_slice(),
            },
            Buffer::Stored(stored) => stored.as_slice(),
        }
    }

    #[inline]
    pub fn len(&self) -> usize {
        match self {
            Buffer::Stored(stored) => stored.blocks().len(),
            other => other.as_slice().len(),
        }
    }

    /// The elements to change, if nobody else holds them.
    pub fn get_mut(&mut self) -> Option<&mut [T]> {
        match self {
            Buffer::Ours(elements) => elements.get_mut(),
            Buffer::Given(given) => {
                let Given { owner, derived } = Arc::get_mut(given)?;
                derived.take();
                match owner {
                    Owner::Vec(elements) => Some(elements),
                    Owner::Other(_) => None,
                }
            }
            Buffer::Stored(_) => None,
        }
    }

    #[inline]
    pub fn derived(&self) -> &Derived {
        match self {
            Buffer::Ours(elements) => elements.derived(),
            Buffer::Given(given) => &given.derived,
            Buffer::Stored(stored) => stored.derived(),
        }
    }
}
