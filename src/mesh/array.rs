//! Arrays that know along which axes of a mesh they differ from rank to rank.

use super::ranks::{AnyLeaf, Elements, Ranks};
use crate::backend::{
    ArrayOf, Backend, Collective, MeshAxes, MeshAxis, Primitive, PrimitiveOf, elements, is_recording, made_of,
};
use std::collections::BTreeMap;
use std::fmt::{self, Debug, Formatter};
use std::sync::{Arc, Mutex, PoisonError};

/// An array of this rank, and along which axes of the mesh other ranks have another one.
#[derive(Clone, Debug)]
pub struct OnRanks<A> {
    pub(super) array: A,
    pub(super) varies: MeshAxes,
    pub(super) ranks: Option<Arc<Ranks>>,
    pub(super) twin: Option<Twin<A>>,
    /// The same where it has met what varies along more axes: its gradients from there are added up before the ranks add theirs.
    pub(super) varied: Arc<Mutex<BTreeMap<MeshAxes, A>>>,
}

/// What takes the place of an array where it meets what varies along axes of the mesh, so that its gradient is added up otherwise
/// than at once, by an all-reduce.
#[derive(Clone, Debug)]
pub(super) enum Twin<A> {
    /// Of a parameter, one for the axes: at the end of the backward pass.
    Parameter(Arc<Leaf<A>>),
    /// Of what the ranks along an axis gathered: each rank gets the sum of its own part alone.
    Gathered(A, MeshAxis),
}

impl<A> OnRanks<A> {
    /// An array that is no parameter.
    pub(super) fn new(array: A, varies: MeshAxes, ranks: Option<Arc<Ranks>>) -> Self {
        OnRanks { array, varies, ranks, twin: None, varied: Arc::default() }
    }

    /// What an operation makes of each element, or moves, along the same axes.
    pub(super) fn map<R>(&self, f: impl FnOnce(&A) -> R) -> OnRanks<R> {
        OnRanks::new(f(&self.array), self.varies, self.ranks.clone())
    }

    /// As [`map`](Self::map), of the array itself.
    pub(super) fn map_into<R>(self, f: impl FnOnce(A) -> R) -> OnRanks<R> {
        OnRanks::new(f(self.array), self.varies, self.ranks)
    }
}

/// A parameter. Where it meets what varies along axes of the mesh, a twin takes its place, whose gradient is a pending sum: all
/// of these are added up at the end of the backward pass, in one message.
pub struct Leaf<A> {
    own: A,
    varies: MeshAxes,
    twins: Mutex<BTreeMap<MeshAxes, A>>,
    elements: Elements,
    track: fn(A) -> A,
}

impl<A: Clone + Send + Sync + 'static> Leaf<A> {
    /// An array as a parameter: `track` makes another one of it that is equal, and tracked by itself.
    pub fn tracked(x: OnRanks<A>, elements: Elements, track: fn(A) -> A) -> OnRanks<A> {
        let own = track(x.array);
        let leaf = x.ranks.as_ref().map(|ranks| {
            let leaf = Arc::new(Leaf { own: own.clone(), varies: x.varies, twins: Mutex::default(), elements, track });
            let any: Arc<AnyLeaf> = leaf.clone();
            ranks.track(elements, Arc::downgrade(&any));
            Twin::Parameter(leaf)
        });
        OnRanks { twin: leaf, ..OnRanks::new(own, x.varies, x.ranks) }
    }

    /// Another array in place of this parameter.
    pub fn replaced(&self, by: OnRanks<A>) -> OnRanks<A> {
        Leaf::tracked(by, self.elements, self.track)
    }

    /// The array itself.
    pub fn own(&self) -> &A {
        &self.own
    }

    /// Along which axes it varies.
    pub fn varies(&self) -> MeshAxes {
        self.varies
    }

    fn twin(&self, axes: MeshAxes) -> A {
        let mut twins = self.twins.lock().unwrap_or_else(PoisonError::into_inner);
        twins.entry(axes).or_insert_with(|| (self.track)(self.own.clone())).clone()
    }

    /// The twins, each with the axes along which its gradient is pending.
    pub fn twins(&self) -> BTreeMap<MeshAxes, A> {
        self.twins.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<A> Debug for Leaf<A> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leaf").finish_non_exhaustive()
    }
}

/// What several arrays that meet in an operation vary along: all of it, and what is made of them too.
///
/// An array that is the same along an axis gets a gradient from each rank there, which is a part of the sum that it is (as `pvary`
/// of JAX's `shard_map`).
#[derive(Clone)]
pub(super) struct Common {
    pub varies: MeshAxes,
    pub ranks: Option<Arc<Ranks>>,
}

impl Common {
    pub fn of<A>(x: &OnRanks<A>) -> Self {
        Common { varies: x.varies, ranks: x.ranks.clone() }
    }

    pub fn and<A>(mut self, x: &OnRanks<A>) -> Self {
        self.varies = self.varies.and(x.varies);
        if self.ranks.is_none() {
            self.ranks.clone_from(&x.ranks);
        }
        self
    }

    pub fn and_maybe<A>(self, x: Option<&OnRanks<A>>) -> Self {
        match x {
            Some(x) => self.and(x),
            None => self,
        }
    }

    /// The array as one that varies along all axes.
    pub fn vary<B: Backend>(&self, x: &OnRanks<ArrayOf<B>>) -> ArrayOf<B> {
        let missing = self.varies.without(x.varies);
        if missing.is_empty() || !is_recording() || !B::is_tracked(&x.array) {
            return x.array.clone();
        }
        let Some(ranks) = self.ranks.clone() else {
            panic!("an array of a shard lies on no mesh: tensors go to one by `to_engine(&mesh.device())`")
        };
        let (of, missing) = match &x.twin {
            Some(Twin::Parameter(leaf)) => return leaf.twin(missing),
            Some(Twin::Gathered(twin, axis)) if missing.has(*axis) => (twin, missing.without((*axis).into())),
            _ => (&x.array, missing),
        };
        if missing.is_empty() {
            return of.clone();
        }
        let varied = || {
            made_of::<B>(of, B::detach(x.array.clone()), move |gradient| {
                missing.iter().fold(gradient, |gradient, axis| together::<B>(&ranks, Collective::Sum, &gradient, axis))
            })
        };
        let mut known = x.varied.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(missing).or_insert_with(varied).clone()
    }

    /// As [`vary`](Self::vary), of an array that nobody else needs: it may be written into.
    pub fn vary_into<B: Backend>(&self, x: OnRanks<ArrayOf<B>>) -> ArrayOf<B> {
        if self.varies == x.varies { x.array } else { self.vary::<B>(&x) }
    }

    pub fn give<A>(self, array: A) -> OnRanks<A> {
        OnRanks::new(array, self.varies, self.ranks)
    }
}

/// What the ranks make together of an array, without a gradient.
pub(super) fn together<B: Backend>(
    ranks: &Ranks,
    collective: Collective,
    x: &ArrayOf<B>,
    axis: MeshAxis,
) -> ArrayOf<B> {
    let elements = elements::<B>(x);
    let (elements, sizes) = ranks.together(collective, axis, elements, B::sizes(x));
    B::from_elements(elements, &sizes, &B::device(x))
}

/// Zeros, as many as there are elements of an array.
pub(super) fn zeros<B: Backend>(like: &ArrayOf<B>) -> ArrayOf<B> {
    let zero = PrimitiveOf::<B>::from_bytes(&vec![0; size_of::<PrimitiveOf<B>>()])[0];
    B::filled(zero, B::sizes(like), &B::device(like))
}
