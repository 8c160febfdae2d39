//! Attention in a sequence of which each rank has a part: masks that say how queries reach the keys of the other ranks.

use super::engine::MeshOf;
use crate::backend::{AcrossRanks, Engine, MaskIn};
use crate::dim::{Dim, Shard};
use crate::mask::{OnEngine, ReachedBy, Restrict};
use crate::sealed::Sealed;

/// Ring attention ([Liu et al. 2023](https://arxiv.org/abs/2310.01889)): the keys and values of each rank go around all ranks, and no
/// rank holds those of the whole sequence.
///
/// It is given in place of a mask, to [`attention`](crate::nn::attention) and to layers, and has the mask of the whole
/// sequence in it: `Causal`, or `Causal.and(lengths)` where `seq` is a part of a `Ragged` dimension and the lengths are those of whole
/// texts. A rank sends what it has to the next one, as often as there are other ranks, and combines its queries' results by
/// the softmax of parts ([Milakov and Gimelshein 2018](https://arxiv.org/abs/1805.02867)). The backward pass sends keys and
/// values around once more, with their gradients; it keeps no weights.
///
/// Keys that none of its queries sees, those of the ranks behind it by `Causal`, a rank passes on and calculates nothing of. So of a
/// causal sequence the last rank calculates most.
///
/// A scale, a soft cap and sinks are as everywhere. Weights are not given, and have no dropout.
///
/// ```
/// use congruent::dim::Shard;
/// use congruent::mesh::{Mesh, OnMesh, RingAttention, in_threads};
/// use congruent::nn::MultiHeadAttention;
/// use congruent::prelude::*;
/// dims! { Context = 2; Batch = 1; Seq = 6; Embed = 8; Heads = 2; HeadDim = 4; }
///
/// let layer = MultiHeadAttention::random(Embed, Heads, HeadDim, &mut Rng::with_seed(1));
/// let x = Tensor::<(Batch, Seq, Embed)>::uniform((Batch, Seq, Embed), -1.0..1.0, &mut Rng::with_seed(2));
/// let whole = layer.forward(&x, &Causal);
/// in_threads(2, |world| {
///     let mesh = Mesh::new(world, (Context,)).unwrap();
///     let seq: Shard<Seq, Context> = mesh.shard(Seq, Context);
///     let layer = layer.to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
///     let x = x.to_engine::<OnMesh<Cpu<f32>>>(&mesh.device()).shard(seq);
///     let y: Tensor<(Batch, Shard<Seq, Context>, Embed), _> = layer.forward(&x, &RingAttention::new(seq, Causal));
///     let y = y.all_gather(seq);
///     assert!(y.to_vec().iter().zip(whole.to_vec()).all(|(y, expected)| (y - expected).abs() < 1e-5));
/// });
/// ```
#[derive(Clone, Copy, Debug)]
#[doc(alias("context_parallel", "sequence_parallel"))]
pub struct RingAttention<Keys, Mask> {
    keys: Keys,
    mask: Mask,
}

impl<K: Dim, M: Dim, N> RingAttention<Shard<K, M>, N> {
    /// Attention to the keys of which `keys` are this rank's part, by the mask of the whole sequence.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{Mesh, OnMesh, RingAttention, in_threads};
    /// dims! { Context = 2; Batch = 1; Heads = 2; Seq = 4; HeadDim = 8; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Context,)).unwrap();
    ///     let seq = mesh.shard(Seq, Context);
    ///     let x = Tensor::ones((Batch, Heads, seq, HeadDim)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
    ///     let y = attention(&x, &x, &x, &RingAttention::new(seq, Causal));
    ///     assert_eq!(y.to_vec(), x.to_vec());
    /// });
    /// ```
    pub fn new(keys: Shard<K, M>, mask: N) -> Self {
        RingAttention { keys, mask }
    }
}

/// Attention by an exchange of heads (DeepSpeed-Ulysses, [Jacobs et al. 2023](https://arxiv.org/abs/2309.14509)): each rank gets all
/// positions of a part of the heads, attends there, and gives the results back.
///
/// It is given in place of a mask, as [`RingAttention`] is. It takes four exchanges, of queries, keys, values and results, whatever
/// the number of ranks; the key heads are divided evenly among them.
///
/// ```
/// use congruent::dim::Shard;
/// use congruent::mesh::{AllToAllAttention, Mesh, OnMesh, in_threads};
/// use congruent::prelude::*;
/// dims! { Context = 2; Batch = 1; Heads = 4; Seq = 6; HeadDim = 8; }
/// in_threads(2, |world| {
///     let mesh = Mesh::new(world, (Context,)).unwrap();
///     let (seq, heads) = (mesh.shard(Seq, Context), mesh.shard(Heads, Context));
///     let x = Tensor::ones((Batch, Heads, seq, HeadDim)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
///     let y = attention(&x, &x, &x, &AllToAllAttention::new(seq, heads, Causal));
///     assert_eq!(y.to_vec(), x.to_vec());
/// });
/// ```
#[derive(Clone, Copy, Debug)]
#[doc(alias("ulysses", "context_parallel", "sequence_parallel"))]
pub struct AllToAllAttention<Keys, KeyHeads, Mask> {
    keys: Keys,
    key_heads: KeyHeads,
    mask: Mask,
}

