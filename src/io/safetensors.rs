//! Files in the [safetensors](https://huggingface.co/docs/safetensors) format.

use super::map::map;
use super::{Bytes, Dtype, Entry, LoadError, Source};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

/// An open file: its header was checked, its tensors are read where they are used.
pub struct SafeTensors {
    entries: BTreeMap<String, Entry>,
    metadata: HashMap<String, String>,
}

impl SafeTensors {
    /// Opens a file and maps it into memory.
    ///
    /// The file must not be changed or cut short, by any process, as long as tensors of it are used: what they hold then
    /// is undefined, and the system may end the program. Where that cannot be ruled out, use
    /// [`from_bytes`](Self::from_bytes).
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
        let metadata = header.metadata().clone().unwrap_or_default();
        Ok(SafeTensors { entries: entries.collect(), metadata })
    }

    /// What the file says beside its tensors, by key.
    ///
    /// # Errors
    /// There is no such key, or its value is not a `T`.
    pub fn metadata<T: FromStr>(&self, key: &str) -> Result<T, LoadError> {
        let value = self.metadata.get(key);
        value.and_then(|value| value.parse().ok()).ok_or_else(|| LoadError::Metadata {
            key: key.to_owned(),
            expected: std::any::type_name::<T>().rsplit("::").next().unwrap_or_default().to_owned(),
            found: value.map_or_else(|| "nothing".to_owned(), |value| format!("`{value}`")),
        })
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
    pub(super) fn format_dtype(dtype: &Dtype) -> safetensors::Dtype {
        match dtype {
            $(Dtype::$NAME => safetensors::Dtype::$NAME,)*
            // No element of this library is stored as such a type: what is, is written as its bytes.
            _ => safetensors::Dtype::U8,
        }
    }
} }
same_names! { F64 F32 F16 BF16 I64 I32 I16 I8 U64 U32 U16 U8 }
