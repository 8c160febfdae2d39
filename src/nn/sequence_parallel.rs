//! Layers whose norms, dropout and residual connections are divided among ranks by the sequence
//! ([Korthikanti et al. 2022](https://arxiv.org/abs/2205.05198)).

use super::multi_head::on_sequence;
use super::transformer::{Dropped, residual};
use super::{
    Dropout, EncoderLayer, FeedForward, InTraining, LlamaDecoder, LlamaLayer, RmsNorm, RotaryAngles, RotaryOf,
    WellFormed,
};
use crate::backend::{Backend, Epilogue, Float, MaskOf, With};
use crate::dim::{Dim, Shard, Sharded};
use crate::mask::Mask;
use crate::shape::{At, PositionsOf, SequencePart};
use crate::tensor::{IdOf, SameBackend, Tensor};

impl<E: Dim, H: Dim, D: Dim, F: Dim, B: Backend<Elem: Float>> EncoderLayer<E, H, D, F, B> {
    /// As [`forward`](Self::forward), sequence-parallel ([Korthikanti et al. 2022](https://arxiv.org/abs/2205.05198)): where heads and
    /// hidden features are parts along a mesh axis, so is the sequence in the norms, in dropout and in what is added to, which no rank
    /// has then but for its own positions. Before each sublayer the ranks gather the positions, and after it a
    /// reduce-scatter gives them back: together they move what the all-reduce of tensor parallelism does.
    ///
    /// The mask is that of the whole sequence.
    ///
    /// ```
    /// use congruent::dim::Shard;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// use congruent::nn::EncoderLayer;
    /// use congruent::prelude::*;
    /// dims! { Model = 2; Batch = 1; Seq = 6; Embed = 8; Heads = 2; HeadDim = 4; Hidden = 12; }
    ///
    /// let x = Tensor::<(Batch, Seq, Embed)>::uniform((Batch, Seq, Embed), -1.0..1.0, &mut Rng::with_seed(2));
    /// let whole = EncoderLayer::random(Embed, Heads, HeadDim, Hidden, &mut Rng::with_seed(1)).forward(&x, &Causal);
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Model,)).unwrap();
    ///     let (seq, heads, hidden) = (mesh.shard(Seq, Model), mesh.shard(Heads, Model), mesh.shard(Hidden, Model));
    ///     let layer = EncoderLayer::random(Embed, heads, HeadDim, hidden, &mut Rng::with_seed(1));
    ///     let layer = layer.to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
    ///     let x = x.to_engine::<OnMesh<Cpu<f32>>>(&mesh.device()).shard(seq);
    ///     let y: Tensor<(Batch, Shard<Seq, Model>, Embed), _> = layer.forward_sequence_parallel(&x, &Causal);
    ///     let y = y.all_gather(seq);
    ///     assert!(y.to_vec().iter().zip(whole.to_vec()).all(|(y, expected)| (y - expected).abs() < 1e-5));
    /// });
    /// ```
    pub fn forward_sequence_parallel<S, L, X, M>(&self, x: &Tensor<S, impl SameBackend<B>>, mask: &M) -> Tensor<S, B>
    where
        S: SequencePart<E, X, Whole = L>,
        M: Mask<S::Batch, L, L, B::Engine>,
        H: Sharded<Ranks = X>,
        F: Sharded<Ranks = X>,
        L: Dim,
        X: Dim,
        Self: WellFormed,
    {
        let mask = mask.describe(&x.device());
        on_sequence(x, |x| self.apply_to_part(&x, &mask, &mut None))
    }

    /// As [`forward_sequence_parallel`](Self::forward_sequence_parallel), in training: with the dropout of
    /// [`forward_training`](Self::forward_training), of which each rank draws what one process would, and keeps its own.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// use congruent::nn::{Dropout, EncoderLayer, Training};
    /// dims! { Model = 2; Batch = 1; Seq = 6; Embed = 8; Heads = 2; HeadDim = 4; Hidden = 12; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Model,)).unwrap();
    ///     let (seq, heads, hidden) = (mesh.shard(Seq, Model), mesh.shard(Heads, Model), mesh.shard(Hidden, Model));
    ///     let rng = &mut Rng::with_seed(1);
    ///     let layer = EncoderLayer::random(Embed, heads, HeadDim, hidden, rng).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
    ///     let x = Tensor::ones((Batch, seq, Embed)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
    ///     let (dropout, mut training) = (Dropout { rate: 0.1 }, Training::new(rng));
    ///     let y = layer.forward_sequence_parallel_training(&x, &Causal, dropout, &mut training);
    ///     assert_eq!(y.sizes(), [1, 3, 8]);
    /// });
    /// ```
    pub fn forward_sequence_parallel_training<S, L, X, M>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        mask: &M,
        dropout: Dropout,
        training: &mut impl InTraining,
    ) -> Tensor<S, B>
    where
        S: SequencePart<E, X, Whole = L>,
        M: Mask<S::Batch, L, L, B::Engine>,
        H: Sharded<Ranks = X>,
        F: Sharded<Ranks = X>,
        L: Dim,
        X: Dim,
        Self: WellFormed,
    {
        let mask = mask.describe(&x.device());
        on_sequence(x, |x| self.apply_to_part(&x, &mask, &mut Some((dropout, training.rng()))))
    }

    /// The layer on this rank's part of a sequence.
    fn apply_to_part<N: Dim, L: Dim, X: Dim>(
        &self,
        x: &Tensor<(N, Shard<L, X>, E), B>,
        mask: &MaskOf<B>,
        training: &mut Dropped<'_>,
    ) -> Tensor<(N, Shard<L, X>, E), B> {
        let (shape, along) = (x.shape(), (1, x.shape().1.axis()));
        let x = residual(self.order, &self.attention_norm, x, training, |x, after| {
            let x: Tensor<(N, L, E), B> = x.all_gather(At::<1>);
            let merged = self.attention.merged(&x, &x, |new| new, mask);
            self.attention.output.apply_scattered(&merged, along, shape, after)
        });
        residual(self.order, &self.feed_forward_norm, &x, training, |x, after| {
            let x: Tensor<(N, L, E), B> = x.all_gather(At::<1>);
            let FeedForward { up, activation, down } = &self.feed_forward;
            down.apply_scattered(&up.apply(&x, activation.epilogue()), along, shape, after)
        })
    }
}

