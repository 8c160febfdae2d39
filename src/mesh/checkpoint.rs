//! Files that all ranks of a mesh write, or read, together.

use super::agree::{agree_on_each, texts};
use super::shards::Mesh;
use crate::backend::{Backend, Float};
use crate::io::{LoadError, SafeTensors, Source, Stored, Writer, digest};
use crate::module::Module;
use crate::shape::Shape;
use std::path::Path;

impl<A: Shape> Mesh<A> {
    /// Writes a file of all ranks, whole or not at all. `fill` adds the same tensors on each of them: models and optimizers, of which
    /// ranks may have parts, are whole in the file, and load on any number of ranks. The first rank has the file in memory and
    /// writes it; the others have one tensor at a time.
    ///
    /// ```
    /// # fn main() -> Result<(), congruent::io::LoadError> {
    /// use congruent::io::{LoadError, Weights, load_on};
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// use congruent::prelude::*;
    /// dims! { Model = 2; Hidden = 4; }
    /// # let path = std::env::temp_dir().join(format!("congruent-{}.safetensors", std::process::id()));
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Model,)).unwrap();
    ///     let hidden = mesh.shard(Hidden, Model);
    ///     let x = Tensor::arange(hidden).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
    ///     mesh.write(&path, |file| file.add("x", &x))?;
    ///     let file = mesh.open(&path)?;
    ///     let read = load_on(&file, &mesh.device(), |weights: Weights<'_, f32, OnMesh<Cpu<f32>>>| weights.tensor("x", (hidden,)))?;
    ///     assert_eq!(read.to_vec(), x.to_vec());
    ///     Ok::<_, LoadError>(())
    /// })
    /// # .into_iter().collect::<Result<(), _>>()?;
    /// # std::fs::remove_file(&path).map_err(|source| LoadError::Io { path, source })
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Writer::write`], on any of the ranks: all of them get the same error, which says which one it was. What was there before is
    /// there still.
    ///
    /// # Ends all ranks
    /// What each rank should have alike is not the same on all of them, or they add different tensors: a message says which tensor it
    /// is, and of which ranks.
    #[doc(alias("save", "checkpoint"))]
    pub fn write(&self, path: impl AsRef<Path>, fill: impl FnOnce(&mut Writer)) -> Result<(), LoadError> {
        let is_first = self.world().rank() == 0;
        let mut writer = Writer::of_rank(is_first);
        fill(&mut writer);
        self.together(writer.check())?;
        agree_on_each(self.world(), &format!("what is written to {}", path.as_ref().display()), &writer.digests());
        self.together(if is_first { writer.write(path) } else { Ok(()) })
    }

    /// Opens a file on each rank, for [`load_on`](crate::io::load_on), by which each reads its parts.
    ///
    /// All of it is read once, to compare what the ranks see.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::io::{Weights, Writer, load};
    /// use congruent::mesh::{Mesh, in_threads};
    /// dims! { Data = 2; Embed = 2; }
    /// # let path = std::env::temp_dir().join(format!("congruent-open-{}.safetensors", std::process::id()));
    /// let mut writer = Writer::default();
    /// writer.add("weight", &Tensor::ones((Embed,)));
    /// writer.write(&path)?;
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Data,)).unwrap();
    ///     let file = mesh.open(&path).unwrap();
    ///     let weight = load(&file, |weights: Weights<f32>| weights.tensor("weight", (Embed,))).unwrap();
    ///     assert_eq!(weight.to_vec(), [1.0, 1.0]);
    /// });
    /// # std::fs::remove_file(&path).map_err(|source| congruent::io::LoadError::Io { path, source })?;
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    ///
    /// # Errors
    /// As [`SafeTensors::open`], on any of the ranks: all of them get the same error, which says which one it was.
    ///
    /// # Ends all ranks
    /// They see different files: a message says which tensor differs, and on which ranks.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<SafeTensors, LoadError> {
        let file = self.together(SafeTensors::open(&path))?;
        let contents = |name: String| {
            let entry = file.get(&name)?;
            Some((format!("`{name}`, {} {:?}", entry.dtype, entry.sizes), digest(entry.bytes.as_slice())))
        };
        let mut tensors: Vec<_> = file.names().into_iter().filter_map(contents).collect();
        tensors.extend(file.metadata_digests());
        agree_on_each(self.world(), &format!("the file {}", path.as_ref().display()), &tensors);
        Ok(file)
    }

    /// Ends all ranks, unless they have one model, bit for bit: called once, before training. Ranks whose random numbers began with seeds of
    /// their own, or that have read other files, would train replicas that differ.
    ///
    /// ```should_panic
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// use congruent::nn::Linear;
    /// use congruent::prelude::*;
    /// dims! { Data = 2; Embed = 2; Hidden = 4; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Data,)).unwrap();
    ///     let seed = mesh.rank(Data) as u64; // One seed is for all ranks.
    ///     let model = Linear::random(Embed, Hidden, &mut Rng::with_seed(seed));
    ///     mesh.agree_on(&model.to_engine::<OnMesh<Cpu<f32>>>(&mesh.device()));
    /// });
    /// ```
    ///
    /// What is in parts is compared as a whole: ranks that have other parts of it send them, one parameter after another.
    ///
    /// # Ends all ranks
    /// A message says which parameter differs, and on which ranks.
    pub fn agree_on<B: Backend<Elem: Float + Stored>>(&self, model: &impl Module<B>) {
        let mut writer = Writer::of_rank(false);
        writer.module("", model);
        agree_on_each(self.world(), "the model", &writer.digests());
    }

    /// The result, if all ranks have one; else the error of the first that has none.
    fn together<T>(&self, result: Result<T, LoadError>) -> Result<T, LoadError> {
        let said = result.as_ref().err().map(ToString::to_string).unwrap_or_default();
        let failed = texts(self.world(), &said).into_iter().enumerate().find(|(_, error)| !error.is_empty());
        match failed {
            Some((rank, error)) => Err(LoadError::Rank { rank, error }),
            None => result,
        }
    }
}
