//! The files of a folder in Hugging Face layout.

use crate::{Architecture, Error, ensure};
use congruent::io::{LoadError, SafeTensors, Shards};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Formatter};
use std::path::Path;

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

/// The weights of a folder: `model.safetensors`, or the files that `model.safetensors.index.json` names.
///
/// # Errors
/// A file is missing or no such file, or a tensor is in two of them.
pub fn weights(folder: &Path) -> Result<Shards<SafeTensors>, Error> {
    #[derive(Deserialize)]
    struct Index {
        #[serde(deserialize_with = "each_once")]
        weight_map: BTreeMap<String, String>,
    }
    let (whole, index) = ("model.safetensors", folder.join("model.safetensors.index.json"));
    let names = if !folder.join(whole).exists() && index.exists() {
        let index: Index = serde_json::from_str(&read(&index)?)
            .map_err(|error| Error::Config(format!("{}: {error}", index.display())))?;
        index.weight_map.into_values().collect()
    } else {
        BTreeSet::from([whole.to_owned()])
    };
    let mut files = Vec::new();
    for name in names {
        let plain = Path::new(&name).file_name().is_some_and(|file| file == name.as_str());
        ensure!(plain, "model.safetensors.index.json names `{name}`, which is no file of the folder");
        let path = folder.join(name);
        files.push(SafeTensors::open(&path).map_err(|error| named(&path, error))?);
    }
    Ok(Shards::new(files)?)
}

/// An error with the path of the file, which some have already.
fn named(path: &Path, error: LoadError) -> Error {
    match error {
        LoadError::Format(reason) => Error::Config(format!("{}: not a file of tensors: {reason}", path.display())),
        error => error.into(),
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
