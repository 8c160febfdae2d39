//! What is written to a file: tensors, and texts beside them.

use super::{Dtype, LoadError, Stored, digest};
#[cfg(feature = "safetensors")]
use super::{safetensors::metadata_digests, save::write_whole};
use crate::backend::{ArrayOf, Backend, Collective, Engine, Failure, Float, PrimitiveOf, With, elements, try_elements};
use crate::module::{Module, Path, quoted};
use crate::shape::{AnyShape, Described, Part, Shape};
use crate::tensor::Tensor;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use zerocopy::IntoBytes;

/// Tensors to be written to a file, in the safetensors format or in GGUF.
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
    pub(super) tensors: BTreeMap<String, Written>,
    pub(super) metadata: HashMap<String, String>,
    /// A path that two parameters of one model have.
    twice: Option<String>,
    /// Why elements could not be had.
    failed: Option<Failure>,
    /// What is one rank's part, and lies on no mesh whose other ranks could be asked for theirs.
    in_parts: Option<String>,
    /// Whether there is a number for each tensor in place of its bytes: another rank writes the file.
    is_of_other: bool,
}

pub(super) struct Written {
    pub dtype: Dtype,
    pub sizes: Vec<usize>,
    pub bytes: Vec<u8>,
}

impl Writer {
    /// Adds a tensor. One of the same name is replaced.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::io::{SafeTensors, Source, Writer};
    /// dims! { Embed = 2; }
    /// let mut writer = Writer::default();
    /// writer.add("scale", &Tensor::ones((Embed,)));
    /// writer.add("order", &Cpu::<i64>::arange(Embed));
    /// assert_eq!(SafeTensors::from_bytes(writer.to_bytes()?)?.names(), ["order", "scale"]);
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    pub fn add<S: Shape, B: Backend<Elem: Stored>>(&mut self, name: impl Into<String>, tensor: &Tensor<S, B>) {
        self.add_array::<B>(name.into(), tensor.array(), Described::new(tensor.shape()).part());
    }

    /// An array, of which this rank may have a part: the ranks put theirs together.
    pub(crate) fn add_array<B: Backend<Elem: Stored>>(&mut self, name: String, array: &ArrayOf<B>, part: Option<Part>) {
        if let Some(part) = part {
            match assembled::<B>(array, &part) {
                Some(elements) => self.add_elements(name, &part.whole(), &elements),
                None => self.in_parts = self.in_parts.take().or(Some(name)),
            }
            return;
        }
        if let Some(elements) = B::as_slice(array) {
            return self.add_elements(name, B::sizes(array), elements);
        }
        match try_elements::<B>(array) {
            Ok(elements) => self.add_elements(name, B::sizes(array), &elements),
            Err(failure) => self.failed = self.failed.take().or(Some(failure)),
        }
    }

    pub(crate) fn add_elements<T: Stored>(&mut self, name: String, sizes: &[usize], elements: &[T]) {
        let (sizes, bytes) = (sizes.to_vec(), elements.as_bytes());
        let bytes = if self.is_of_other { digest(bytes).to_le_bytes().to_vec() } else { bytes.to_vec() };
        self.tensors.insert(name, Written { dtype: T::DTYPE, sizes, bytes });
    }

    /// Adds the parameters of a model, by their paths below `name`; without a name, by their paths.
    /// [`Weights::module`](super::Weights::module) reads them.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::{io::{SafeTensors, Source, Writer}, nn::Linear};
    /// dims! { Embed = 2; Hidden = 3; }
    /// let mut writer = Writer::default();
    /// writer.module("up", &Linear::random(Embed, Hidden, &mut Rng::with_seed(1)));
    /// assert_eq!(SafeTensors::from_bytes(writer.to_bytes()?)?.names(), ["up.bias", "up.weight"]);
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    #[doc(alias("save", "state_dict", "save_file", "save_pretrained"))]
    pub fn module<B: Backend<Elem: Float + Stored>>(&mut self, name: &str, module: &impl Module<B>) {
        let twice = each::<B>(name, module, |name, array, part| self.add_array::<B>(name, array, part));
        self.twice = self.twice.take().or(twice);
    }

    /// As [`module`](Self::module), with the elements converted to `U`: half of the memory with `f16`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::{half::f16, io::{SafeTensors, Weights, Writer, load}, nn::RmsNorm};
    /// dims! { Embed = 2; }
    /// let mut writer = Writer::default();
    /// writer.module_as::<f16, _>("norm", &RmsNorm::new(Embed, 1e-5));
    /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
    /// let weight = load(&file, |weights: Weights<f16>| weights.tensor("norm.weight", (Embed,)))?;
    /// assert_eq!(weight.to_vec(), [f16::ONE; 2]);
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    pub fn module_as<U: Stored, B: Backend<Elem: Float>>(&mut self, name: &str, module: &impl Module<B>) {
        let cast = |name, array: &ArrayOf<B>, part| self.add_array::<With<B, U>>(name, &B::cast::<U>(array), part);
        let twice = each::<B>(name, module, cast);
        self.twice = self.twice.take().or(twice);
    }

