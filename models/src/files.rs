//! The files of a folder in Hugging Face layout.

use crate::{Architecture, Error};
use congruent::backend::Backend;
use congruent::io::{LoadError, SafeTensors, Shards, Source, Weights};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Formatter};
use std::path::Path;

/// Part of a file.
pub(crate) type Part<'a, B> = Weights<'a, <B as Backend>::Elem, B>;

impl Architecture {
    /// Reads the `config.json` of a folder.
    ///
    /// # Errors
    /// As [`read`](Self::read), with the path of the file.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("config.json");
        Self::read(&read(&path)?).map_err(|error| Error::Config(format!("{}: {error}", path.display())))
    }
}

/// The weights of a folder: `model.safetensors`, or the files that `model.safetensors.index.json` names. With the feature
/// `pytorch`, and where neither is there, `pytorch_model.bin`, or the files of `pytorch_model.bin.index.json`.
///
/// # Errors
/// A file is missing or no such file, or a tensor is in two of them.
pub fn weights(folder: &Path) -> Result<Shards<Box<dyn Source + Send + Sync>>, Error> {
    let found =
        |(whole, _): &(&str, Open)| folder.join(whole).exists() || folder.join(format!("{whole}.index.json")).exists();
    let (whole, open) = FORMATS.iter().find(|format| found(format)).unwrap_or(&FORMATS[0]);
    let index = index(folder, whole)?;
    let names = match &index {
        Some(index) => index.values().map(String::as_str).collect(),
        None => BTreeSet::from([*whole]),
    };
    let files = names.into_iter().map(|name| open(&folder.join(name)));
    Ok(Shards::new(files.collect::<Result<_, _>>()?)?.with_index(index.unwrap_or_default()))
}

/// How a file of a format is opened.
type Open = fn(&Path) -> Result<Box<dyn Source + Send + Sync>, LoadError>;

/// The name of a file in each format.
const FORMATS: &[(&str, Open)] = &[
    ("model.safetensors", |path| Ok(Box::new(SafeTensors::open(path)?))),
    #[cfg(feature = "pytorch")]
    ("pytorch_model.bin", |path| Ok(Box::new(congruent::io::PyTorch::open(path)?))),
];

/// The file of each tensor; none where the whole is there, or no index.
fn index(folder: &Path, whole: &str) -> Result<Option<BTreeMap<String, String>>, Error> {
    #[derive(Deserialize)]
    struct Index {
        #[serde(deserialize_with = "each_once")]
        weight_map: BTreeMap<String, String>,
    }
    let index = folder.join(format!("{whole}.index.json"));
    if folder.join(whole).exists() || !index.exists() {
        return Ok(None);
    }
    let wrong = |reason: String| Error::Config(format!("{}: {reason}", index.display()));
    let Index { weight_map } = serde_json::from_str(&read(&index)?).map_err(|error| wrong(error.to_string()))?;
    let plain = |name: &str| Path::new(name).file_name().is_some_and(|file| file == name);
    match weight_map.values().find(|name| !plain(name)) {
        Some(name) => Err(wrong(format!("`{name}` is no file of the folder"))),
        None => Ok(Some(weight_map)),
    }
}

fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| LoadError::Io { path: path.to_owned(), source }.into())
}

/// A map in which nothing is named twice.
fn each_once<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    struct Once;
    impl<'de> Visitor<'de> for Once {
        type Value = BTreeMap<String, String>;
        fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
            f.write_str("the file of each tensor")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut files = BTreeMap::new();
            while let Some((name, file)) = map.next_entry::<String, String>()? {
                if files.insert(name.clone(), file).is_some() {
                    return Err(A::Error::custom(format!("tensor `{name}` is there twice")));
                }
            }
            Ok(files)
        }
    }
    deserializer.deserialize_map(Once)
}
