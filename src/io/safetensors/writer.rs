//! Writing files in the [safetensors](https://huggingface.co/docs/safetensors) format.

use super::format_dtype;
use crate::io::LoadError;
use crate::io::writer::{Writer, Written};
use std::borrow::Cow;

/// The name of what is beside the tensors.
const METADATA: &str = "__metadata__";

impl Writer {
    /// The file in the safetensors format, in memory.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::io::Writer;
    /// dims! { Embed = 2; }
    /// let mut writer = Writer::default();
    /// writer.add("scale", &Tensor::ones((Embed,)));
    /// // The numbers are last.
    /// assert!(writer.to_bytes()?.ends_with(&1f32.to_le_bytes()));
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    ///
    /// # Errors
    /// The header grows beyond what the format allows, a tensor is named as what is beside the tensors, or two parameters of a
    /// model have one path, so that only one of them would be there. The engine of a tensor failed.
    pub fn to_bytes(&self) -> Result<Vec<u8>, LoadError> {
        self.check()?;
        if self.tensors.contains_key(METADATA) {
            return Err(LoadError::Format(format!("a tensor cannot be named `{METADATA}`, as the format has it")));
        }
        let metadata = (!self.metadata.is_empty()).then(|| self.metadata.clone());
        safetensors::serialize(&self.tensors, metadata).map_err(|error| LoadError::Format(error.to_string()))
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