    /// Adds a text beside the tensors, which [`SafeTensors::metadata`](super::SafeTensors::metadata) and
    /// [`Gguf::metadata`](super::Gguf::metadata) read.
    ///
    /// ```
    /// use congruent::io::{SafeTensors, Writer};
    /// let mut writer = Writer::default();
    /// writer.metadata("licence", "MIT");
    /// assert_eq!(SafeTensors::from_bytes(writer.to_bytes()?)?.metadata::<String>("licence")?, "MIT");
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    pub fn metadata(&mut self, key: impl Into<String>, value: impl ToString) {
        self.metadata.insert(key.into(), value.to_string());
    }

    /// What is wrong, before there are bytes.
    pub(crate) fn check(&self) -> Result<(), LoadError> {
        if let Some(failure) = &self.failed {
            return Err(LoadError::Engine(failure.clone()));
        }
        if let Some(name) = &self.in_parts {
            let name = quoted(name);
            return Err(LoadError::Format(format!("{name} is one rank's part of a tensor, and not on a mesh")));
        }
        if let Some(path) = &self.twice {
            return Err(LoadError::Format(format!("two parameters of the model have the path `{path}`")));
        }
        Ok(())
    }
}

#[cfg(feature = "safetensors")]
impl Writer {
    /// For a file that ranks write together: the first one writes it.
    pub(crate) fn of_rank(is_first: bool) -> Self {
        Writer { is_of_other: !is_first, ..Writer::default() }
    }

    /// The name of each tensor, its type and sizes, and a number for its elements; and the same of metadata.
    pub(crate) fn digests(&self) -> Vec<(String, u64)> {
        let number = |tensor: &Written| match tensor.bytes.first_chunk() {
            Some(number) if self.is_of_other => u64::from_le_bytes(*number),
            _ => digest(&tensor.bytes),
        };
        let name = |name, tensor: &Written| format!("`{name}`, {} {:?}", tensor.dtype, tensor.sizes);
        let tensors = self.tensors.iter().map(|(key, tensor)| (name(key, tensor), number(tensor)));
        tensors.chain(metadata_digests(&self.metadata)).collect()
    }

    /// Writes the file, as GGUF where its name ends with `.gguf`, else as safetensors. It is there whole or not at all: it is
    /// written to another one beside it first, whose name ends with `.part`, which takes the place of this one once the disk has
    /// it. Of threads and processes that write one file, the last one's is there in the end. What such a process left behind
    /// when it was killed is removed when the same file is written again.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::io::{SafeTensors, Source, Writer};
    /// dims! { Embed = 2; }
    /// # let path = std::env::temp_dir().join(format!("congruent-written-{}.safetensors", std::process::id()));
    /// let mut writer = Writer::default();
    /// writer.add("scale", &Tensor::ones((Embed,)));
    /// writer.write(&path)?;
    /// assert_eq!(SafeTensors::open(&path)?.names(), ["scale"]);
    /// # std::fs::remove_file(&path).map_err(|source| congruent::io::LoadError::Io { path, source })?;
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`to_bytes`](Self::to_bytes), or of [`to_gguf`](Self::to_gguf), which needs the feature `gguf`; or the file cannot be
    /// written. What was there before is there still.
    pub fn write(&self, path: impl AsRef<std::path::Path>) -> Result<(), LoadError> {
        let path = path.as_ref();
        let bytes = match path.extension() {
            #[cfg(feature = "gguf")]
            Some(extension) if extension == "gguf" => self.to_gguf()?,
            #[cfg(not(feature = "gguf"))]
            Some(extension) if extension == "gguf" => {
                return Err(LoadError::Format("a GGUF file is written with the feature `gguf`".to_owned()));
            }
            _ => self.to_bytes()?,
        };
        write_whole(path, &bytes).map_err(|source| LoadError::Io { path: path.to_owned(), source })
    }
}

/// Each parameter, with its path below `name`. A path that two of them have.
fn each<B: Backend<Elem: Float>>(
    name: &str,
    module: &impl Module<B>,
    mut add: impl FnMut(String, &ArrayOf<B>, Option<Part>),
) -> Option<String> {
    let (mut paths, mut twice) = (BTreeSet::new(), None);
    let root = Path::root();
    let path = if name.is_empty() { root } else { root.at(name) };
    module.visit(&path, &mut |parameter| {
        let path = parameter.path().to_string();
        if !paths.insert(path.clone()) {
            twice.get_or_insert_with(|| path.clone());
        }
        add(path, parameter.array(), parameter.any_shape().part());
    });
    twice
}

/// The whole array, of the parts of all ranks; nothing if it lies on no mesh.
fn assembled<B: Backend>(array: &ArrayOf<B>, part: &Part) -> Option<Vec<PrimitiveOf<B>>> {
    let (device, axes) = (B::device(array), B::Engine::varies::<PrimitiveOf<B>>(array));
    let gathered = |axis| Collective::AllGather(axis);
    let places: Vec<u64> = part.places().map(|place| place as u64).collect();
    let count = places.len();
    let mut places = With::<B, u64>::from_elements(places, &[count], &device);
    let mut found = B::reshape(array, &[count]);
    for axis in axes.iter() {
        places = B::Engine::together::<u64>(gathered(0), &places, axis);
        found = B::Engine::together::<PrimitiveOf<B>>(gathered(0), &found, axis);
    }
    let (places, found) = (elements::<With<B, u64>>(&places), elements::<B>(&found));
    let count = part.whole().iter().product();
    let mut whole: Vec<Option<PrimitiveOf<B>>> = vec![None; count];
    places.into_iter().zip(found).for_each(|(place, element)| whole[place as usize] = Some(element));
    whole.into_iter().collect()
}