impl<E: Dim, Q: Dim, H: Dim, D: Dim, F: Dim, B: Backend<Elem: Float>> LlamaLayer<E, Q, H, D, F, B> {
    /// As [`forward`](Self::forward), sequence-parallel, as [`EncoderLayer::forward_sequence_parallel`] is: where key heads and hidden
    /// features are parts along a mesh axis, so is the sequence in the norms and in what is added to.
    ///
    /// Positions and mask are those of the whole sequence.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// use congruent::nn::{GatedFeedForward, GroupedQueryAttention, LlamaLayer, RmsNorm, Rotary, RotaryLayout};
    /// dims! { Model = 2; Batch = 1; Seq = 4; Embed = 8; KeyHeads = 2; HeadDim = 4; Hidden = 12; Positions = 16; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Model,)).unwrap();
    ///     let (seq, heads, hidden) = (mesh.shard(Seq, Model), mesh.shard(KeyHeads, Model), mesh.shard(Hidden, Model));
    ///     let rng = &mut Rng::with_seed(1);
    ///     let layer = LlamaLayer {
    ///         attention_norm: RmsNorm::new(Embed, 1e-5),
    ///         attention: GroupedQueryAttention::random(Embed, heads, heads, HeadDim, rng),
    ///         feed_forward_norm: RmsNorm::new(Embed, 1e-5),
    ///         feed_forward: GatedFeedForward::random(Embed, hidden, rng),
    ///     };
    ///     let device = mesh.device();
    ///     let layer = layer.to_engine::<OnMesh<Cpu<f32>>>(&device);
    ///     let rotary = Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half).to_engine::<OnMesh<Cpu<f32>>>(&device);
    ///     let positions = Ids::new((Batch, Seq), Positions, &[0, 1, 2, 3])?.to_engine::<OnMesh<Cpu<f32>>>(&device);
    ///     let x = Tensor::ones((Batch, seq, Embed)).to_engine::<OnMesh<Cpu<f32>>>(&device);
    ///     assert_eq!(layer.forward_sequence_parallel(&x, &rotary, &positions, &Causal).sizes(), [1, 2, 8]);
    ///     Ok::<(), Error>(())
    /// });
    /// ```
    pub fn forward_sequence_parallel<S, R, P: Dim, I: IdOf<P>, L, X, M, C>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        rotary: &impl RotaryOf<P, D, Backend: SameBackend<B>>,
        positions: &Tensor<R, C>,
        mask: &M,
    ) -> Tensor<S, B>
    where
        S: SequencePart<E, X, Whole = L>,
        R: PositionsOf<S::Batch, L>,
        M: Mask<S::Batch, L, L, B::Engine>,
        C: Backend<Elem = I> + SameBackend<With<B, I>>,
        H: Sharded<Ranks = X>,
        F: Sharded<Ranks = X>,
        L: Dim,
        X: Dim,
        Self: WellFormed,
    {
        let sequence = x.shape().dims().1.whole();
        let (angles, mask) = (rotary.rotary().angles_of(sequence, positions), mask.describe(&x.device()));
        on_sequence(x, |x| self.apply_to_part(x, &angles, &mask))
    }

    /// The layer on this rank's part of a sequence.
    fn apply_to_part<N: Dim, L: Dim, X: Dim>(
        &self,
        x: Tensor<(N, Shard<L, X>, E), B>,
        angles: &RotaryAngles<(N, L), D, B>,
        mask: &MaskOf<B>,
    ) -> Tensor<(N, Shard<L, X>, E), B> {
        let (shape, along) = (x.shape(), (1, x.shape().1.axis()));
        let gathered = |norm: &RmsNorm<E, B>, x: &Tensor<(N, Shard<L, X>, E), B>| -> Tensor<(N, L, E), B> {
            norm.normalized(x.clone()).all_gather(At::<1>)
        };
        let merged = self.attention.merged(&gathered(&self.attention_norm, &x), angles, |new| new, mask);
        let x = self.attention.output.apply_scattered(&merged, along, shape, Epilogue::residual(x.array()));
        let hidden = self.feed_forward.hidden(&gathered(&self.feed_forward_norm, &x));
        self.feed_forward.down.apply_scattered(&hidden, along, shape, Epilogue::residual(x.array()))
    }
}

