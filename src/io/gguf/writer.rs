//! Writing files in the [GGUF](https://github.com/ggml-org/ggml/blob/master/docs/gguf.md) format, version 3.

use super::reader::{Kind, format};
use super::{ALIGNMENT, TYPES};
use crate::io::LoadError;
use crate::io::writer::{Writer, Written};
use std::collections::BTreeMap;

const VERSION: u32 = 3;
/// The most axes of a tensor, and the most bytes of its name, that ggml reads.
const MOST_AXES: usize = 4;
const LONGEST_NAME: usize = 63;
/// The most bytes of a key, by the definition of the format.
const LONGEST_KEY: usize = 65535;

impl Writer {
    /// The file in the GGUF format, in memory. Each text of the metadata is a string, which
    /// [`Gguf::metadata`](crate::io::Gguf::metadata) reads.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::io::{Gguf, Weights, Writer, load};
    /// dims! { Embed = 2; Hidden = 3; }
    /// let weight = Tensor::ones((Hidden, Embed));
    /// let mut writer = Writer::default();
    /// writer.add("weight", &weight);
    /// writer.metadata("step", 1000);
    /// let file = Gguf::from_bytes(writer.to_gguf()?)?;
    ///
    /// assert_eq!(file.metadata::<u64>("step")?, 1000);
    /// let loaded = load(&file, |weights: Weights<f32>| weights.tensor("weight", (Hidden, Embed)))?;
    /// assert_eq!(loaded.to_vec(), weight.to_vec());
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    ///
    /// # Errors
    /// The format has no place for it: a tensor of integers without sign, one of more than four axes, or a name of more than 63 bytes; a
    /// key of none or of more than 65535, or that of the alignment, which is a number. Two parameters of a model have one path. The
    /// engine of a tensor failed.
    pub fn to_gguf(&self) -> Result<Vec<u8>, LoadError> {
        self.check()?;
        let mut file = File(b"GGUF".to_vec());
        file.u32(VERSION);
        file.count(self.tensors.len());
        file.count(self.metadata.len());
        // In one order each time.
        for (key, value) in self.metadata.iter().collect::<BTreeMap<_, _>>() {
            check_key(key)?;
            file.text(key);
            file.u32(Kind::Text as u32);
            file.text(value);
        }
        let mut offset = 0;
        for (name, tensor) in &self.tensors {
            let number = number(name, tensor)?;
            file.text(name);
            file.u32(tensor.sizes.len() as u32);
            tensor.sizes.iter().rev().for_each(|size| file.count(*size));
            file.u32(number);
            file.count(offset);
            offset += tensor.bytes.len().next_multiple_of(ALIGNMENT.1);
        }
        file.align();
        file.0.reserve(offset);
        for tensor in self.tensors.values() {
            file.0.extend(&tensor.bytes);
            // Behind the last one too: ggml reads all of them at once.
            file.align();
        }
        Ok(file.0)
    }
}

/// The number of the element type of a tensor that ggml reads.
fn number(name: &str, Written { dtype, sizes, .. }: &Written) -> Result<u32, LoadError> {
    let wrong = |what: String| Err(format(format!("tensor `{name}` {what}")));
    if name.len() > LONGEST_NAME {
        return wrong(format!("has a name of {} bytes, and GGUF takes {LONGEST_NAME}", name.len()));
    }
    if sizes.len() > MOST_AXES {
        return wrong(format!("has {} axes, and GGUF takes {MOST_AXES}: its sizes are {sizes:?}", sizes.len()));
    }
    let found = TYPES.iter().find(|(_, known)| known == dtype);
    match found {
        Some((number, _)) => Ok(*number),
        None => wrong(format!("has elements of {dtype}, a type that GGUF has not")),
    }
}

fn check_key(key: &str) -> Result<(), LoadError> {
    if key == ALIGNMENT.0 {
        return Err(format(format!("metadata `{key}` is a number that GGUF has for itself")));
    }
    match key.len() {
        1..=LONGEST_KEY => Ok(()),
        length => Err(format(format!("a key of metadata has {length} bytes, and GGUF takes 1 to {LONGEST_KEY}"))),
    }
}

/// What is written of a file.
struct File(Vec<u8>);

impl File {
    fn u32(&mut self, number: u32) {
        self.0.extend(number.to_le_bytes());
    }

    /// A count, a size or an offset.
    fn count(&mut self, count: usize) {
        self.0.extend((count as u64).to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.extend(text.as_bytes());
    }

    fn align(&mut self) {
        self.0.resize(self.0.len().next_multiple_of(ALIGNMENT.1), 0);
    }
}
