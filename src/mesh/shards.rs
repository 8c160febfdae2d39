//! A mesh, and the dimensions that it divides.

use super::agree::agree;
use super::communicator::Communicator;
use super::engine::MeshDevice;
use super::ranks::Ranks;
use super::sharing::Sharing;
use crate::Error;
use crate::backend::MeshAxis;
use crate::dim::{Dim, Name, Ragged, Shard, StaticDim};
use crate::sealed::Sealed;
use crate::shape::{Axis, Described, Shape};
use std::ops::Rem;
use std::sync::Arc;
use typenum::UTerm;

/// Ranks in a grid, whose axes are the dimensions of `A`, the outermost first: of `(Data, Model)`, neighbours are along `Model`.
///
/// ```
/// use congruent::mesh::{Alone, Mesh};
/// use congruent::prelude::*;
/// use std::sync::Arc;
/// dims! { once Data; once Model; Batch = 8; }
///
/// // One rank, without MPI.
/// let mesh = Mesh::new(Arc::new(Alone), (Data::set(1)?, Model::set(1)?))?;
/// let batch = mesh.try_shard(Batch, Data::get().unwrap())?;
/// assert_eq!(batch.size(), 8);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Mesh<A> {
    axes: A,
    world: Arc<dyn Communicator>,
    ranks: Arc<Ranks>,
    rank: Vec<usize>,
}

impl<A: Shape> Mesh<A> {
    /// A mesh of all ranks there are. All of them call it, with the same sizes: ranks that differ in them, or in the version of this
    /// library, end with a message that says so.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{Mesh, in_threads};
    /// dims! { Data = 2; Model = 3; Other = 4; }
    /// in_threads(6, |world| {
    ///     assert!(Mesh::new(world.clone(), (Data, Model)).is_ok());
    ///     assert!(Mesh::new(world, (Data, Other)).is_err());
    /// });
    /// ```
    ///
    /// # Errors
    /// The sizes of the axes do not multiply to the number of ranks.
    pub fn new(world: Arc<dyn Communicator>, axes: A) -> Result<Self, Error> {
        let sizes = axes.sizes().as_ref().to_vec();
        if axes.elements() != world.ranks() {
            let axes = Described::new(axes).to_string();
            return Err(Error::RankCount { axes, expected: sizes.iter().product(), found: world.ranks() });
        }
        agree(&*world, &format!("congruent {} with a mesh {}", env!("CARGO_PKG_VERSION"), Described::new(axes)));
        let (mut rank, mut left) = (vec![0; sizes.len()], world.rank());
        for (at, size) in rank.iter_mut().zip(&sizes).rev() {
            (*at, left) = (left % size, left / size);
        }
        // Along an axis are those that have all other coordinates in common.
        let group = |axis: usize| {
            let others = (0..sizes.len()).filter(|other| *other != axis);
            others.fold(0, |group, other| group * sizes[other] + rank[other])
        };
        let along: Vec<_> = (0..sizes.len()).map(|axis| world.split(group(axis))).collect();
        Ok(Mesh { axes, world, ranks: Arc::new(Ranks::new(along)), rank })
    }

    /// The axes.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{Mesh, in_threads};
    /// dims! { Data = 1; Model = 2; }
    /// in_threads(2, |world| {
    ///     assert_eq!(Mesh::new(world, (Data, Model)).unwrap().axes(), (Data, Model));
    /// });
    /// ```
    pub fn axes(&self) -> A {
        self.axes
    }

    /// All ranks.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{Mesh, in_threads};
    /// dims! { Data = 1; Model = 2; }
    /// in_threads(2, |world| {
    ///     assert_eq!(Mesh::new(world, (Data, Model)).unwrap().world().ranks(), 2);
    /// });
    /// ```
    pub fn world(&self) -> &dyn Communicator {
        &*self.world
    }

    /// Ends all ranks, unless all say the same here: settings, a version of the data.
    ///
    /// ```should_panic
    /// use congruent::mesh::{Mesh, in_threads};
    /// use congruent::prelude::*;
    /// dims! { Data = 2; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Data,)).unwrap();
    ///     // rank 0: a learning rate of 0.1; rank 1: a learning rate of 0.2
    ///     mesh.agree(&format!("a learning rate of {}", if mesh.rank(Data) == 0 { 0.1 } else { 0.2 }));
    /// });
    /// ```
    pub fn agree(&self, said: &str) {
        agree(self.world(), said);
    }

    /// Which of the ranks along an axis this one is.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{Mesh, in_threads};
    /// dims! { Data = 2; Model = 2; }
    /// let ranks = in_threads(4, |world| {
    ///     let mesh = Mesh::new(world, (Data, Model)).unwrap();
    ///     (mesh.rank(Data), mesh.rank(Model))
    /// });
    /// assert_eq!(ranks, [(0, 0), (0, 1), (1, 0), (1, 1)]);
    /// ```
    pub fn rank<M: Dim, Position>(&self, axis: M) -> usize
    where
        A: Axis<M, Position>,
    {
        let _ = axis;
        self.rank[A::INDEX]
    }

