//! Elements as they lie in a file.

use crate::backend::{ArrayOf, Backend, BlockFormat, Blocks, Bytes, DeviceOf, Number, With, read_numbers};
use crate::shape::Part;
use half::{bf16, f16};
use std::fmt::{self, Display, Formatter};
use std::path::Path;
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
    pub(super) fn format(&self) -> Option<BlockFormat> {
        Some(match self {
            Dtype::F16 => BlockFormat::F16,
            Dtype::BF16 => BlockFormat::BF16,
            Dtype::Q4_0 => BlockFormat::Q4_0,
            Dtype::Q4_1 => BlockFormat::Q4_1,
            Dtype::Q5_0 => BlockFormat::Q5_0,
            Dtype::Q5_1 => BlockFormat::Q5_1,
            Dtype::Q8_0 => BlockFormat::Q8_0,
            Dtype::Q4_K => BlockFormat::Q4_K,
            Dtype::Q5_K => BlockFormat::Q5_K,
            Dtype::Q6_K => BlockFormat::Q6_K,
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
            quantised => return quantised.format().map(BlockFormat::block),
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
}

macro_rules! stored { ($($T:ident $DTYPE:ident)*) => {
    $(impl Stored for $T {
        const DTYPE: Dtype = Dtype::$DTYPE;
    })*

    /// The elements of an entry, each of them converted, if that can be done.
    pub(super) fn converted<B: Backend<Elem: Number>>(entry: &Entry, device: &DeviceOf<B>) -> Option<ArrayOf<B>> {
        match entry.dtype {
            $(Dtype::$DTYPE => {
                let elements = read_numbers::<$T>(entry.bytes.as_slice()).map(|x| B::Elem::from_value(x.to_value()));
                Some(B::from_elements(elements.collect(), &entry.sizes, device))
            })*
            _ => {
                let numbers = With::<B, f32>::from_blocks(&blocks(entry)?, &entry.sizes, device)?;
                Some(With::<B, f32>::cast::<B::Elem>(&numbers))
            }
        }
    }
} }
stored! { f64 F64 f16 F16 bf16 BF16 f32 F32 i64 I64 i32 I32 i16 I16 i8 I8 u64 U64 u32 U32 u16 U16 u8 U8 }

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
    /// The part of it that one rank of a mesh has, or why there is none. The bytes of the others are not read.
    pub(super) fn part(&self, part: &Part, sizes: &[usize]) -> Result<Entry, String> {
        let [len, bytes] = self.dtype.block().ok_or_else(|| format!("elements of {} are not known", self.dtype))?;
        let (starts, length) = part.runs();
        if !starts.iter().chain([&length]).all(|at| at.is_multiple_of(len)) {
            return Err(format!(
                "the part of this rank is not made of whole blocks of {}, which have {len}",
                self.dtype
            ));
        }
        let all = self.bytes.as_slice();
        let run = |start: &usize| &all[start / len * bytes..(start + length) / len * bytes];
        let found: Vec<u8> = starts.iter().flat_map(run).copied().collect();
        let range = 0..found.len();
        Ok(Entry { dtype: self.dtype.clone(), sizes: sizes.to_vec(), bytes: Bytes::new(Arc::new(found), range) })
    }

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
    Blocks::new(entry.dtype.format()?, entry.bytes.clone(), [outer.iter().product(), *row])
}

/// The tensor in its blocks, if the engine stores arrays so. What is no matrix, such as a bias, is not worth it.
pub(super) fn in_blocks<B: Backend>(entry: &Entry, device: &DeviceOf<B>) -> Option<ArrayOf<B>> {
    if entry.sizes.len() < 2 && !entry.dtype.is_quantised() {
        return None;
    }
    B::from_blocks(&blocks(entry)?, &entry.sizes, device)
}

/// Where stored tensors come from: a file.
pub trait Source {
    /// The name of every tensor.
    fn names(&self) -> Vec<String>;
    /// The tensor of this name.
    fn get(&self, name: &str) -> Option<Entry>;
    /// The path of the file, or of the folder of several, if there is one: errors name it.
    fn path(&self) -> Option<&Path> {
        None
    }
    /// The file that holds the tensor of this name, by an index of several files, whether it is there or not: the error of one that
    /// is missing names it.
    fn indexed_file(&self, _name: &str) -> Option<&str> {
        None
    }
}

impl<S: Source + ?Sized> Source for Box<S> {
    fn names(&self) -> Vec<String> {
        (**self).names()
    }
    fn get(&self, name: &str) -> Option<Entry> {
        (**self).get(name)
    }
    fn path(&self) -> Option<&Path> {
        (**self).path()
    }
    fn indexed_file(&self, name: &str) -> Option<&str> {
        (**self).indexed_file(name)
    }
}
