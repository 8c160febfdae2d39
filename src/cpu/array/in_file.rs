//! Arrays of elements as a file has them: in bytes, and in blocks.

use super::Array;
use super::blocks::BlockBuffer;
use super::buffer::Buffer;
use crate::backend::{Blocks, Bytes, Primitive};
use crate::cpu::kernels::simd::has_kernels;
use std::any::Any;
use std::sync::Arc;

impl<T: Primitive> Array<T> {
    /// An array of the row-major elements that lie so in these bytes: a copy only where they are not aligned.
    ///
    /// # Panics
    /// There are not as many as `sizes` say.
    pub(crate) fn from_bytes(bytes: &Bytes, sizes: &[usize]) -> Self {
        struct Shared(Bytes);
        impl<T: Primitive> AsRef<[T]> for Shared {
            fn as_ref(&self) -> &[T] {
                T::in_bytes(self.0.as_slice()).expect("the bytes were such elements before")
            }
        }
        match T::in_bytes(bytes.as_slice()) {
            Some(_) => Array::from_owner(Box::new(Shared(bytes.clone())), sizes),
            None => Array::from_vec(T::from_bytes(bytes.as_slice()), sizes),
        }
    }

    /// As [`Array::stored`], if the elements are of `f32`, and what reads the format is not left out of this build.
    pub(crate) fn from_blocks(blocks: Blocks, sizes: &[usize]) -> Option<Self> {
        if !has_kernels(blocks.format()) {
            return None;
        }
        let array: &dyn Any = &Array::stored(blocks, sizes);
        array.downcast_ref::<Self>().cloned()
    }
}

impl Array<f32> {
    /// An array of the elements that stand in blocks, which stay as they are: products with it as a weight and rows of it as
    /// a table read them so. Any other operation reads all elements once, and they are kept beside the blocks.
    ///
    /// # Panics
    /// There are not as many as `sizes` say.
    pub(crate) fn stored(blocks: Blocks, sizes: &[usize]) -> Self {
        Self::from_buffer(Buffer::Blocks(Arc::new(BlockBuffer::new(blocks))), sizes)
    }
}
