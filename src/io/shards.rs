//! A model in several files.

use super::{Entry, LoadError, Source};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The tensors of several files, as those of one.
///
/// ```
/// use congruent::io::{Shards, Source, Weights, load};
/// # #[cfg(feature = "safetensors")] {
/// use congruent::io::{SafeTensors, Writer};
/// use congruent::prelude::*;
/// dims! { Embed = 2; }
///
/// # fn main() -> Result<(), congruent::io::LoadError> {
/// let file = |name: &str| {
///     let mut writer = Writer::default();
///     writer.add(name, &Tensor::ones((Embed,)));
///     SafeTensors::from_bytes(writer.to_bytes()?)
/// };
/// let both = Shards::new(vec![file("weight")?, file("bias")?])?;
/// assert_eq!(both.names(), ["bias", "weight"]);
/// let bias = load(&both, |weights: Weights<f32>| {
///     weights.ignore("weight");
///     weights.tensor("bias", (Embed,))
/// })?;
/// assert_eq!(bias.to_vec(), [1.0, 1.0]);
///
/// let error = Shards::new(vec![file("weight")?, file("weight")?]).err().unwrap();
/// assert_eq!(error.to_string(), "not a file of tensors: tensor `weight` is in file 1 and in file 2");
/// # Ok(())
/// # }
/// # main().unwrap();
/// # }
/// ```
pub struct Shards<S> {
    files: Vec<S>,
    /// The path of the one file, or of the folder that all of them are in.
    path: Option<PathBuf>,
    /// Which of the files each tensor is in.
    places: BTreeMap<String, usize>,
    /// The name of the file that each tensor should be in.
    index: BTreeMap<String, String>,
}

impl<S: Source> Shards<S> {
    /// The tensors of all of these files.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// # #[cfg(feature = "safetensors")] {
    /// use congruent::io::{SafeTensors, Shards, Source, Writer};
    /// dims! { Embed = 2; }
    /// let file = |name: &str| {
    ///     let mut writer = Writer::default();
    ///     writer.add(name, &Tensor::ones((Embed,)));
    ///     SafeTensors::from_bytes(writer.to_bytes()?)
    /// };
    /// assert_eq!(Shards::new(vec![file("weight")?, file("bias")?])?.names(), ["bias", "weight"]);
    /// # }
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    ///
    /// # Errors
    /// A tensor is in two of them.
    pub fn new(files: Vec<S>) -> Result<Self, LoadError> {
        let mut places = BTreeMap::new();
        for (at, file) in files.iter().enumerate() {
            for name in file.names() {
                if let Some(before) = places.insert(name.clone(), at) {
                    let shown = |at: usize| match files[at].path() {
                        Some(path) => path.display().to_string(),
                        None => format!("file {}", at + 1),
                    };
                    let reason = format!("tensor `{name}` is in {} and in {}", shown(before), shown(at));
                    return Err(LoadError::Format(reason));
                }
            }
        }
        let path = match &files[..] {
            [file] => file.path(),
            files => {
                let mut folders = files.iter().map(|file| file.path()?.parent());
                folders.next().flatten().filter(|folder| folders.all(|other| other == Some(folder)))
            }
        };
        Ok(Shards { path: path.map(Path::to_owned), files, places, index: BTreeMap::new() })
    }

    /// With the name of the file that each tensor should be in, as `model.safetensors.index.json` has them: of a tensor that is
    /// missing, the error names it. A tensor may be in another file.
    ///
    /// ```
    /// # #[cfg(feature = "safetensors")] {
    /// use congruent::io::{SafeTensors, Shards, Weights, Writer, load};
    /// use congruent::prelude::*;
    /// dims! { Embed = 2; }
    /// let empty = SafeTensors::from_bytes(Writer::default().to_bytes()?)?;
    /// let index = [("bias".to_owned(), "model-00002-of-00002.safetensors".to_owned())];
    /// let shards = Shards::new(vec![empty])?.with_index(index);
    /// let error = load(&shards, |weights: Weights<f32>| weights.tensor("bias", (Embed,))).unwrap_err().to_string();
    /// let expected = "missing: `bias`, expected (Embed = 2) in `model-00002-of-00002.safetensors`, as the index of the files says";
    /// assert!(error.ends_with(expected), "{error}");
    /// # }
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    pub fn with_index(self, index: impl IntoIterator<Item = (String, String)>) -> Self {
        Shards { index: index.into_iter().collect(), ..self }
    }
}

impl<S: Source> Source for Shards<S> {
    fn names(&self) -> Vec<String> {
        self.places.keys().cloned().collect()
    }
    fn get(&self, name: &str) -> Option<Entry> {
        self.files[*self.places.get(name)?].get(name)
    }
    fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }
    fn indexed_file(&self, name: &str) -> Option<&str> {
        self.index.get(name).map(String::as_str)
    }
}
