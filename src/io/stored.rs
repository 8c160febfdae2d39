//! Elements as they lie in a file.

use crate::backend::{Number, cpu::Array};
use half::{bf16, f16};
use std::fmt::{self, Display, Formatter};
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;
use zerocopy::FromBytes;

/// The element type of a stored tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, non_camel_case_types)]
#[non_exhaustive]
pub enum Dtype {
    F64,
    F32,
    F16,
    BF16,
    I64,
    I32,
    I16,
    I8,
    U64,
    U32,
    U16,
    U8,
    /// Quantised: blocks of 32 elements, as GGUF defines them.
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    /// Quantised: blocks of 256 elements.
    Q4_K,
    Q5_K,
    Q6_K,
    /// A type that no tensor of this library has, by its name in the file.
    Other(String),
}

impl Display for Dtype {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Dtype::Other(name) => f.write_str(name),
            known => write!(f, "{known:?}"),
        }
    }
}

/// An element that files hold.
pub trait Stored: Number + FromBytes + 'static {
    /// Its type in a file.
    const DTYPE: Dtype;
}

macro_rules! stored { ($($T:ident $DTYPE:ident;)*) => {
    $(impl Stored for $T {
        const DTYPE: Dtype = Dtype::$DTYPE;
    })*

    /// The elements converted to `T`; none if they are of a type that cannot be.
    pub(super) fn converted<T: Number>(entry: &Entry) -> Option<Array<T>> {
        match entry.dtype {
            $(Dtype::$DTYPE => {
                let elements = read::<$T>(entry.bytes.as_slice());
                Some(Array::from_vec(elements.map(|x| T::from_value(x.to_value())).collect(), &entry.sizes))
            })*
            _ => None,
        }
    }
} }
stored! {
    f64 F64; f32 F32; f16 F16; bf16 BF16;
    i64 I64; i32 I32; i16 I16; i8 I8;
    u64 U64; u32 U32; u16 U16; u8 U8;
}

/// A part of shared bytes.
#[derive(Clone)]
pub struct Bytes {
    owner: Arc<dyn AsRef<[u8]> + Send + Sync>,
    range: Range<usize>,
}

impl Bytes {
    /// The bytes `range` of `owner`, which always gives the same ones.
    pub fn new(owner: Arc<dyn AsRef<[u8]> + Send + Sync>, range: Range<usize>) -> Self {
        Bytes { owner, range }
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &(*self.owner).as_ref()[self.range.clone()]
    }
}

/// A stored tensor: the product of `sizes` and the size of an element is the number of bytes.
#[derive(Clone)]
pub struct Entry {
    /// The element type.
    pub dtype: Dtype,
    /// The size of each axis.
    pub sizes: Vec<usize>,
    /// The elements, row-major, in little-endian order.
    pub bytes: Bytes,
}

/// Where stored tensors come from: a file.
pub trait Source {
    /// The name of every tensor.
    fn names(&self) -> Vec<String>;
    /// The tensor of this name.
    fn get(&self, name: &str) -> Option<Entry>;
}

/// Bytes as the elements that they are.
struct Elements<T> {
    bytes: Bytes,
    element: PhantomData<fn() -> T>,
}

impl<T: Stored> AsRef<[T]> for Elements<T> {
    fn as_ref(&self) -> &[T] {
        <[T]>::ref_from_bytes(self.bytes.as_slice()).expect("the bytes were checked to be such elements")
    }
}

/// An array over the bytes: a copy only where they are not aligned.
pub(super) fn shared<T: Stored>(entry: &Entry) -> Array<T> {
    match <[T]>::ref_from_bytes(entry.bytes.as_slice()) {
        Ok(_) => {
            let elements = Elements { bytes: entry.bytes.clone(), element: PhantomData };
            Array::from_owner(Box::new(elements), &entry.sizes)
        }
        Err(_) => Array::from_vec(read(entry.bytes.as_slice()).collect(), &entry.sizes),
    }
}

fn read<T: FromBytes>(bytes: &[u8]) -> impl Iterator<Item = T> {
    bytes
        .chunks_exact(size_of::<T>())
        .map(|chunk| T::read_from_bytes(chunk).expect("a chunk of the size of an element"))
}
