//! Weights from files: names, element types and shapes are checked against the types once, at loading.
//!
//! One error names every tensor that is missing, surplus or of another shape.

mod digest;
#[cfg(feature = "gguf")]
mod gguf;
#[cfg(any(feature = "gguf", feature = "safetensors"))]
mod map;
mod problem;
#[cfg(feature = "pytorch")]
mod pytorch;
#[cfg(feature = "safetensors")]
mod safetensors;
#[cfg(feature = "safetensors")]
mod save;
mod shards;
mod stored;
mod weights;
#[cfg(any(feature = "gguf", feature = "safetensors"))]
mod writer;

#[cfg(feature = "gguf")]
pub use self::gguf::Gguf;
#[cfg(feature = "pytorch")]
pub use self::pytorch::PyTorch;
#[cfg(feature = "safetensors")]
pub use self::safetensors::SafeTensors;
pub use crate::backend::Bytes;
pub(crate) use digest::digest;
pub use problem::{LoadError, Problem};
pub use shards::Shards;
pub use stored::{Dtype, Entry, Source, Stored};
pub use weights::{Weights, load, load_on};
#[cfg(any(feature = "gguf", feature = "safetensors"))]
pub use writer::Writer;

#[cfg(target_endian = "big")]
compile_error!("files of weights are read in the byte order of little-endian machines");
