//! Flat arrays of which each rank along an axis of a mesh has a share.

use super::ranks::Ranks;
use crate::backend::{ArrayOf, Backend, Collective, Engine, MeshAxes, MeshAxis, Number, PrimitiveOf};
use std::collections::BTreeMap;
use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

/// The ranks along an axis of a mesh, which divide arrays among them: the elements in their order, as many to each rank, and zeros
/// behind the last.
#[derive(Clone)]
pub struct Sharing {
    ranks: Arc<Ranks>,
    axis: MeshAxis,
}

impl Sharing {
    /// Among the ranks along an axis.
    pub(super) fn new(ranks: Arc<Ranks>, axis: MeshAxis) -> Self {
        Sharing { ranks, axis }
    }

    /// The mesh axis.
    pub fn axis(&self) -> MeshAxis {
        self.axis
    }

    /// The ranks of the mesh.
    pub fn ranks(&self) -> &Arc<Ranks> {
        &self.ranks
    }

    /// How many elements a rank has, of an array of as many.
    pub fn length(&self, elements: usize) -> usize {
        elements.div_ceil(self.ranks.along(self.axis).ranks())
    }

    /// Whether the ranks divide this array: they have it alike.
    pub fn divides<B: Backend>(&self, x: &ArrayOf<B>) -> bool {
        !B::Engine::varies::<PrimitiveOf<B>>(x).has(self.axis)
    }

    /// This rank's share of an array that all have alike, which is a constant.
    pub fn share<B: Backend<Elem: Number>>(&self, x: &ArrayOf<B>) -> ArrayOf<B> {
        let (elements, varies) = (B::sizes(x).iter().product(), B::Engine::varies::<PrimitiveOf<B>>(x));
        let length = self.length(elements);
        let start = (self.ranks.along(self.axis).rank() * length).min(elements);
        let own = length.min(elements - start);
        let flat = B::reshape(&B::detach(x.clone()), &[elements]);
        let mut share = B::narrow(&flat, 0, start, own);
        if own < length {
            let zeros = B::filled(num_traits::zero(), &[length - own], &B::device(x));
            share = B::concat(&[&share, &zeros], 0);
        }
        B::Engine::placed::<PrimitiveOf<B>>(share, varies.and(self.axis.into()))
    }

    /// The arrays of these sizes, each of which the ranks have shares of: in one message of those that differ along the same axes.
    pub fn gather<B: Backend>(&self, shares: &[(ArrayOf<B>, Vec<usize>)]) -> Vec<ArrayOf<B>> {
        let ranks = self.ranks.along(self.axis).ranks();
        let mut messages: BTreeMap<MeshAxes, Vec<usize>> = BTreeMap::new();
        for (i, (share, _)) in shares.iter().enumerate() {
            messages.entry(B::Engine::varies::<PrimitiveOf<B>>(share)).or_default().push(i);
        }
        let mut whole: Vec<_> = shares.iter().map(|_| None).collect();
        for message in messages.into_values() {
            let own = B::concat(&message.iter().map(|i| &shares[*i].0).collect::<Vec<_>>(), 0);
            let length = B::sizes(&own)[0];
            let all = B::Engine::together::<PrimitiveOf<B>>(Collective::AllGather(0), &own, self.axis);
            let all = B::reshape(&all, &[ranks, length]);
            let mut start = 0;
            for i in message {
                let (share, sizes) = &shares[i];
                let length = B::sizes(share)[0];
                let padded = B::reshape(&B::narrow(&all, 1, start, length), &[ranks * length]);
                whole[i] = Some(B::reshape(&B::narrow(&padded, 0, 0, sizes.iter().product()), sizes));
                start += length;
            }
        }
        whole.into_iter().flatten().collect()
    }

    /// This rank's shares of sums, of which each rank has a term: in one message.
    pub(super) fn sums<P: Number>(&self, terms: &[Vec<P>]) -> Vec<Vec<P>> {
        let ranks = self.ranks.along(self.axis).ranks();
        let lengths: Vec<_> = terms.iter().map(|term| self.length(term.len())).collect();
        let mut message = Vec::with_capacity(ranks * lengths.iter().sum::<usize>());
        for rank in 0..ranks {
            for (term, length) in terms.iter().zip(&lengths) {
                let own = term.chunks(*length.max(&1)).nth(rank).unwrap_or_default();
                message.extend_from_slice(own);
                message.resize(message.len() + length - own.len(), P::zero());
            }
        }
        let mut own = &*self.ranks.scattered(self.axis, message);
        let shares = lengths.into_iter().map(|length| own.split_off(..length).expect("one share of each").to_vec());
        shares.collect()
    }
}

impl Debug for Sharing {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "among the ranks along axis {} of {:?}", self.axis.number(), self.ranks)
    }
}
