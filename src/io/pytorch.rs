//! Files that PyTorch's [`torch.save`](https://docs.pytorch.org/docs/stable/generated/torch.save.html) writes.

use super::{Bytes, Dtype, Entry, LoadError, Source};
use pytorch_reader::{DType, PytorchError, PytorchReader};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file of tensors in the format of PyTorch: `pytorch_model.bin`, `.pt`, `.pth`, of any version of it.
///
/// Such a file is a program for Python's `pickle`. It is read, and never run: what is no tensor, or is made in another way than
/// PyTorch's own, is passed over. A tensor in a map has the keys that lead to it for its name, with dots between them, so that the
/// weights of a checkpoint that has them under `state_dict` are `weights.at("state_dict")`. The outermost value is a map.
///
/// Two things that a state dictionary does not have are not noticed: a view that PyTorch negates as it is read (the imaginary part of a
/// conjugate) has the sign that its memory has, and of two tensors whose names are one with their dots, one is read.
///
/// ```
/// use congruent::io::{PyTorch, Weights, load};
/// use congruent::nn::Linear;
/// use congruent::prelude::*;
/// dims! { Embed = 2; Hidden = 3; }
///
/// # fn main() -> Result<(), congruent::io::LoadError> {
/// // `torch.save({"epoch": 3, "state_dict": {"linear.weight": .., "linear.bias": ..}}, "checkpoint.pt")`
/// let file = PyTorch::open("tests/reference/pytorch/checkpoint.pt")?;
/// let linear: Linear<Embed, Hidden> = load(&file, |weights: Weights<f32>| {
///     weights.ignore("optimizer");
///     Linear::load(&weights.at("state_dict").at("linear"), Embed, Hidden)
/// })?;
/// assert_eq!(linear.weight.to_vec(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
/// # Ok(())
/// # }
/// ```
pub struct PyTorch {
    path: PathBuf,
    entries: BTreeMap<String, Entry>,
}

/// How many times the length of a file its tensors may have together. Each view of shared memory is read for itself, and one whose
/// stride is zero may be of any size.
const MOST: u64 = 16;

impl PyTorch {
    /// Reads all tensors of a file into memory.
    ///
    /// ```
    /// use congruent::io::{PyTorch, Source};
    /// let file = PyTorch::open("tests/reference/pytorch/checkpoint.pt")?;
    /// assert!(file.names().contains(&"state_dict.linear.weight".to_owned()));
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    ///
    /// # Errors
    /// The file cannot be read, is no whole and consistent file of PyTorch, has no tensors, or some that are sparse, quantised, of
    /// complex numbers, or together more than 16 times as long as the file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        let path = path.as_ref();
        Self::read(path).map_err(|error| match error {
            PytorchError::Io(source) if !of_the_format(source.kind()) => {
                LoadError::Io { path: path.to_owned(), source }
            }
            PytorchError::InvalidFormat(reason) => LoadError::Format(reason).in_file(path),
            error => LoadError::Format(error.to_string()).in_file(path),
        })
    }

    fn read(path: &Path) -> Result<Self, PytorchError> {
        let length = path.metadata()?.len();
        let tensors = PytorchReader::new(path)?.into_tensors();
        let wrong = |reason: String| Err(PytorchError::InvalidFormat(reason));
        if tensors.is_empty() {
            return wrong("it has no tensors".to_owned());
        }
        let bytes = tensors.values().fold(0u64, |sum, tensor| sum.saturating_add(tensor.byte_len() as u64));
        if bytes > length.saturating_mul(MOST) {
            return wrong(format!("its tensors are {bytes} bytes, more than {MOST} times its length of {length}"));
        }
        let entries = tensors.into_iter().map(|(name, tensor)| {
            let bytes = tensor.read()?;
            let (dtype, sizes) = (dtype(tensor.dtype()), tensor.shape().to_vec());
            let range = 0..bytes.len();
            Ok((name, Entry { dtype, sizes, bytes: Bytes::new(Arc::new(bytes), range) }))
        });
        Ok(PyTorch { path: path.to_owned(), entries: entries.collect::<Result<_, PytorchError>>()? })
    }
}

/// Whether an error of this kind says that the file contradicts itself, and not that the system could not read it.
fn of_the_format(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::UnexpectedEof)
}

fn dtype(dtype: DType) -> Dtype {
    match dtype {
        DType::F64 => Dtype::F64,
        DType::F32 => Dtype::F32,
        DType::F16 => Dtype::F16,
        DType::BF16 => Dtype::BF16,
        DType::I64 => Dtype::I64,
        DType::I32 => Dtype::I32,
        DType::I16 => Dtype::I16,
        DType::I8 => Dtype::I8,
        DType::U64 => Dtype::U64,
        DType::U32 => Dtype::U32,
        DType::U16 => Dtype::U16,
        DType::U8 => Dtype::U8,
        DType::Bool => Dtype::Other("BOOL".to_owned()),
    }
}

impl Source for PyTorch {
    fn names(&self) -> Vec<String> {
        self.entries.keys().cloned().collect()
    }
    fn get(&self, name: &str) -> Option<Entry> {
        self.entries.get(name).cloned()
    }
    fn path(&self) -> Option<&Path> {
        Some(&self.path)
    }
}