    /// The ranks along an axis, which divide arrays among them.
    pub(crate) fn sharing<M: Dim, Position>(&self, axis: M) -> Sharing
    where
        A: Axis<M, Position>,
    {
        let _ = axis;
        Sharing::new(self.ranks.clone(), MeshAxis::new(A::INDEX))
    }

    /// The default device of an engine, on this mesh: tensors and models go there by `to_engine`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// dims! { Data = 2; Embed = 3; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Data,)).unwrap();
    ///     let x = Tensor::ones((Embed,)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
    ///     assert_eq!(x.to_vec(), [1.0; 3]);
    /// });
    /// ```
    pub fn device<D: Default>(&self) -> MeshDevice<D> {
        self.device_on(D::default())
    }

    /// A device of an engine, on this mesh.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::cpu::Device;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// dims! { Data = 2; Embed = 3; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Data,)).unwrap();
    ///     // Of an engine with several devices, each rank names its own.
    ///     let x = Tensor::ones((Embed,)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device_on(Device));
    ///     assert_eq!(x.to_vec(), [1.0; 3]);
    /// });
    /// ```
    pub fn device_on<D>(&self, device: D) -> MeshDevice<D> {
        MeshDevice { device, ranks: Some(self.ranks.clone()) }
    }

    /// The part of a dimension that this rank has, of as many parts as there are ranks along an axis. That the size can be divided
    /// is known by the types; where it is not, there is [`try_shard`](Self::try_shard).
    ///
    /// ```
    /// use congruent::mesh::{Mesh, in_threads};
    /// use congruent::prelude::*;
    /// dims! { Model = 3; Hidden = 12; }
    /// in_threads(3, |world| {
    ///     let mesh = Mesh::new(world, (Model,)).unwrap();
    ///     assert_eq!(mesh.shard(Hidden, Model).size(), 4);
    /// });
    /// ```
    pub fn shard<D, M, Position>(&self, dim: D, axis: M) -> Shard<D, M>
    where
        A: Axis<M, Position, Dim = M>,
        D: DividedBy<M>,
        M: Dim,
    {
        let _ = axis;
        Shard::new(dim, self.axes.dim(), MeshAxis::new(A::INDEX), self.rank[A::INDEX])
    }

    /// The part of a dimension that this rank has, of as many parts as there are ranks along an axis.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{Mesh, in_threads};
    /// dims! { Model = 3; Hidden; }
    /// in_threads(3, |world| {
    ///     let mesh = Mesh::new(world, (Model,)).unwrap();
    ///     bind!(hidden: Hidden = 12);
    ///     assert_eq!(mesh.try_shard(hidden, Model).unwrap().size(), 4);
    ///     bind!(hidden: Hidden = 13);
    ///     assert!(mesh.try_shard(hidden, Model).is_err());
    /// });
    /// ```
    ///
    /// # Errors
    /// The number of ranks does not divide the size.
    pub fn try_shard<D: Dim, M: Dim, Position>(&self, dim: D, axis: M) -> Result<Shard<D, M>, Error>
    where
        A: Axis<M, Position, Dim = M>,
    {
        let _ = axis;
        let (size, ranks) = (dim.size(), self.axes.dim());
        if !size.is_multiple_of(ranks.size()) {
            let [dimension, axis] = [Name::<D>::new().to_string(), Name::<M>::new().to_string()];
            return Err(Error::NotDivided { dimension, size, axis, ranks: ranks.size() });
        }
        Ok(Shard::new(dim, ranks, MeshAxis::new(A::INDEX), self.rank[A::INDEX]))
    }
}

/// A dimension whose size is divided by the number of ranks along a mesh axis.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not divided evenly among the ranks along `{M}`",
    label = "the size of `{M}` does not divide that of `{Self}`, or one of them is known at run time alone",
    note = "sizes that only run time knows are compared once: `mesh.try_shard(dim, axis)?`",
    note = "a dimension that does not divide gets a larger one with padding: declare it, `dims! {{ PaddedHidden = 12; }}`, and fill it in by `x.pad(..)`",
    note = "explained in `congruent::errors::C112`: https://docs.rs/congruent/latest/congruent/errors/C112/"
)]
pub trait DividedBy<M>: Dim {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<D: StaticDim<Number: Rem<M::Number, Output = UTerm>>, M: StaticDim> DividedBy<M> for D {
    fn sealed(_: Sealed) {}
}
// Padding is divided with the valid positions.
#[diagnostic::do_not_recommend]
impl<D: DividedBy<M>, M> DividedBy<M> for Ragged<D> {
    fn sealed(_: Sealed) {}
}
