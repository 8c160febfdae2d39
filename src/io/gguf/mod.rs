//! Files in the [GGUF](https://github.com/ggml-org/ggml/blob/master/docs/gguf.md) format, versions 2 and 3.

mod metadata;
mod reader;
mod writer;

use super::map::map;
use super::{Bytes, Dtype, Entry, LoadError, Source};
use reader::{Place, Reader, format};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The key of the alignment of tensors, and the alignment of a file without it.
const ALIGNMENT: (&str, usize) = ("general.alignment", 32);

/// An open file: its header was checked; metadata and tensors are read where they are used.
///
/// The sizes of tensors are in the order of this library, outermost first, which is the reverse of the
/// file's. A weight that GGUF has as `[in, out]` is `(out, in)`.
///
/// ```
/// use congruent::io::Gguf;
///
/// # fn file() -> Vec<u8> {
/// #     let mut file = [&b"GGUF"[..], &3u32.to_le_bytes(), &0u64.to_le_bytes(), &1u64.to_le_bytes()].concat();
/// #     let key = "llama.block_count";
/// #     file.extend([&(key.len() as u64).to_le_bytes()[..], key.as_bytes()].concat());
/// #     file.extend([&4u32.to_le_bytes()[..], &30u32.to_le_bytes()].concat());
/// #     file
/// # }
/// # fn main() -> Result<(), congruent::io::LoadError> {
/// let file = Gguf::from_bytes(file())?;
/// let layers: usize = file.integer("llama.block_count")?;
/// assert_eq!(layers, 30);
/// let error = file.string("general.architecture").unwrap_err();
/// assert_eq!(error.to_string(), "metadata `general.architecture`: expected a text, found nothing");
/// # Ok(())
/// # }
/// ```
pub struct Gguf {
    path: Option<PathBuf>,
    owner: Arc<dyn AsRef<[u8]> + Send + Sync>,
    metadata: BTreeMap<String, Place>,
    entries: BTreeMap<String, Entry>,
}

impl Gguf {
    /// Opens a file and maps it into memory.
    ///
    /// The file must not be changed or cut short, by any process, as long as it or tensors of it are used: what they hold
    /// then is undefined, and the system may end the program. Where that cannot be ruled out, use
    /// [`from_bytes`](Self::from_bytes).
    ///
    /// ```
    /// use congruent::io::Gguf;
    /// let error = Gguf::open("nowhere/model.gguf").err().unwrap();
    /// assert!(error.to_string().contains("nowhere/model.gguf"));
    /// ```
    ///
    /// # Errors
    /// The file cannot be read, or is not a whole and consistent GGUF file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        let path = path.as_ref();
        let file = Self::from_owner(map(path)?).map_err(|error| error.in_file(path))?;
        Ok(Gguf { path: Some(path.to_owned()), ..file })
    }

    /// Reads a file that is in memory.
    ///
    /// ```
    /// use congruent::io::Gguf;
    /// let error = Gguf::from_bytes(b"no file of the format".to_vec()).err().unwrap();
    /// assert_eq!(error.to_string(), "not a file of tensors: it does not begin with `GGUF`");
    /// ```
    ///
    /// # Errors
    /// The bytes are not a whole and consistent GGUF file.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, LoadError> {
        Self::from_owner(Arc::new(bytes))
    }

    fn from_owner(owner: Arc<dyn AsRef<[u8]> + Send + Sync>) -> Result<Self, LoadError> {
        let mut reader = Reader::new((*owner).as_ref());
        if reader.take(4)? != b"GGUF" {
            return Err(format("it does not begin with `GGUF`"));
        }
        match reader.u32()? {
            2 | 3 => {}
            // A small number, read in the other order.
            version if version.swap_bytes() < 1 << 16 => return Err(format("its byte order is big-endian")),
            version => return Err(format(format!("GGUF version {version}, and 2 and 3 are known"))),
        }
        let (tensors, values) = (reader.u64()?, reader.u64()?);

        let mut metadata = BTreeMap::new();
        for _ in 0..values {
            let key = reader.name()?;
            let kind = reader.kind()?;
            let place = Place { kind, start: reader.position() };
            reader.value(kind)?;
            if metadata.insert(key.to_owned(), place).is_some() {
                return Err(format(format!("metadata `{key}` is there twice")));
            }
        }
        let (mut infos, mut names) = (Vec::new(), BTreeSet::new());
        for _ in 0..tensors {
            let info = Info::read(&mut reader)?;
            if !names.insert(info.name.clone()) {
                return Err(format(format!("tensor `{}` is there twice", info.name)));
            }
            infos.push(info);
        }
        let header = reader.position();
        let mut file = Gguf { path: None, owner, metadata, entries: BTreeMap::new() };
        let alignment = file.alignment()?;
        file.place(infos, header.next_multiple_of(alignment), alignment as u64)?;
        Ok(file)
    }

    fn bytes(&self) -> &[u8] {
        (*self.owner).as_ref()
    }

    /// What the offset of each tensor is a multiple of.
    fn alignment(&self) -> Result<usize, LoadError> {
        let (key, default) = ALIGNMENT;
        let alignment = if self.has(key) { self.integer::<u32>(key)? as usize } else { default };
        match alignment.is_power_of_two() {
            true => Ok(alignment),
            false => Err(format(format!("`{key}` is {alignment}, which is no power of two"))),
        }
    }

    /// Finds each tensor in the data, which begin at `start`.
    fn place(&mut self, mut infos: Vec<Info>, start: usize, alignment: u64) -> Result<(), LoadError> {
        let end = self.bytes().len().saturating_sub(start) as u64;
        infos.sort_by_key(|info| (info.offset, info.bytes));
        for at in 0..infos.len() {
            let next = infos.get(at + 1).map_or(end, |next| next.offset.min(end));
            let Info { name, dtype, sizes, bytes, offset } = &infos[at];
            let wrong = |what: String| Err(format(format!("tensor `{name}` {what}")));
            if offset % alignment != 0 {
                return wrong(format!("begins at {offset}, which is no multiple of {alignment}"));
            }
            // How long a tensor of a type unknown here is, only its neighbour tells.
            let length = bytes.unwrap_or_else(|| next.saturating_sub(*offset));
            match offset.checked_add(length) {
                Some(last) if last <= next => {}
                Some(last) if last <= end => return wrong(format!("overlaps `{}`", infos[at + 1].name)),
                _ => {
                    return wrong(format!("has {length} bytes from {offset} on, and the file has {end} bytes of data"));
                }
            }
            if length == 0 && !sizes.contains(&0) {
                return wrong(format!("has {length} bytes from {offset} on, and the file has {end} bytes of data"));
            }
            // All bytes lie in the file, which is in memory. Where there are none, it may end before the data would begin.
            let first = (start + *offset as usize).min(self.bytes().len());
            let bytes = Bytes::new(self.owner.clone(), first..first + length as usize);
            let entry = Entry { dtype: dtype.clone(), sizes: sizes.clone(), bytes };
            self.entries.insert(name.clone(), entry);
        }
        Ok(())
    }
}