impl<E: Dim, Q: Dim, H: Dim, D: Dim, F: Dim, P: Dim, B: Backend<Elem: Float>> LlamaDecoder<E, Q, H, D, F, P, B> {
    /// As [`forward`](Self::forward), sequence-parallel, as [`EncoderLayer::forward_sequence_parallel`] is: where key heads and hidden
    /// features are parts along a mesh axis, so is the sequence between the layers, and in the last norm.
    ///
    /// Positions and mask are those of the whole sequence.
    ///
    /// ```
    /// use congruent::dim::Shard;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// use congruent::nn::{GatedFeedForward, GroupedQueryAttention, LlamaDecoder, LlamaLayer};
    /// use congruent::nn::{RmsNorm, Rotary, RotaryLayout};
    /// use congruent::prelude::*;
    /// dims! { Model = 2; Batch = 1; Seq = 6; Embed = 8; KeyHeads = 2; Group = 3; HeadDim = 4; Hidden = 12; Positions = 16; }
    ///
    /// fn decoder<H: Dim, F: Dim>(heads: H, hidden: F) -> LlamaDecoder<Embed, Times<H, Group>, H, HeadDim, F, Positions> {
    ///     let rng = &mut Rng::with_seed(1);
    ///     let norm = RmsNorm::new(Embed, 1e-5);
    ///     let layer = LlamaLayer {
    ///         attention_norm: norm.clone(),
    ///         attention: GroupedQueryAttention::random(Embed, Times(heads, Group), heads, HeadDim, rng),
    ///         feed_forward_norm: norm.clone(),
    ///         feed_forward: GatedFeedForward::random(Embed, hidden, rng),
    ///     };
    ///     LlamaDecoder { layers: vec![layer], norm, rotary: Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half) }
    /// }
    /// let x = Tensor::<(Batch, Seq, Embed)>::uniform((Batch, Seq, Embed), -1.0..1.0, &mut Rng::with_seed(2));
    /// let positions = Ids::new((Batch, Seq), Positions, &[0, 1, 2, 3, 4, 5]).unwrap();
    /// let whole = decoder(KeyHeads, Hidden).forward(&x, &positions, &Causal);
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Model,)).unwrap();
    ///     let (seq, device) = (mesh.shard(Seq, Model), mesh.device());
    ///     let decoder = decoder(mesh.shard(KeyHeads, Model), mesh.shard(Hidden, Model)).to_engine::<OnMesh<Cpu<f32>>>(&device);
    ///     let x = x.to_engine::<OnMesh<Cpu<f32>>>(&device).shard(seq);
    ///     let positions = positions.to_engine::<OnMesh<Cpu<f32>>>(&device);
    ///     let y: Tensor<(Batch, Shard<Seq, Model>, Embed), _> = decoder.forward_sequence_parallel(&x, &positions, &Causal);
    ///     let y = y.all_gather(seq);
    ///     assert!(y.to_vec().iter().zip(whole.to_vec()).all(|(y, expected)| (y - expected).abs() < 1e-5));
    /// });
    /// ```
    pub fn forward_sequence_parallel<S, R, I: IdOf<P>, L, X, M, C>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        positions: &Tensor<R, C>,
        mask: &M,
    ) -> Tensor<S, B>
    where
        S: SequencePart<E, X, Whole = L>,
        R: PositionsOf<S::Batch, L>,
        M: Mask<S::Batch, L, L, B::Engine>,
        C: Backend<Elem = I> + SameBackend<With<B, I>>,
        H: Sharded<Ranks = X>,
        F: Sharded<Ranks = X>,
        L: Dim,
        X: Dim,
        Self: WellFormed,
    {
        let sequence = x.shape().dims().1.whole();
        let (angles, mask) = (self.rotary.angles_of(sequence, positions), mask.describe(&x.device()));
        on_sequence(x, |x| {
            let layers = self.layers.iter();
            self.norm.normalized(layers.fold(x, |x, layer| layer.apply_to_part(x, &angles, &mask)))
        })
    }
}
