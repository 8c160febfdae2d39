//! The engine of a mesh: another engine on each rank.

use super::array::{Common, OnRanks, Twin, together, zeros};
use super::ranks::Ranks;
use crate::backend::{Backend, Collective, Element, Engine, MeshAxes, MeshAxis, Primitive, is_recording, made_of};
use std::fmt::{self, Debug, Display, Formatter};
use std::marker::PhantomData;
use std::sync::Arc;

/// The backend of a mesh whose ranks calculate on the backend `B` each: `OnMesh<Cpu<f32>>`.
///
/// It does what `B` does, and knows of each array along which axes of the mesh it varies. Where what is the same on all ranks
/// meets what varies, the gradient of the former is the sum of those of all ranks: it is added up in the backward pass, those of
/// parameters in one message at its end.
#[derive(Clone, Copy, Debug)]
pub struct OnMesh<B>(PhantomData<fn() -> B>);

/// The engine of [`OnMesh`].
#[derive(Clone, Copy, Debug)]
pub struct MeshOf<E>(PhantomData<fn() -> E>);

/// A device of a rank, and the mesh that the rank is of: [`Mesh::device`](super::Mesh::device). The default is of no mesh: what
/// lies there varies along nothing.
#[derive(Clone, Default)]
pub struct MeshDevice<D> {
    pub(super) device: D,
    pub(super) ranks: Option<Arc<Ranks>>,
}

impl<D: PartialEq> PartialEq for MeshDevice<D> {
    fn eq(&self, other: &Self) -> bool {
        let is_one_mesh = match (&self.ranks, &other.ranks) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() == other.is_none(),
        };
        is_one_mesh && self.device == other.device
    }
}

impl<D: Display> Display for MeshDevice<D> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.ranks {
            Some(ranks) => write!(f, "{} of a mesh {ranks:?}", self.device),
            None => write!(f, "{} of no mesh", self.device),
        }
    }
}

impl<D: Display> Debug for MeshDevice<D> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

impl<E: Engine> Engine for MeshOf<E> {
    type Array<P: Primitive> = OnRanks<E::Array<P>>;
    type Device = MeshDevice<E::Device>;
    type Backend<T: Element> = OnMesh<E::Backend<T>>;

    fn sizes<P: Primitive>(x: &Self::Array<P>) -> &[usize] {
        E::sizes(&x.array)
    }
    fn device<P: Primitive>(x: &Self::Array<P>) -> Self::Device {
        MeshDevice { device: E::device(&x.array), ranks: x.ranks.clone() }
    }

    fn made_of<P: Primitive>(
        x: &Self::Array<P>,
        value: Self::Array<P>,
        backward: impl Fn(Self::Array<P>) -> Self::Array<P> + Send + Sync + 'static,
    ) -> Self::Array<P> {
        let (varies, ranks) = (value.varies, value.ranks.clone());
        let around = ranks.clone();
        let backward = move |array| backward(OnRanks::new(array, varies, around.clone())).array;
        OnRanks::new(E::made_of::<P>(&x.array, value.array, backward), varies, ranks)
    }

    fn varies<P: Primitive>(x: &Self::Array<P>) -> MeshAxes {
        x.varies
    }
    #[track_caller]
    fn placed<P: Primitive>(x: Self::Array<P>, axes: MeshAxes) -> Self::Array<P> {
        let is_known = x.varies.without(axes).is_empty();
        assert!(is_known, "an array differs from rank to rank along an axis of the mesh that its shape does not have");
        if x.varies == axes {
            return x;
        }
        let common = Common { varies: axes, ranks: x.ranks.clone() };
        let array = common.vary::<E::Backend<P>>(&x);
        common.give(array)
    }
    #[track_caller]
    fn together<P: Primitive>(collective: Collective, x: &Self::Array<P>, axis: MeshAxis) -> Self::Array<P> {
        let Some(ranks) = x.ranks.clone() else {
            panic!("{collective:?} of an array of no mesh: tensors go to one by `to_engine(&mesh.device())`")
        };
        let own = E::Backend::<P>::detach(x.array.clone());
        let array = together::<E::Backend<P>>(&ranks, collective, &own, axis);
        let varies = collective.varies(x.varies, axis);
        let with = |array, back| {
            let along = ranks.clone();
            let backward = move |gradient| together::<E::Backend<P>>(&along, back, &gradient, axis);
            made_of::<E::Backend<P>>(&x.array, array, backward)
        };
        // The ranks may have other gradients of what they gathered: each adds up its own part of these.
        let twin = match collective {
            Collective::AllGather(at) if is_recording() && E::Backend::<P>::is_tracked(&x.array) => {
                Some(Twin::Gathered(with(array.clone(), Collective::ReduceScatter(at)), axis))
            }
            _ => None,
        };
        let array = match collective.back() {
            Back::Nothing => array,
            Back::Same => made_of::<E::Backend<P>>(&x.array, array, |gradient| gradient),
            Back::Collective(back) => with(array, back),
            Back::Only(rank) => {
                // Ranks record alike, since what depends on it may have them add up gradients.
                let is_own = ranks.along(axis).rank() == rank;
                made_of::<E::Backend<P>>(&x.array, array, move |gradient| {
                    if is_own { gradient } else { zeros::<E::Backend<P>>(&gradient) }
                })
            }
        };
        OnRanks { twin, ..OnRanks::new(array, varies, Some(ranks)) }
    }
}

/// What makes of the gradient of a result that of its input.
enum Back {
    Nothing,
    Same,
    Collective(Collective),
    /// The same on this rank, and zeros on all others.
    Only(usize),
}

impl Collective {
    /// Along which axes the result varies.
    fn varies(self, before: MeshAxes, axis: MeshAxis) -> MeshAxes {
        match self {
            Collective::Sum | Collective::Max | Collective::AllGather(_) | Collective::FromRank(_) => {
                before.without(axis.into())
            }
            Collective::ReduceScatter(_) | Collective::Part(_) | Collective::AllToAll(..) => before.and(axis.into()),
        }
    }

    fn back(self) -> Back {
        match self {
            Collective::Sum => Back::Same,
            Collective::Max => Back::Nothing,
            Collective::ReduceScatter(at) | Collective::Part(at) => Back::Collective(Collective::AllGather(at)),
            Collective::AllGather(at) => Back::Collective(Collective::Part(at)),
            Collective::AllToAll(from, to) => Back::Collective(Collective::AllToAll(to, from)),
            Collective::FromRank(root) => Back::Only(root),
        }
    }
}
