//! How a cache is made: on which backend, with what it forgets, and how it holds the rest.

use super::{KeyValueCache, Precision};
use crate::backend::{Backend, DeviceOf, Float};
use crate::dim::Dim;

impl<B: Dim, H: Dim, D: Dim, P: Dim> KeyValueCache<B, H, D, P> {
    /// An empty cache for so many layers.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::KeyValueCache;
    /// dims! { Batch = 2; Heads = 3; HeadDim = 4; Positions = 512; }
    /// let cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    /// assert_eq!(cache.lengths(), [0, 0]);
    /// ```
    pub fn new(batch: B, heads: H, head_dim: D, capacity: P, layers: usize) -> Self {
        Self::on_backend(batch, heads, head_dim, capacity, layers)
    }
}

impl<B: Dim, H: Dim, D: Dim, P: Dim, Bk: Backend<Elem: Float>> KeyValueCache<B, H, D, P, Bk> {
    /// As [`new`](KeyValueCache::new), on any backend: on its default device, or [another](Self::to_device).
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::KeyValueCache;
    /// dims! { Batch = 2; Heads = 3; HeadDim = 4; Positions = 512; }
    /// let cache: KeyValueCache<_, _, _, _, Cpu<f64>> = KeyValueCache::on_backend(Batch, Heads, HeadDim, Positions, 1);
    /// assert_eq!(cache.lengths(), [0, 0]);
    /// ```
    pub fn on_backend(batch: B, heads: H, head_dim: D, capacity: P, layers: usize) -> Self {
        let (appended, layers, zeros) = (vec![false; layers], vec![None; layers], vec![0; batch.size()]);
        let (lengths, forgotten) = (zeros.clone(), zeros);
        let device = DeviceOf::<Bk>::default();
        KeyValueCache {
            batch,
            heads,
            head_dim,
            capacity,
            device,
            window: None,
            precision: Precision::Whole,
            layers,
            room: 0,
            lengths,
            forgotten,
            appended,
        }
    }

    /// The same cache on another device, that of the keys and values which are appended: a new one is on the default device.
    ///
    /// ```
    /// use congruent::nn::KeyValueCache;
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Heads = 3; HeadDim = 4; Positions = 512; }
    /// // Another engine has other devices, one of which is chosen when the program runs.
    /// let device = Default::default();
    /// let cache: KeyValueCache<_, _, _, _, Cpu<f64>> =
    ///     KeyValueCache::on_backend(Batch, Heads, HeadDim, Positions, 1).to_device(&device);
    /// ```
    pub fn to_device(mut self, device: &DeviceOf<Bk>) -> Self {
        for held in self.layers.iter_mut().flatten().flatten() {
            *held = held.to_device(device);
        }
        KeyValueCache { device: device.clone(), ..self }
    }

    /// The same cache for attention to a sliding window, its own position and those before it, so many in all: what no later
    /// position may attend to is forgotten as the cache grows.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{KeyValueCache, attention_weights};
    /// dims! { Batch = 1; Heads = 1; HeadDim = 4; Positions = 512; Seq = 3; }
    /// let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1).with_window(2);
    /// let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
    /// let weights = cache.step(Seq, |step| {
    ///     let (keys, _) = step.append(0, &x, &x);
    ///     attention_weights(&x, &keys, step.mask()).to_vec()
    /// })?;
    /// assert_eq!(weights, [1.0, 0.0, 0.0, 0.5, 0.5, 0.0, 0.0, 0.5, 0.5]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn with_window(self, window: usize) -> Self {
        KeyValueCache { window: Some(window), ..self }
    }

    /// The same cache in eight bits: of each head and position the numbers are multiples of a 127th of the largest of them, and that
    /// unit is held beside them. Of 64 numbers of `f32` that is 68 bytes in place of 256, and each is off by at most half a unit, as in the
    /// blocks `q8_0` of llama.cpp. Per token, where [KIVI](https://arxiv.org/abs/2402.02750) has keys per channel in two bits.
    ///
    /// They are calculated in `f32`: infinity is the largest multiple, and where one number is NaN, all of its head and position are.
    ///
    /// What a step lends has been held so too, and attention on the processor reads it as it is, a block of keys at a time. Steps, masks and
    /// attention stay as they are.
    /// Gradients do not reach what was appended.
    ///
    /// ```
    /// use congruent::nn::KeyValueCache;
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Heads = 3; HeadDim = 64; Positions = 512; Seq = 5; }
    /// let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1).in_eight_bits();
    /// let x = Tensor::normal((Batch, Heads, Seq, HeadDim), 0.0, 1.0, &mut Rng::with_seed(1));
    /// let keys = cache.step(Seq, |step| step.append(0, &x, &x).0.to_vec())?;
    /// // Half a 127th of the largest, which is less than 5.
    /// assert!(keys.iter().zip(x.to_vec()).all(|(found, x)| (found - x).abs() < 0.02));
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias("quantized", "QuantizedCache", "q8_0"))]
    pub fn in_eight_bits(self) -> Self {
        self.with_precision(Precision::EightBits)
    }

    /// The same cache in half precision: half the memory of `f32`, and each number is off by at most a part in 2048, as in llama.cpp by
    /// default. Attention reads it as it is, a block of keys at a time. Beyond 65504 numbers are infinite.
    ///
    /// Gradients do not reach what was appended.
    ///
    /// ```
    /// use congruent::nn::KeyValueCache;
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Heads = 3; HeadDim = 64; Positions = 512; Seq = 5; }
    /// let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1).in_half_precision();
    /// let x = Tensor::normal((Batch, Heads, Seq, HeadDim), 0.0, 1.0, &mut Rng::with_seed(1));
    /// let keys = cache.step(Seq, |step| step.append(0, &x, &x).0.to_vec())?;
    /// assert!(keys.iter().zip(x.to_vec()).all(|(found, x)| (found - x).abs() <= x.abs() / 2048.0 + 1e-7));
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias("float16", "f16"))]
    pub fn in_half_precision(self) -> Self {
        self.with_precision(Precision::Half)
    }

    fn with_precision(mut self, precision: Precision) -> Self {
        for layer in &mut self.layers {
            *layer = layer.take().map(|held| held.map(|held| held.with_precision(precision)));
        }
        KeyValueCache { precision, ..self }
    }
}
