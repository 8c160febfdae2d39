//! Files in the [safetensors](https://huggingface.co/docs/safetensors) format.

use super::map::map;
use super::{Bytes, Dtype, Entry, LoadError, Source, Stored};
use crate::backend::cpu::Cpu;
use crate::shape::Shape;
use crate::tensor::Tensor;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use zerocopy::IntoBytes;

/// An open file: its header was checked, its tensors are read where they are used.
pub struct SafeTensors {
    entries: BTreeMap<String, Entry>,
}

impl SafeTensors {
    /// Opens a file and maps it into memory.
    ///
    /// The file must not be changed as long as tensors of it are used.
    ///
    /// # Errors
    /// The file cannot be read, or is not a whole and consistent safetensors file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        Self::from_owner(map(path.as_ref())?)
    }

    /// Reads a file that is in memory.
    ///
    /// # Errors
    /// The bytes are not a whole and consistent safetensors file.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, LoadError> {
        Self::from_owner(Arc::new(bytes))
    }

    fn from_owner(owner: Arc<dyn AsRef<[u8]> + Send + Sync>) -> Result<Self, LoadError> {
        let bytes = (*owner).as_ref();
        let format = |error: safetensors::SafeTensorError| LoadError::Format(error.to_string());
        let (header_size, header) = safetensors::SafeTensors::read_metadata(bytes).map_err(format)?;
        // The header is preceded by its length.
        let start = header_size + 8;
        let entries = header.tensors().into_iter().map(|(name, info)| {
            let (begin, end) = info.data_offsets;
            let bytes = Bytes::new(owner.clone(), start + begin..start + end);
            (name, Entry { dtype: dtype(info.dtype), sizes: info.shape.clone(), bytes })
        });
        Ok(SafeTensors { entries: entries.collect() })
    }
}

impl Source for SafeTensors {
    fn names(&self) -> Vec<String> {
        self.entries.keys().cloned().collect()
    }
    fn get(&self, name: &str) -> Option<Entry> {
        self.entries.get(name).cloned()
    }
}

macro_rules! same_names { ($($NAME:ident)*) => {
    fn dtype(dtype: safetensors::Dtype) -> Dtype {
        match dtype {
            $(safetensors::Dtype::$NAME => Dtype::$NAME,)*
            other => Dtype::Other(format!("{other:?}")),
        }
    }

    /// The type that the format has for a stored element.
    fn format_dtype(dtype: &Dtype) -> safetensors::Dtype {
        match dtype {
            $(Dtype::$NAME => safetensors::Dtype::$NAME,)*
            // No element of this library is stored as such a type: what is, is written as its bytes.
            _ => safetensors::Dtype::U8,
        }
    }
} }
same_names! { F64 F32 F16 BF16 I64 I32 I16 I8 U64 U32 U16 U8 }

/// Tensors to be written to a file.
///
/// ```
/// use congruent::io::{SafeTensors, Weights, Writer, load};
/// use congruent::prelude::*;
/// dims! { Embed = 2; Hidden = 3; }
///
/// # fn main() -> Result<(), congruent::io::LoadError> {
/// let weight = Tensor::ones((Hidden, Embed));
/// let mut writer = Writer::default();
/// writer.add("weight", &weight);
/// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
///
/// let loaded = load(&file, |weights: Weights<f32>| weights.tensor("weight", (Hidden, Embed)))?;
/// assert_eq!(loaded.to_vec(), weight.to_vec());
/// let error = load(&file, |weights: Weights<f32>| weights.tensor("weight", (Embed, Embed))).err().unwrap();
/// assert!(error.to_string().contains("`weight`, expected (Embed = 2, Embed = 2), found [3, 2]"));
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct Writer {
    tensors: BTreeMap<String, Written>,
}

struct Written {
    dtype: Dtype,
    sizes: Vec<usize>,
    bytes: Vec<u8>,
}

impl Writer {
    /// Adds a tensor. One of the same name is replaced.
    pub fn add<S: Shape, T: Stored + IntoBytes>(&mut self, name: impl Into<String>, tensor: &Tensor<S, Cpu<T>>) {
        let (sizes, bytes) = (tensor.sizes().as_ref().to_vec(), tensor.array().elements().as_bytes().to_vec());
        self.tensors.insert(name.into(), Written { dtype: T::DTYPE, sizes, bytes });
    }

    /// The file, in memory.
    ///
    /// # Errors
    /// The header grows beyond what the format allows.
    pub fn to_bytes(&self) -> Result<Vec<u8>, LoadError> {
        safetensors::serialize(&self.tensors, None).map_err(|error| LoadError::Format(error.to_string()))
    }

    /// Writes the file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), LoadError> {
        let path = path.as_ref();
        std::fs::write(path, self.to_bytes()?).map_err(|source| LoadError::Io { path: path.to_owned(), source })
    }
}

impl safetensors::View for &Written {
    fn dtype(&self) -> safetensors::Dtype {
        format_dtype(&self.dtype)
    }
    fn shape(&self) -> &[usize] {
        &self.sizes
    }
    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }
    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}
