//! Typed tensors out of a file, and everything that is wrong with it in one error.

use super::stored::{converted, in_blocks};
use super::{Entry, LoadError, Problem, Source, Stored};
use crate::backend::{ArrayOf, Backend, DeviceOf, Element, Engine, Float, PrimitiveOf, With, read_numbers};
use crate::cpu::Cpu;
use crate::module::Module;
use crate::shape::{AnyShape, Described, Part, Shape};
use crate::tensor::Tensor;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Display;

/// The tensors of a file below one name, to be taken with the shapes that the types say.
pub struct Weights<'a, T: Element, B: Backend<Elem = T> = Cpu<T>> {
    source: &'a dyn Source,
    prefix: String,
    casts: bool,
    log: &'a RefCell<Log>,
    device: DeviceOf<B>,
}

#[derive(Default)]
struct Log {
    taken: BTreeSet<String>,
    ignored: BTreeSet<String>,
    problems: Vec<Problem>,
}

/// Builds a model of the tensors of `source`.
///
/// `build` takes each tensor by name and shape. What does not fit is collected while it goes on, with
/// zeros in its place, and the model is given only if nothing was wrong.
///
/// ```
/// # use congruent::prelude::*;
/// # #[cfg(feature = "safetensors")] {
/// use congruent::io::{SafeTensors, Weights, Writer, load};
/// dims! { Embed = 2; Hidden = 3; }
/// let mut writer = Writer::default();
/// writer.add("up", &Tensor::ones((Hidden, Embed)));
/// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
/// let up = load(&file, |weights: Weights<f32>| weights.tensor("up", (Hidden, Embed)))?;
/// assert_eq!(up.to_vec(), [1.0; 6]);
/// // All that is wrong is in one error.
/// let error = load(&file, |weights: Weights<f32>| weights.tensor("down", (Embed, Hidden))).unwrap_err().to_string();
/// assert!(error.contains("missing: `down`") && error.contains("`up`"));
/// # }
/// # Ok::<(), congruent::io::LoadError>(())
/// ```
///
/// # Errors
/// Every tensor that is missing, surplus, of another shape or of another element type.
pub fn load<T: Stored, M>(source: &dyn Source, build: impl FnOnce(Weights<'_, T>) -> M) -> Result<M, LoadError> {
    load_on(source, &Default::default(), build)
}

/// As [`load`], on any engine: the tensors lie on this device.
///
/// ```
/// # #[cfg(feature = "safetensors")]
/// # fn main() -> Result<(), congruent::io::LoadError> {
/// use congruent::io::{SafeTensors, Writer, load_on};
/// use congruent::nn::Linear;
/// use congruent::prelude::*;
/// dims! { Embed = 2; Hidden = 3; }
/// let mut writer = Writer::default();
/// writer.module("", &Linear::random(Embed, Hidden, &mut Rng::with_seed(1)));
/// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
/// // The name of another engine stands here, and one of its devices.
/// let device = Default::default();
/// let model: Linear<Embed, Hidden> = load_on::<Cpu<f32>, _>(&file, &device, |weights| Linear::load(&weights, Embed, Hidden))?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "safetensors"))]
/// # fn main() {}
/// ```
///
/// # Errors
/// As [`load`]; and each tensor that is quantised, if the engine makes no arrays of blocks, or that the device had no room for, if the
/// engine knows it by then.
pub fn load_on<B: Backend<Elem: Stored>, M>(
    source: &dyn Source,
    device: &DeviceOf<B>,
    build: impl FnOnce(Weights<'_, B::Elem, B>) -> M,
) -> Result<M, LoadError> {
    let log = RefCell::new(Log::default());
    let weights = Weights { source, prefix: String::new(), casts: false, log: &log, device: device.clone() };
    let model = build(weights);
    let Log { taken, ignored, mut problems } = log.into_inner();
    let is_ignored =
        |name: &str| ignored.iter().any(|prefix| name == prefix || name.starts_with(&format!("{prefix}.")));
    for name in source.names().into_iter().filter(|name| !taken.contains(name) && !is_ignored(name)) {
        let sizes = source.get(&name).map(|entry| entry.sizes).unwrap_or_default();
        problems.push(Problem::Surplus { name, sizes });
    }
    if problems.is_empty() { Ok(model) } else { Err(LoadError::Weights(problems).in_file_of(source)) }
}

impl<'a, T: Stored, B: Backend<Elem = T>> Weights<'a, T, B> {
    /// The tensors whose names go on with `name` and a dot.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// # #[cfg(feature = "safetensors")] {
    /// use congruent::io::{SafeTensors, Weights, Writer, load};
    /// dims! { Embed = 2; }
    /// let mut writer = Writer::default();
    /// writer.add("layers.0.scale", &Tensor::ones((Embed,)));
    /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
    /// let scale = load(&file, |weights: Weights<f32>| weights.at("layers").at(0).tensor("scale", (Embed,)))?;
    /// assert_eq!(scale.to_vec(), [1.0; 2]);
    /// # }
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    pub fn at(&self, name: impl Display) -> Self {
        Weights { prefix: format!("{}{name}.", self.prefix), device: self.device.clone(), ..*self }
    }

    /// The same tensors, to be taken as elements `U`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// # #[cfg(feature = "safetensors")] {
    /// use congruent::io::{SafeTensors, Weights, Writer, load};
    /// dims! { Embed = 2; }
    /// let mut writer = Writer::default();
    /// writer.add("scale", &Tensor::ones((Embed,)));
    /// writer.add("order", &Cpu::<i64>::arange(Embed));
    /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
    /// let (_, order) = load(&file, |weights: Weights<f32>| {
    ///     (weights.tensor("scale", (Embed,)), weights.of::<i64>().tensor("order", (Embed,)))
    /// })?;
    /// assert_eq!(order.to_vec(), [0, 1]);
    /// # }
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    pub fn of<U: Stored>(&self) -> Weights<'a, U, With<B, U>> {
        Weights {
            source: self.source,
            prefix: self.prefix.clone(),
            casts: self.casts,
            log: self.log,
            device: self.device.clone(),
        }
    }

    /// Converts tensors of other element types, which are an error else.
    ///
    /// Into `f32`, matrices of `F16` and `BF16` are not converted, if their rows are a multiple of 32 elements: they are
    /// multiplied as they are. Quantised tensors are for `f32` alone what they are for [`tensor`](Self::tensor), and for other
    /// types converted.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// # #[cfg(feature = "safetensors")] {
    /// use congruent::io::{SafeTensors, Weights, Writer, load};
    /// dims! { Embed = 2; }
    /// let mut writer = Writer::default();
    /// writer.add("scale", &Cpu::<f64>::ones((Embed,)));
    /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
    /// let scale: Tensor<(Embed,)> = load(&file, |weights: Weights<f32>| weights.casting().tensor("scale", (Embed,)))?;
    /// assert_eq!(scale.to_vec(), [1.0; 2]);
    /// assert!(load(&file, |weights: Weights<f32>| weights.tensor("scale", (Embed,))).is_err());
    /// # }
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    pub fn casting(self) -> Self {
        Weights { casts: true, ..self }
    }

    /// Whether the file has this tensor.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// # #[cfg(feature = "safetensors")] {
    /// use congruent::io::{SafeTensors, Weights, Writer, load};
    /// dims! { Embed = 2; }
    /// let mut writer = Writer::default();
    /// writer.add("scale", &Tensor::ones((Embed,)));
    /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
    /// let (_, shift) = load(&file, |weights: Weights<f32>| {
    ///     let shift = weights.has("shift").then(|| weights.tensor("shift", (Embed,)));
    ///     (weights.tensor("scale", (Embed,)), shift)
    /// })?;
    /// assert!(shift.is_none());
    /// # }
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    pub fn has(&self, name: &str) -> bool {
        self.source.get(&format!("{}{name}", self.prefix)).is_some()
    }

    /// Lets the file have this tensor, or tensors below this name, without an error.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// # #[cfg(feature = "safetensors")] {
    /// use congruent::io::{SafeTensors, Weights, Writer, load};
    /// dims! { Embed = 2; }
    /// let mut writer = Writer::default();
    /// writer.add("scale", &Tensor::ones((Embed,)));
    /// writer.add("optimizer.scale", &Tensor::ones((Embed,)));
    /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
    /// assert!(load(&file, |weights: Weights<f32>| weights.tensor("scale", (Embed,))).is_err());
    /// let scale = load(&file, |weights: Weights<f32>| {
    ///     weights.ignore("optimizer");
    ///     weights.tensor("scale", (Embed,))
    /// })?;
    /// assert_eq!(scale.to_vec(), [1.0; 2]);
    /// # }
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    pub fn ignore(&self, name: &str) {
        self.log.borrow_mut().ignored.insert(format!("{}{name}", self.prefix));
    }

    /// The tensor of this name, which has this shape. Its elements stay where the file is mapped.
    ///
    /// A quantised tensor is one of `f32` that is stored otherwise. As the weight of a linear map, or as a table of vectors,
    /// it is read as it is. Any other operation on it reads all its elements once, which then take their memory as well.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// # #[cfg(feature = "safetensors")] {
    /// use congruent::io::{SafeTensors, Weights, Writer, load};
    /// dims! { Embed = 2; Hidden = 3; }
    /// let mut writer = Writer::default();
    /// writer.add("up.weight", &Tensor::ones((Hidden, Embed)));
    /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
    /// let weight: Tensor<(Hidden, Embed)> =
    ///     load(&file, |weights: Weights<f32>| weights.at("up").tensor("weight", (Hidden, Embed)))?;
    /// assert_eq!(weight.to_vec(), [1.0; 6]);
    /// # }
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    pub fn tensor<S: Shape>(&self, name: &str, shape: S) -> Tensor<S, B> {
        Tensor::from_parts(shape, self.array(name, shape.sizes().as_ref(), &Described::new(shape)))
    }

    /// A model with the parameters of this file, which has them by their paths. Everything else is as in `like`: their
    /// shapes, and whether they are [tracked](crate::Tensor::tracked).
    ///
    /// ```
    /// # #[cfg(feature = "safetensors")]
    /// # fn main() -> Result<(), congruent::io::LoadError> {
    /// use congruent::io::{SafeTensors, Weights, Writer, load};
    /// use congruent::nn::Linear;
    /// use congruent::prelude::*;
    /// dims! { Embed = 2; Hidden = 3; }
    /// let random = |seed| Linear::random(Embed, Hidden, &mut Rng::with_seed(seed));
    /// let saved = random(1);
    /// let mut writer = Writer::default();
    /// writer.module("model", &saved);
    /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
    ///
    /// let loaded = load(&file, |weights: Weights<f32>| weights.at("model").module(&random(2)))?;
    /// assert_eq!(loaded.weight.to_vec(), saved.weight.to_vec());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "safetensors"))]
    /// # fn main() {}
    /// ```
    #[doc(alias("load_state_dict", "from_pretrained"))]
    pub fn module<M: Module<B> + Clone>(&self, like: &M) -> M
    where
        T: Float,
    {
        let (mut module, mut paths) = (like.clone(), BTreeSet::new());
        module.for_each_mut(|mut parameter| {
            let shown = parameter.as_parameter();
            let name = shown.path().to_string();
            if !paths.insert(name.clone()) {
                let (name, reason) = (format!("{}{name}", self.prefix), "two parameters of the model have this path");
                self.log.borrow_mut().problems.push(Problem::Data { name, reason: reason.to_owned() });
            }
            let array = self.array(&name, shown.sizes(), shown.any_shape());
            parameter.change(|former| B::tracked_like(array, &former));
        });
        module
    }

    /// Lets loading fail if a number that comes with these weights is not what it may be.
    pub(crate) fn check(&self, setting: &str, found: f64, expected: &str, fits: impl Fn(f64) -> bool) {
        if !fits(found) {
            let (name, reason) = (format!("{}{setting}", self.prefix), format!("it is {found}, expected {expected}"));
            self.log.borrow_mut().problems.push(Problem::Data { name, reason });
        }
    }

    /// The array of this name, or zeros and an entry in the log.
    pub(crate) fn array(&self, name: &str, sizes: &[usize], shape: &dyn AnyShape) -> ArrayOf<B> {
        let found = self.take(name, |name| self.find(name, sizes, shape));
        let array = found.unwrap_or_else(|| B::filled(num_traits::zero::<T>(), sizes, &self.device));
        B::Engine::placed::<PrimitiveOf<B>>(array, shape.mesh_axes())
    }

    /// The one number of this name, or zero and an entry in the log. A device, which may not hold its type, is not asked.
    pub(crate) fn number<U: Stored>(&self, name: &str) -> U {
        let found = self.take(name, |name| {
            let entry = self.entry(name, &[], &Described::new(()))?;
            // Of another type, the bytes may be too many or too few.
            let number = (entry.dtype == U::DTYPE).then(|| read_numbers::<U>(entry.bytes.as_slice()).next()).flatten();
            number.ok_or(Problem::Dtype { name: name.to_owned(), expected: U::DTYPE, found: entry.dtype })
        });
        found.unwrap_or_else(num_traits::zero)
    }

    /// What is found by the whole name, or none and an entry in the log.
    fn take<R>(&self, name: &str, find: impl FnOnce(&str) -> Result<R, Problem>) -> Option<R> {
        // What has no name below the prefix has that for its name.
        let name = if name.is_empty() {
            self.prefix.trim_end_matches('.').to_owned()
        } else {
            format!("{}{name}", self.prefix)
        };
        let found = find(&name);
        let mut log = self.log.borrow_mut();
        log.taken.insert(name);
        found.map_err(|problem| log.problems.push(problem)).ok()
    }

    /// The entry of this name, if it is of these sizes and whole: of a shape that is one rank's part, that part of what the file has.
    fn entry(&self, name: &str, sizes: &[usize], shape: &dyn AnyShape) -> Result<Entry, Problem> {
        let expected = || shape.to_string();
        let Some(entry) = self.source.get(name) else {
            let file = self.source.indexed_file(name).map(str::to_owned);
            return Err(Problem::Missing { name: name.to_owned(), expected: expected(), file });
        };
        let part = shape.part();
        if entry.sizes != part.as_ref().map_or(sizes.to_vec(), Part::whole) {
            return Err(Problem::Shape { name: name.to_owned(), expected: expected(), found: entry.sizes });
        }
        if let Some(reason) = entry.defect() {
            return Err(Problem::Data { name: name.to_owned(), reason });
        }
        let Some(part) = part else { return Ok(entry) };
        entry.part(&part, sizes).map_err(|reason| Problem::Data { name: name.to_owned(), reason })
    }

    fn find(&self, name: &str, sizes: &[usize], shape: &dyn AnyShape) -> Result<ArrayOf<B>, Problem> {
        let entry = self.entry(name, sizes, shape)?;
        let array = match (entry.dtype == T::DTYPE, self.casts) {
            (true, _) => Some(B::from_bytes(&entry.bytes, sizes, &self.device)),
            (false, true) => in_blocks::<B>(&entry, &self.device).or_else(|| converted::<B>(&entry, &self.device)),
            (false, false) if entry.dtype.is_quantised() => in_blocks::<B>(&entry, &self.device),
            (false, false) => None,
        }
        .ok_or_else(|| {
            let (name, device) = (name.to_owned(), &self.device);
            if entry.dtype.is_quantised() && in_blocks::<With<B, f32>>(&entry, device).is_none() {
                let feature = if cfg!(feature = "gguf") { "" } else { " without the feature `gguf` of `congruent`" };
                let dtype = &entry.dtype;
                let reason =
                    format!("it is quantised, {dtype}, and the engine of {device} has no such arrays{feature}");
                return Problem::Data { name, reason };
            }
            Problem::Dtype { name, expected: T::DTYPE, found: entry.dtype.clone() }
        })?;
        match B::failure(&array) {
            Some(failure) => Err(Problem::Engine { name: name.to_owned(), failure }),
            None => Ok(array),
        }
    }
}
