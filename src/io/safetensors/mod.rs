//! Files in the [safetensors](https://huggingface.co/docs/safetensors) format.

mod writer;

use super::map::map;
use super::problem::name_of;
use super::{Bytes, Dtype, Entry, LoadError, Source, digest};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::{self, Formatter};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

/// An open file: its header was checked, its tensors are read where they are used.
pub struct SafeTensors {
    path: Option<PathBuf>,
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
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::io::{SafeTensors, Weights, Writer, load};
    /// dims! { Embed = 2; }
    /// # let path = std::env::temp_dir().join(format!("congruent-opened-{}.safetensors", std::process::id()));
    /// let mut writer = Writer::default();
    /// writer.add("weight", &Tensor::ones((Embed,)));
    /// writer.write(&path)?;
    /// let file = SafeTensors::open(&path)?;
    /// let weight = load(&file, |weights: Weights<f32>| weights.tensor("weight", (Embed,)))?;
    /// assert_eq!(weight.to_vec(), [1.0, 1.0]);
    /// # drop((file, weight));
    /// # std::fs::remove_file(&path).map_err(|source| congruent::io::LoadError::Io { path, source })?;
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    ///
    /// # Errors
    /// The file cannot be read, or is not a whole and consistent safetensors file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        let path = path.as_ref();
        let file = Self::from_owner(map(path)?).map_err(|error| error.in_file(path))?;
        Ok(SafeTensors { path: Some(path.to_owned()), ..file })
    }

    /// Reads a file that is in memory.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::io::{SafeTensors, Source, Writer};
    /// dims! { Embed = 2; }
    /// let mut writer = Writer::default();
    /// writer.add("weight", &Tensor::ones((Embed,)));
    /// let bytes: Vec<u8> = writer.to_bytes()?;
    /// assert_eq!(SafeTensors::from_bytes(bytes.clone())?.names(), ["weight"]);
    /// assert!(SafeTensors::from_bytes(bytes[1..].to_vec()).is_err());
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    ///
    /// # Errors
    /// The bytes are not a whole and consistent safetensors file.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, LoadError> {
        Self::from_owner(Arc::new(bytes))
    }

    fn from_owner(owner: Arc<dyn AsRef<[u8]> + Send + Sync>) -> Result<Self, LoadError> {
        let bytes = (*owner).as_ref();
        if let Some(reason) = header(bytes).and_then(named_twice) {
            return Err(LoadError::Format(reason));
        }
        let format = |error: safetensors::SafeTensorError| LoadError::Format(error.to_string());
        let (header_size, header) = safetensors::SafeTensors::read_metadata(bytes).map_err(format)?;
        // The header is preceded by its length.
        let start = header_size + 8;
        let entries = header.tensors().into_iter().map(|(name, info)| {
            let (sizes, (begin, end)) = (info.shape.clone(), info.data_offsets);
            if !can_be_counted(&sizes) {
                let reason = format!("tensor `{name}` of sizes {sizes:?}: more elements than can be counted");
                return Err(LoadError::Format(reason));
            }
            let bytes = Bytes::new(owner.clone(), start + begin..start + end);
            Ok((name, Entry { dtype: dtype(info.dtype), sizes, bytes }))
        });
        let metadata = header.metadata().clone().unwrap_or_default();
        Ok(SafeTensors { path: None, entries: entries.collect::<Result<_, _>>()?, metadata })
    }

    /// A name of each text beside the tensors, and a number for what it says.
    pub(crate) fn metadata_digests(&self) -> Vec<(String, u64)> {
        metadata_digests(&self.metadata)
    }

    /// What the file says beside its tensors, by key.
    ///
    /// ```
    /// use congruent::io::{SafeTensors, Writer};
    /// let mut writer = Writer::default();
    /// writer.metadata("step", 1000);
    /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
    /// assert_eq!(file.metadata::<u64>("step")?, 1000);
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    ///
    /// # Errors
    /// There is no such key, or its value is not a `T`.
    pub fn metadata<T: FromStr>(&self, key: &str) -> Result<T, LoadError> {
        let value = self.metadata.get(key);
        value.and_then(|value| value.parse().ok()).ok_or_else(|| {
            let error = LoadError::Metadata {
                key: key.to_owned(),
                expected: name_of::<T>().to_owned(),
                found: value.map_or_else(|| "nothing".to_owned(), |value| format!("`{value}`")),
            };
            error.in_file_of(self)
        })
    }
}

/// As [`SafeTensors::metadata_digests`].
pub(super) fn metadata_digests(metadata: &HashMap<String, String>) -> Vec<(String, u64)> {
    let sorted: BTreeMap<_, _> = metadata.iter().collect();
    sorted.into_iter().map(|(key, value)| (format!("metadata `{key}`"), digest(value.as_bytes()))).collect()
}

/// Whether an array may have these sizes. One of 0 elements may have others that are too large together.
fn can_be_counted(sizes: &[usize]) -> bool {
    let product = sizes.iter().try_fold(1usize, |product, &size| product.checked_mul(size.max(1)));
    product.is_some_and(|product| isize::try_from(product).is_ok())
}

/// The header, if the file is as long as its first number says.
fn header(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.get(..usize::try_from(u64::from_le_bytes(*length)).ok()?)
}

/// What a header has twice, a tensor or a key beside the tensors. A map would take the last of both.
fn named_twice(header: &[u8]) -> Option<String> {
    let Keys(keys) = serde_json::from_slice::<Keys<Keys<IgnoredAny>>>(header).ok()?;
    if let Some(name) = twice(&keys) {
        return Some(format!("tensor `{name}` is there twice"));
    }
    let metadata = keys.iter().find(|(name, _)| name == "__metadata__").map(|(_, Keys(keys))| keys)?;
    twice(metadata).map(|key| format!("metadata `{key}` is there twice"))
}

/// A key that is there twice.
fn twice<T>(keys: &[(String, T)]) -> Option<&str> {
    let mut seen = BTreeSet::new();
    keys.iter().map(|(key, _)| key.as_str()).find(|key| !seen.insert(*key))
}

/// The keys of an object in the order of the file, with their values. What is no object has none: the format's reader takes a
/// list for a tensor too, and `null` for no metadata.
struct Keys<T>(Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Keys<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfKeys<T>(PhantomData<T>);
        macro_rules! none { ($($visit:ident $Value:ty),*) => {$(
            fn $visit<E>(self, _: $Value) -> Result<Keys<T>, E> {
                Ok(Keys(Vec::new()))
            }
        )*} }
        impl<'de, T: Deserialize<'de>> Visitor<'de> for OfKeys<T> {
            type Value = Keys<T>;
            fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys<T>, A::Error> {
                let mut keys = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    keys.push(entry);
                }
                Ok(Keys(keys))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Keys<T>, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Keys(Vec::new()))
            }
            fn visit_unit<E>(self) -> Result<Keys<T>, E> {
                Ok(Keys(Vec::new()))
            }
            none!(visit_bool bool, visit_i64 i64, visit_u64 u64, visit_f64 f64, visit_str &str);
        }
        deserializer.deserialize_any(OfKeys(PhantomData))
    }
}

impl Source for SafeTensors {
    fn names(&self) -> Vec<String> {
        self.entries.keys().cloned().collect()
    }
    fn get(&self, name: &str) -> Option<Entry> {
        self.entries.get(name).cloned()
    }
    fn path(&self) -> Option<&Path> {
        self.path.as_deref()
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
