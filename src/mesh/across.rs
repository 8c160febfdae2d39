//! Attention on a mesh: by what each rank has, or across the ranks.

use super::array::{Common, OnRanks};
use super::engine::{MeshOf, OnMesh};
use super::ring;
use crate::backend::{
    ArrayOf, AttentionMask, AttentionOptions, Backend, Collective, Engine, Float, MaskOf, MeshAxis, OptionsOf,
    PrimitiveOf,
};

/// The array of the rank's own backend.
type Of<B> = OnRanks<ArrayOf<B>>;

/// What a mask has beside its array, and the array.
pub fn own_mask<B: Backend>(mask: &MaskOf<OnMesh<B>>, allowed: Option<ArrayOf<B, bool>>) -> MaskOf<B> {
    let AttentionMask { causal, window, first_query, lengths, .. } = mask.clone();
    AttentionMask { causal, window, first_query, lengths, allowed, ranks: None }
}

/// Attention, or its weights, with all that they are made of.
pub fn attend<B: Backend<Elem: Float>>(
    [q, k]: [&Of<B>; 2],
    v: Option<&Of<B>>,
    mask: &MaskOf<OnMesh<B>>,
    options: OptionsOf<'_, OnMesh<B>>,
    f: impl FnOnce([&ArrayOf<B>; 2], Option<&ArrayOf<B>>, &MaskOf<B>, OptionsOf<'_, B>) -> ArrayOf<B>,
) -> Of<B> {
    let AttentionOptions { scale, soft_cap, bias, sinks, factors } = options;
    let inputs = [v, bias, sinks, factors];
    let common = Common::of(q).and(k).and_maybe(mask.allowed.as_ref());
    let common = inputs.into_iter().fold(common, Common::and_maybe);
    let [q, k] = [q, k].map(|x| common.vary::<B>(x));
    let [v, bias, sinks, factors] = inputs.map(|x| x.map(|x| common.vary::<B>(x)));
    let [bias, sinks, factors] = [&bias, &sinks, &factors].map(Option::as_ref);
    let mask = own_mask::<B>(mask, mask.allowed.as_ref().map(|allowed| allowed.array.clone()));
    let y = f([&q, &k], v.as_ref(), &mask, AttentionOptions { scale, soft_cap, bias, sinks, factors });
    common.give(y)
}

/// Attention to keys and values that go around the ranks along an axis.
pub fn ring<B: Backend<Elem: Float>>(
    axis: MeshAxis,
    [q, k, v]: [&Of<B>; 3],
    mask: &MaskOf<OnMesh<B>>,
    options: OptionsOf<'_, OnMesh<B>>,
) -> Of<B> {
    let Some(ranks) = q.ranks.clone() else {
        panic!("ring attention on no mesh: tensors go to one by `to_engine(&mesh.device())`")
    };
    attend::<B>([q, k], Some(v), mask, options, |[q, k], v, mask, options| {
        ring::attention::<B>(&ranks, axis, [q, k, v.expect("values were given")], mask, options)
    })
}

/// Attention by all positions of a part of the heads, which the ranks along an axis exchange before and after.
///
/// # Panics
/// There are not so many key heads.
pub fn all_to_all<B: Backend<Elem: Float>>(
    axis: MeshAxis,
    key_heads: usize,
    inputs: [&Of<B>; 3],
    mask: &MaskOf<OnMesh<B>>,
    options: OptionsOf<'_, OnMesh<B>>,
) -> Of<B> {
    let found = B::sizes(&inputs[1].array)[1];
    assert!(found == key_heads, "{key_heads} key heads are divided among the ranks, and there are {found}");
    assert!(options.bias.is_none(), "the bias of pairs of positions that several ranks have is not there");
    assert!(options.factors.is_none(), "attention by an exchange of heads has no dropout of weights");
    let together = MeshOf::<B::Engine>::together::<PrimitiveOf<B>>;
    let [q, k, v] = inputs.map(|x| together(Collective::AllToAll(1, 2), x, axis));
    let sinks = options.sinks.map(|sinks| together(Collective::Part(0), sinks, axis));
    let mask = MaskOf::<OnMesh<B>> { ranks: None, ..mask.clone() };
    let options = AttentionOptions { sinks: sinks.as_ref(), ..options };
    together(Collective::AllToAll(2, 1), &OnMesh::<B>::attention(&q, &k, &v, &mask, options), axis)
}
