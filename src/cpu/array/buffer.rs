//! Reference-counted buffers, and who owns their memory.

use super::blocks::BlockBuffer;
use super::narrowed::NarrowedBuffer;
use crate::backend::Same;
use crate::cpu::memory::{BufferCache, Elements};
use std::sync::Arc;

/// Reference-counted elements.
pub enum Buffer<T> {
    Owned(Elements<T>),
    External(Arc<External<T>>),
    Blocks(Arc<BlockBuffer<T>>),
    Narrowed(Arc<NarrowedBuffer<T>>),
}

/// Elements in memory that this crate did not allocate.
pub struct External<T> {
    owner: Owner<T>,
    cache: BufferCache,
}

pub enum Owner<T> {
    Vec(Vec<T>),
    Other(Same<Box<dyn AsRef<[T]> + Send + Sync>>),
}

impl<T> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        match self {
            Buffer::Owned(elements) => Buffer::Owned(elements.clone()),
            Buffer::External(external) => Buffer::External(external.clone()),
            Buffer::Blocks(blocks) => Buffer::Blocks(blocks.clone()),
            Buffer::Narrowed(narrowed) => Buffer::Narrowed(narrowed.clone()),
        }
    }
}

impl<T> Buffer<T> {
    pub fn external(owner: Owner<T>) -> Self {
        Buffer::External(Arc::new(External { owner, cache: BufferCache::new() }))
    }

    #[inline]
    pub fn as_slice(&self) -> &[T] {
        match self {
            Buffer::Owned(elements) => elements.as_slice(),
            Buffer::External(external) => match &external.owner {
                Owner::Vec(elements) => elements,
                Owner::Other(owner) => owner.as_slice(),
            },
            Buffer::Blocks(blocks) => blocks.as_slice(),
            Buffer::Narrowed(narrowed) => narrowed.as_slice(),
        }
    }

    #[inline]
    pub fn len(&self) -> usize {
        match self {
            Buffer::Blocks(blocks) => blocks.blocks().size().iter().product(),
            Buffer::Narrowed(narrowed) => narrowed.len(),
            other => other.as_slice().len(),
        }
    }

    /// The elements to change, if nobody else holds them.
    pub fn get_mut(&mut self) -> Option<&mut [T]> {
        match self {
            Buffer::Owned(elements) => elements.get_mut(),
            Buffer::External(external) => {
                let External { owner, cache } = Arc::get_mut(external)?;
                cache.take();
                match owner {
                    Owner::Vec(elements) => Some(elements),
                    Owner::Other(_) => None,
                }
            }
            Buffer::Blocks(_) | Buffer::Narrowed(_) => None,
        }
    }

    #[inline]
    pub fn cache(&self) -> &BufferCache {
        match self {
            Buffer::Owned(elements) => elements.cache(),
            Buffer::External(external) => &external.cache,
            Buffer::Blocks(blocks) => blocks.cache(),
            Buffer::Narrowed(narrowed) => narrowed.cache(),
        }
    }
}
