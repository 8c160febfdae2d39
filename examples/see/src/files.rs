//! Where the files of the model are.

use common::Package;
use congruent::backend::{Backend, DeviceOf};
use congruent::io::{LoadError, PyTorch};
use congruent_models::mtcnn::Mtcnn;
use std::path::{Path, PathBuf};

/// The package that carries the model.
const PACKAGE: Package = Package {
    requirement: "facenet-pytorch==2.6.0",
    folder: "facenet_pytorch/data",
    file: "onet.pt",
    name: "facenet-pytorch",
    option: "--model",
    megabytes: 2,
};

/// The folder of the model: the one given, else the cache's, which is filled on first use.
///
/// The cache is `CONGRUENT_CACHE`, else `~/.cache/congruent`.
///
/// # Errors
/// It cannot be fetched.
pub fn find_or_fetch(given: Option<&Path>) -> anyhow::Result<PathBuf> {
    given.map_or_else(|| PACKAGE.find_or_fetch(), |path| Ok(path.to_owned()))
}

/// The model of a folder, with the files `pnet.pt`, `rnet.pt` and `onet.pt`.
///
/// # Errors
/// A file cannot be read, or is not that of its network.
pub fn load<B: Backend<Elem = f32>>(folder: &Path, device: &DeviceOf<B>) -> Result<Mtcnn<B>, LoadError> {
    let [first, second, third] = ["pnet.pt", "rnet.pt", "onet.pt"].map(|file| PyTorch::open(folder.join(file)));
    Mtcnn::load(&first?, &second?, &third?, device)
}
