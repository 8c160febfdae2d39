//! Positions that are added to what stands there.

use crate::backend::{Backend, Binary, DeviceOf, Engine, Float, PrimitiveOf, RotaryLayout, With, constant};
use crate::cpu::Cpu;
use crate::dim::{Dim, Name, Picked, Whole};
use crate::io::{Stored, Weights};
use crate::shape::{AllPositions, Append, FitsInto, Sequence, Shape};
use crate::tensor::{IdOf, SameBackend, Tensor};
use crate::{Error, Module, Rng};

/// A vector that is learned for each position, and added to what stands there, as in BERT, GPT-2 and ViT.
///
/// Positions are those from the first on, or ids of the table, as [`CacheStep::positions`](super::CacheStep::positions) gives them.
///
/// ```
/// use congruent::{nn::LearnedPositions, prelude::*};
/// dims! { Batch = 2; Patches = 4; Embed = 8; }
/// let positions = LearnedPositions::random(Patches, Embed, &mut Rng::with_seed(1));
/// let x = Tensor::ones((Batch, Patches, Embed));
/// let y: Tensor<(Batch, Patches, Embed)> = positions.forward(&x)?;
/// assert_eq!(y.to_vec(), positions.forward_at(&x, &Ids::all(Patches)).to_vec());
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Module)]
#[module(debug)]
pub struct LearnedPositions<P, E, B: Backend = Cpu<f32>> {
    /// The vectors, one a row.
    pub weight: Tensor<(P, E), B>,
}

impl<P: Dim, E: Dim, B: Backend<Elem: Float>> LearnedPositions<P, E, B> {
    /// `x` with the vectors of the first positions added, in their order; of a part of a sequence, those of its own positions.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::LearnedPositions;
    /// dims! { Batch = 2; Seq = 2; Positions = 64; Embed = 1; }
    /// let positions = LearnedPositions { weight: Tensor::from_fn((Positions, Embed), |[p, _]| p as f32) };
    /// let y = positions.forward(&Tensor::full((Batch, Seq, Embed), 10.0))?;
    /// assert_eq!(y.to_vec(), [10.0, 11.0, 10.0, 11.0]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// The table has fewer positions than the sequence.
    pub fn forward<S>(&self, x: &Tensor<S, impl SameBackend<B>>) -> Result<Tensor<S, B>, Error>
    where
        S: Sequence<E>,
        P: Whole + Picked,
    {
        let ((_, sequence, _), (positions, _)) = (x.shape().dims(), self.weight.shape());
        let (size, length) = (positions.size(), sequence.whole_size());
        if length > size {
            let dimension = Name::<P>::new().to_string();
            return Err(Error::RangeOutOfBounds { dimension, size, start: 0, length });
        }
        let vectors = if S::Length::IS_SHARDED {
            let own: Vec<u32> = (0..sequence.size()).map(|position| sequence.whole_position(position) as u32).collect();
            let own = With::<B, u32>::from_elements(own, &[sequence.size()], &self.weight.device());
            // Each rank has a gradient of its own positions, and that of the table is their sum.
            let axes = self.weight.shape().mesh_axes().and(sequence.mesh_axes());
            B::gather(&B::Engine::placed::<PrimitiveOf<B>>(self.weight.array().clone(), axes), &own)
        } else {
            B::narrow(self.weight.array(), 0, 0, length)
        };
        Ok(Tensor::from_parts(x.shape(), B::binary(Binary::Add, x.array().clone(), vectors)))
    }

    /// `x` with the vector of each position added: positions `(S,)`, or `(N, S)` where samples have their own, of `(N, S, E)`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::LearnedPositions;
    /// dims! { Batch = 2; Seq = 2; Positions = 64; Embed = 1; }
    /// let positions = LearnedPositions { weight: Tensor::from_fn((Positions, Embed), |[p, _]| p as f32) };
    /// let ids = Ids::new((Seq,), Positions, &[5, 6])?;
    /// assert_eq!(positions.forward_at(&Tensor::zeros((Batch, Seq, Embed)), &ids).to_vec(), [5.0, 6.0, 5.0, 6.0]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn forward_at<S, R, V, I: IdOf<P>, C>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        positions: &Tensor<R, C>,
    ) -> Tensor<S, B>
    where
        S: Shape,
        R: AllPositions + Append<E, Output = V>,
        V: Shape + FitsInto<S>,
        C: Backend<Elem = I> + SameBackend<With<B, I>>,
        P: Whole + Picked,
    {
        let vectors = B::gather(self.weight.array(), positions.array());
        Tensor::from_parts(x.shape(), B::binary(Binary::Add, x.array().clone(), vectors))
    }
}