impl Source for Gguf {
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

/// What the header says of a tensor.
struct Info {
    name: String,
    dtype: Dtype,
    /// Outermost first.
    sizes: Vec<usize>,
    /// How many bytes it has, if the type is known.
    bytes: Option<u64>,
    /// Where it begins, counted from where the data do.
    offset: u64,
}

impl Info {
    fn read(reader: &mut Reader<'_>) -> Result<Self, LoadError> {
        let name = reader.name()?.to_owned();
        let mut sizes = Vec::new();
        for _ in 0..reader.u32()? {
            sizes.push(reader.u64()?);
        }
        let dtype = element_type(reader.u32()?);
        let offset = reader.u64()?;
        let wrong = |what: &str| format(format!("tensor `{name}` of sizes {sizes:?} {what}"));
        let elements = sizes.iter().try_fold(1u64, |product, size| product.checked_mul(*size));
        let elements = elements.ok_or_else(|| wrong("is larger than any memory"))?;
        let bytes = match dtype.block().map(|block| block.map(|count| count as u64)) {
            Some([count, _]) if sizes.first().unwrap_or(&1) % count != 0 => {
                return Err(wrong(&format!("is not in whole blocks of {count}")));
            }
            Some([count, bytes]) => {
                Some((elements / count).checked_mul(bytes).ok_or_else(|| wrong("is larger than any memory"))?)
            }
            None => None,
        };
        let outermost_first = sizes.iter().rev().map(|size| usize::try_from(*size));
        let sizes = outermost_first.collect::<Result<_, _>>().map_err(|_| wrong("is larger than any memory"))?;
        Ok(Info { name, dtype, sizes, bytes, offset })
    }
}

/// The element types that tensors of this library can have, each with the number that ggml has for it.
static TYPES: [(u32, Dtype); 16] = [
    (0, Dtype::F32),
    (1, Dtype::F16),
    (2, Dtype::Q4_0),
    (3, Dtype::Q4_1),
    (6, Dtype::Q5_0),
    (7, Dtype::Q5_1),
    (8, Dtype::Q8_0),
    (12, Dtype::Q4_K),
    (13, Dtype::Q5_K),
    (14, Dtype::Q6_K),
    (24, Dtype::I8),
    (25, Dtype::I16),
    (26, Dtype::I32),
    (27, Dtype::I64),
    (28, Dtype::F64),
    (30, Dtype::BF16),
];

/// The element type of this number.
fn element_type(number: u32) -> Dtype {
    let known = TYPES.iter().find(|(known, _)| *known == number);
    known.map_or_else(|| Dtype::Other(other_name(number)), |(_, dtype)| dtype.clone())
}

/// What ggml calls a type that no tensor of this library has.
fn other_name(number: u32) -> String {
    let name = match number {
        9 => "Q8_1",
        10 => "Q2_K",
        11 => "Q3_K",
        15 => "Q8_K",
        16 => "IQ2_XXS",
        17 => "IQ2_XS",
        18 => "IQ3_XXS",
        19 => "IQ1_S",
        20 => "IQ4_NL",
        21 => "IQ3_S",
        22 => "IQ2_S",
        23 => "IQ4_XS",
        29 => "IQ1_M",
        34 => "TQ1_0",
        35 => "TQ2_0",
        39 => "MXFP4",
        other => return format!("type {other} of ggml"),
    };
    name.to_owned()
}