impl<K: Dim, H: Dim, M: Dim, X: Dim, N> AllToAllAttention<Shard<K, M>, Shard<H, X>, N> {
    /// Attention to the keys of which `keys` are this rank's part, by the mask of the whole sequence, where this rank attends by
    /// `key_heads`, a part along the same mesh axis of those that keys have, and by the query heads that share them.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{AllToAllAttention, Mesh, OnMesh, in_threads};
    /// dims! { Context = 2; Batch = 1; Heads = 2; Seq = 4; HeadDim = 8; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Context,)).unwrap();
    ///     let (seq, heads) = (mesh.shard(Seq, Context), mesh.shard(Heads, Context));
    ///     let x = Tensor::ones((Batch, Heads, seq, HeadDim)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
    ///     let y = attention(&x, &x, &x, &AllToAllAttention::new(seq, heads, Causal));
    ///     assert_eq!(y.to_vec(), x.to_vec());
    /// });
    /// ```
    ///
    /// # Panics
    /// When it is used: keys have another number of heads than those of which `key_heads` are a part.
    pub fn new(keys: Shard<K, M>, key_heads: Shard<H, X>, mask: N) -> Self {
        AllToAllAttention { keys, key_heads, mask }
    }
}

#[diagnostic::do_not_recommend]
impl<B, Q: Dim, K: Dim, M: Dim, N: Restrict<B, Q, K>> Restrict<B, Shard<Q, M>, Shard<K, M>>
    for RingAttention<Shard<K, M>, N>
{
    type Itself = Self;
    fn itself(&self) -> &Self {
        self
    }
    fn sealed(_: Sealed) {}
}
#[diagnostic::do_not_recommend]
impl<B, Q: Dim, K: Dim, H: Dim, M: Dim, N: Restrict<B, Q, K>> Restrict<B, Shard<Q, M>, Shard<K, M>>
    for AllToAllAttention<Shard<K, M>, Shard<H, M>, N>
{
    type Itself = Self;
    fn itself(&self) -> &Self {
        self
    }
    fn sealed(_: Sealed) {}
}

// Whether these are the keys is asked by `Restrict`.
#[diagnostic::do_not_recommend]
impl<K: Dim, M: Dim, D, N> ReachedBy<RingAttention<D, N>> for Shard<K, M> {
    fn sealed(_: Sealed) {}
}
#[diagnostic::do_not_recommend]
impl<K: Dim, M: Dim, D, H, N> ReachedBy<AllToAllAttention<D, H, N>> for Shard<K, M> {
    fn sealed(_: Sealed) {}
}

// An engine without ranks takes no such mask.
impl<K: Dim, M: Dim, N: OnEngine<MeshOf<E>>, E: Engine> OnEngine<MeshOf<E>> for RingAttention<Shard<K, M>, N> {
    type Padding = N::Padding;
    fn described(&self, device: &<MeshOf<E> as Engine>::Device) -> MaskIn<MeshOf<E>> {
        MaskIn::<MeshOf<E>> { ranks: Some(AcrossRanks::Ring(self.keys.axis())), ..self.mask.described(device) }
    }
    fn sealed(_: Sealed) {}
}
impl<K: Dim, H: Dim, M: Dim, X: Dim, N: OnEngine<MeshOf<E>>, E: Engine> OnEngine<MeshOf<E>>
    for AllToAllAttention<Shard<K, M>, Shard<H, X>, N>
{
    type Padding = N::Padding;
    fn described(&self, device: &<MeshOf<E> as Engine>::Device) -> MaskIn<MeshOf<E>> {
        let ranks = AcrossRanks::AllToAll(self.keys.axis(), self.key_heads.whole().size());
        MaskIn::<MeshOf<E>> { ranks: Some(ranks), ..self.mask.described(device) }
    }
    fn sealed(_: Sealed) {}
}
