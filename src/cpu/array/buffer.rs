//! Reference-counted buffers, and who owns their memory.

use super::blocks::BlockBuffer;
use crate::backend::Same;
use crate::cpu::kernels::simd::{Narrowed, NarrowedRows, widen_rows};
use crate::cpu::memory::{BufferCache, Elements};
use half::f16;
use std::sync::{Arc, OnceLock};

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

/// A buffer of numbers in less room. It is widened as a whole the first time that something asks for all elements.
pub struct NarrowedBuffer<T> {
    numbers: Numbers,
    /// Widens all; there is a kernel for `f32` only.
    widen: fn(Narrowed<'_>, usize) -> Elements<T>,
    /// All elements, once they were asked for.
    elements: OnceLock<Elements<T>>,
    cache: BufferCache,
}

/// Numbers that stand for those of single precision.
pub enum Numbers {
    F16(Buffer<f16>),
    /// Multiples, and the unit of each row of so many.
    EightBits(Buffer<i8>, Buffer<f32>, usize),
}

impl<T> NarrowedBuffer<T> {
    pub fn len(&self) -> usize {
        match &self.numbers {
            Numbers::F16(numbers) => numbers.len(),
            Numbers::EightBits(numbers, ..) => numbers.len(),
        }
    }

    pub fn numbers(&self) -> Narrowed<'_> {
        match &self.numbers {
            Numbers::F16(numbers) => Narrowed::F16(numbers.as_slice()),
            Numbers::EightBits(numbers, units, row) => Narrowed::EightBits(numbers.as_slice(), units.as_slice(), *row),
        }
    }

    /// All elements, which are kept beside the numbers.
    pub fn as_slice(&self) -> &[T] {
        self.elements.get_or_init(|| (self.widen)(self.numbers(), self.len())).as_slice()
    }

    pub fn cache(&self) -> &BufferCache {
        &self.cache
    }
}

impl Buffer<f32> {
    /// Numbers that are widened where they are used.
    pub fn narrowed(numbers: Numbers) -> Self {
        let (elements, cache) = (OnceLock::new(), BufferCache::new());
        Buffer::Narrowed(Arc::new(NarrowedBuffer { numbers, widen: widened, elements, cache }))
    }
}

fn widened(numbers: Narrowed<'_>, len: usize) -> Elements<f32> {
    let mut elements = Elements::arbitrary(len);
    let to = elements.get_mut().expect("new elements have one holder");
    // Whole rows, as all that have units are.
    let row = if let Narrowed::EightBits(_, _, row) = numbers { row.max(1) } else { len.max(1) };
    widen_rows(NarrowedRows { numbers, first: 0, stride: row }, [len / row, row], to);
    elements
}