impl<P: Dim, E: Dim> LearnedPositions<P, E> {
    /// A new table, its elements normally distributed with deviation 0.02, as GPT-2 and BERT begin.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::LearnedPositions;
    /// dims! { Positions = 64; Embed = 8; }
    /// let positions = LearnedPositions::random(Positions, Embed, &mut Rng::with_seed(1));
    /// assert_eq!(positions.weight.sizes(), [64, 8]);
    /// ```
    pub fn random(positions: P, embed: E, rng: &mut Rng) -> Self {
        LearnedPositions { weight: Tensor::normal((positions, embed), 0.0, 0.02, rng) }
    }
}

impl<P: Dim, E: Dim, B: Backend<Elem: Stored>> LearnedPositions<P, E, B> {
    /// Takes `weight`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// # #[cfg(feature = "safetensors")] {
    /// use congruent::{io::{SafeTensors, Weights, Writer, load}, nn::LearnedPositions};
    /// dims! { Positions = 4; Embed = 2; }
    /// let mut writer = Writer::default();
    /// writer.add("wpe.weight", &Tensor::ones((Positions, Embed)));
    /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
    /// let positions = load(&file, |weights: Weights<f32>| LearnedPositions::load(&weights.at("wpe"), Positions, Embed))?;
    /// assert_eq!(positions.weight.to_vec(), [1.0; 8]);
    /// # }
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    pub fn load(weights: &Weights<'_, B::Elem, impl SameBackend<B>>, positions: P, embed: E) -> Self {
        LearnedPositions { weight: weights.tensor("weight", (positions, embed)).same() }
    }
}

/// The sines and cosines of each position at frequencies from 1 down to `1 / base`
/// ([Vaswani et al. 2017](https://arxiv.org/abs/1706.03762)), added to what stands there. They are neither trained nor saved.
///
/// ```
/// use congruent::nn::{RotaryLayout, SinusoidalPositions};
/// use congruent::prelude::*;
/// dims! { Batch = 1; Seq = 2; Embed = 4; }
/// let positions = SinusoidalPositions::new(Seq, Embed, 10000.0, RotaryLayout::Interleaved);
/// let y = positions.forward(&Tensor::zeros((Batch, Seq, Embed)))?;
/// let expected = [0.0, 1.0, 0.0, 1.0, 1f32.sin(), 1f32.cos(), 0.01f32.sin(), 0.01f32.cos()];
/// assert!(y.to_vec().iter().zip(expected).all(|(x, y)| (x - y).abs() < 1e-6));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Module)]
#[module(debug)]
pub struct SinusoidalPositions<P, E, B: Backend = Cpu<f32>> {
    #[module(skip)]
    table: LearnedPositions<P, E, B>,
}

