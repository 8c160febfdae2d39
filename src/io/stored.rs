//! Elements as they lie in a file.

use crate::backend::Number;
use crate::cpu::{Array, Blocks, Format, Same, SharedBytes};
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

impl Dtype {
    /// The blocks that rows of it can be calculated with as.
    pub(super) fn format(&self) -> Option<Format> {
        Some(match self {
            Dtype::F16 => Format::F16,
            Dtype::BF16 => Format::BF16,
            Dtype::Q4_0 => Format::Q4_0,
            Dtype::Q4_1 => Format::Q4_1,
            Dtype::Q5_0 => Format::Q5_0,
            Dtype::Q5_1 => Format::Q5_1,
            Dtype::Q8_0 => Format::Q8_0,
            Dtype::Q4_K => Format::Q4_K,
            Dtype::Q5_K => Format::Q5_K,
            Dtype::Q6_K => Format::Q6_K,
            _ => return None,
        })
    }

    /// Whether its elements share scales.
    pub(super) fn is_quantised(&self) -> bool {
        self.format().is_some() && !matches!(self, Dtype::F16 | Dtype::BF16)
    }

    /// Elements of a block, and its bytes; none of a type that is not known.
    pub(super) fn block(&self) -> Option<[usize; 2]> {
        Some(match self {
            Dtype::F64 | Dtype::I64 | Dtype::U64 => [1, 8],
            Dtype::F32 | Dtype::I32 | Dtype::U32 => [1, 4],
            Dtype::F16 | Dtype::BF16 | Dtype::I16 | Dtype::U16 => [1, 2],
            Dtype::I8 | Dtype::U8 => [1, 1],
            Dtype::Other(_) => return None,
            quantised => return quantised.format().map(Format::block),
        })
    }
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
    /// An array of blocks as they are, if arrays of this element may be stored so.
    #[doc(hidden)]
    fn in_blocks(blocks: Blocks, sizes: &[usize]) -> Option<Array<Self>> {
        let _ = (blocks, sizes);
        None
    }
}

macro_rules! stored { ($($T:ident $DTYPE:ident $({ $($in_blocks:tt)* })?;)*) => {
    $(impl Stored for $T {
        const DTYPE: Dtype = Dtype::$DTYPE;
        $($($in_blocks)*)?
    })*

    /// The elements converted to `T`; none if they are of a type that cannot be.
    pub(super) fn converted<T: Number>(entry: &Entry) -> Option<Array<T>> {
        match entry.dtype {
            $(Dtype::$DTYPE => {
                let elements = read::<$T>(entry.bytes.as_slice());
                Some(Array::from_vec(elements.map(|x| T::from_value(x.to_value())).collect(), &entry.sizes))
            })*
            _ => {
                let elements = Array::from_blocks(blocks(entry)?, &entry.sizes);
                Some(Array::from_vec(elements.elements().iter().map(|x| T::from_value(x.to_value())).collect(), &entry.sizes))
            }
        }
    }
} }
stored! {
    f64 F64; f16 F16; bf16 BF16;
    f32 F32 {
        fn in_blocks(blocks: Blocks, sizes: &[usize]) -> Option<Array<f32>> {
            Some(Array::from_blocks(blocks, sizes))
        }
    };
    i64 I64; i32 I32; i16 I16; i8 I8;
    u64 U64; u32 U32; u16 U16; u8 U8;
}

/// A part of shared bytes.
#[derive(Clone)]
pub struct Bytes {
    owner: SharedBytes,
    range: Range<usize>,
}

impl Bytes {
    /// The bytes `range` of `owner`.
    ///
    /// # Panics
    /// The owner has no such bytes. Whatever uses them panics if the owner gives others later than it gives here: elsewhere
    /// in memory, or more or fewer.
    pub fn new(owner: Arc<dyn AsRef<[u8]> + Send + Sync>, range: Range<usize>) -> Self {
        let bytes = Bytes { owner: Same::new(owner), range };
        let Range { start, end } = bytes.range;
        let len = bytes.owner.len();
        assert!(start <= end && end <= len, "bytes {start}..{end} of an owner that has {len}");
        bytes
    }

    /// The bytes.
    ///
    /// # Panics
    /// The owner gives others than at first.
    pub fn as_slice(&self) -> &[u8] {
        &self.owner.as_slice()[self.range.clone()]
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

impl Entry {
    /// What is wrong with the bytes, if they are not a tensor of the sizes.
    pub(super) fn defect(&self) -> Option<String> {
        let [len, bytes] = self.dtype.block()?;
        let row = self.sizes.last().copied().unwrap_or(1);
        if !row.is_multiple_of(len) {
            let dtype = &self.dtype;
            return Some(format!("rows of {row} elements are not whole blocks of {dtype}, which have {len}"));
        }
        let outer = &self.sizes[..self.sizes.len().saturating_sub(1)];
        let expected = [row / len].iter().chain(outer).try_fold(bytes, |product, size| product.checked_mul(*size));
        let found = self.bytes.as_slice().len();
        (expected != Some(found)).then(|| match expected {
            Some(expected) => {
                format!("{:?} elements of {} are {expected} bytes, found {found}", self.sizes, self.dtype)
            }
            None => format!("{:?} elements of {} are more than memory can hold", self.sizes, self.dtype),
        })
    }
}

/// The rows of a tensor as blocks, if they are.
fn blocks(entry: &Entry) -> Option<Blocks> {
    let (row, outer) = entry.sizes.split_last()?;
    let Bytes { owner, range } = &entry.bytes;
    Blocks::new(entry.dtype.format()?, owner.clone(), range.clone(), [outer.iter().product(), *row])
}

/// The tensor in its blocks, if arrays of `T` may be stored so. What is no matrix, such as a bias, is not worth it.
pub(super) fn in_blocks<T: Stored>(entry: &Entry) -> Option<Array<T>> {
    if entry.sizes.len() < 2 && !entry.dtype.is_quantised() {
        return None;
    }
    T::in_blocks(blocks(entry)?, &entry.sizes)
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
