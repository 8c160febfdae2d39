//! What ids choose of a dimension of which each rank may have a part.

use crate::backend::{ArrayOf, Backend, Binary, Collective, Compare, Engine, MeshAxis, Primitive, PrimitiveOf};
use crate::dim::TablePart;

/// Ids of all positions of a dimension, beside the part of them that this rank has.
pub(crate) struct OwnIds<E: Engine> {
    /// Where each stands in the part; anywhere, if it is of another rank's.
    pub positions: E::Array<u32>,
    is_own: E::Array<bool>,
}

impl<E: Engine> OwnIds<E> {
    /// The ids beside this part.
    pub fn new(part: TablePart, ids: &E::Array<u32>) -> Self {
        // Each rank makes others of the same ids.
        let axes = E::varies::<u32>(ids).and(part.axis.into());
        let ids = E::placed::<u32>(ids.clone(), axes);
        let (first, last) = (part.first as u32, part.size.saturating_sub(1) as u32);
        let with = E::Backend::<u32>::binary_scalar;
        let positions = with(Binary::Sub, with(Binary::Max, ids.clone(), first), first);
        let positions = with(Binary::Min, positions, last);
        let is_own = E::Backend::<u32>::compare(Compare::Equal, &with(Binary::Add, positions.clone(), first), &ids);
        OwnIds { positions, is_own }
    }

    /// What was chosen for the ids of this rank, and zero for those of others. Behind the sizes of the ids, `chosen` may have more.
    pub fn or_zero<B: Backend<Engine = E>>(&self, chosen: &ArrayOf<B>) -> ArrayOf<B> {
        let sizes = B::sizes(chosen);
        let mut of_ids = E::Backend::<bool>::sizes(&self.is_own).to_vec();
        of_ids.resize(sizes.len(), 1);
        let is_own = E::Backend::<bool>::broadcast(&E::Backend::<bool>::reshape(&self.is_own, &of_ids), sizes);
        let zero = PrimitiveOf::<B>::from_bytes(&vec![0; size_of::<PrimitiveOf<B>>()])[0];
        B::select(&is_own, chosen, &B::filled(zero, sizes, &B::device(chosen)))
    }
}

/// What `choose` gives for ids of a table: the rank that has an id has what it chooses, and the others add zeros.
pub(crate) fn chosen<B: Backend>(
    part: Option<TablePart>,
    ids: &ArrayOf<B, u32>,
    choose: impl FnOnce(&ArrayOf<B, u32>) -> ArrayOf<B>,
) -> ArrayOf<B> {
    match part {
        None => choose(ids),
        Some(part) => {
            let own = OwnIds::<B::Engine>::new(part, ids);
            sum_of_ranks::<B>(&own.or_zero::<B>(&choose(&own.positions)), part.axis)
        }
    }
}

/// The sum of what each rank along an axis has.
pub(crate) fn sum_of_ranks<B: Backend>(x: &ArrayOf<B>, axis: MeshAxis) -> ArrayOf<B> {
    B::Engine::together::<PrimitiveOf<B>>(Collective::Sum, x, axis)
}