impl<P: Dim, E: Dim, B: Backend<Elem: Float>> SinusoidalPositions<P, E, B> {
    /// The table of these positions, on a device. Elements `2 i` and `2 i + 1` of a vector are the sine and the cosine of
    /// `position / base^(2 i / E)` where they are interleaved, as in the paper; else all sines come first, as in Whisper, whose
    /// frequencies reach `1 / base`: `spread` is by how many of them less one the exponent is divided, `E / 2` in the paper and
    /// `E / 2 - 1` in Whisper.
    ///
    /// Of a size that is odd, the last cosine is left out.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{RotaryLayout, SinusoidalPositions};
    /// dims! { Positions = 1500; Embed = 384; }
    /// // Those of Whisper.
    /// let spread = (Embed.size() / 2 - 1) as f64;
    /// let (layout, device) = (RotaryLayout::Half, Default::default());
    /// let positions: SinusoidalPositions<_, _> =
    ///     SinusoidalPositions::on_device(Positions, Embed, [10000.0, spread], layout, &device);
    /// // Of position 0, sines and behind them cosines.
    /// assert_eq!(positions.table().to_vec()[191..193], [0.0, 1.0]);
    /// ```
    pub fn on_device(
        positions: P,
        embed: E,
        [base, spread]: [f64; 2],
        layout: RotaryLayout,
        device: &DeviceOf<B>,
    ) -> Self {
        // Of shards, the part of the table of all.
        let pairs = embed.whole_size().div_ceil(2);
        let element = |position: usize, at: usize| {
            let (pair, is_cosine) = match layout {
                RotaryLayout::Interleaved => (at / 2, at % 2 == 1),
                RotaryLayout::Half => (at % pairs, at >= pairs),
            };
            let angle = position as f64 * base.powf(-(pair as f64) / spread);
            if is_cosine { angle.cos() } else { angle.sin() }
        };
        let of_whole = |p, at| constant(element(positions.whole_position(p), embed.whole_position(at)));
        let elements = (0..positions.size()).flat_map(|p| (0..embed.size()).map(move |at| of_whole(p, at)));
        let table = B::from_elements(elements.collect(), &[positions.size(), embed.size()], device);
        SinusoidalPositions { table: LearnedPositions { weight: Tensor::from_parts((positions, embed), table) } }
    }

    /// The vectors, one a row.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{RotaryLayout, SinusoidalPositions};
    /// dims! { Positions = 64; Embed = 4; }
    /// let positions = SinusoidalPositions::new(Positions, Embed, 10000.0, RotaryLayout::Half);
    /// assert_eq!(positions.table().at(Positions, 0)?.to_vec(), [0.0, 0.0, 1.0, 1.0]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn table(&self) -> Tensor<(P, E), B> {
        self.table.weight.clone()
    }

    /// As [`LearnedPositions::forward`].
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{RotaryLayout, SinusoidalPositions};
    /// dims! { Batch = 1; Seq = 2; Positions = 64; Embed = 4; }
    /// let positions = SinusoidalPositions::new(Positions, Embed, 10000.0, RotaryLayout::Half);
    /// let y = positions.forward(&Tensor::zeros((Batch, Seq, Embed)))?;
    /// assert_eq!(y.to_vec(), positions.table().to_vec()[..8]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// The table has fewer positions than the sequence.
    pub fn forward<S>(&self, x: &Tensor<S, impl SameBackend<B>>) -> Result<Tensor<S, B>, Error>
    where
        S: Sequence<E>,
        P: Whole + Picked,
    {
        self.table.forward(x)
    }

    /// As [`LearnedPositions::forward_at`].
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{RotaryLayout, SinusoidalPositions};
    /// dims! { Batch = 1; Seq = 1; Positions = 64; Embed = 4; }
    /// let positions = SinusoidalPositions::new(Positions, Embed, 10000.0, RotaryLayout::Half);
    /// let y = positions.forward_at(&Tensor::zeros((Batch, Seq, Embed)), &Ids::new((Seq,), Positions, &[7])?);
    /// assert_eq!(y.to_vec(), positions.table().at(Positions, 7)?.to_vec());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn forward_at<S, R, V, I: IdOf<P>, C>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        positions: &Tensor<R, C>,
    ) -> Tensor<S, B>
    where
        S: Shape,
        R: AllPositions + Append<E, Output = V>,
        V: Shape + FitsInto<S>,
        C: Backend<Elem = I> + SameBackend<With<B, I>>,
        P: Whole + Picked,
    {
        self.table.forward_at(x, positions)
    }
}

impl<P: Dim, E: Dim> SinusoidalPositions<P, E> {
    /// The table of the paper, with all sines first if the layout is that of halves.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{RotaryLayout, SinusoidalPositions};
    /// dims! { Positions = 64; Embed = 4; }
    /// let positions = SinusoidalPositions::new(Positions, Embed, 10000.0, RotaryLayout::Interleaved);
    /// assert_eq!(positions.table().at(Positions, 0)?.to_vec(), [0.0, 1.0, 0.0, 1.0]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn new(positions: P, embed: E, base: f64, layout: RotaryLayout) -> Self {
        let spread = embed.whole_size() as f64 / 2.0;
        SinusoidalPositions::on_device(positions, embed, [base, spread], layout, &Default::default())
    }
}
