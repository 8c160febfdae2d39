//! How much noise there is at each step, and how it is taken away.

use congruent::backend::{Backend, Float};
use congruent::prelude::*;

/// How much of an image is left at each of the steps `T` of its noise, from the first, at which it is almost whole, to the last
/// ([Ho et al. 2020](https://arxiv.org/abs/2006.11239)).
///
/// ```
/// use congruent::prelude::*;
/// use congruent_models::dit::{Schedule, Stochastic};
/// dims! { Batch = 1; Pixels = 4; Steps = 1000; }
/// let schedule = Schedule::linear(Steps, [1e-4, 0.02]);
/// let rng = &mut Rng::with_seed(1);
/// let mut image = Tensor::normal((Batch, Pixels), 0.0, 1.0, rng);
/// for (step, next) in schedule.spaced(50)? {
///     // A model would find it.
///     let noise = Tensor::normal((Batch, Pixels), 0.0, 1.0, rng);
///     image = schedule.denoised(&image, &noise, (step, next), None);
/// }
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Schedule<T> {
    steps: T,
    /// The share of the image in the variance, at each step.
    kept: Vec<f64>,
}

/// New noise in place of some of the old one.
pub struct Stochastic<'a, S, B: Backend = Cpu<f32>> {
    /// Normally distributed numbers of deviation 1.
    pub noise: &'a Tensor<S, B>,
    /// How much: 1 is what the model was trained by (DDPM), 0 nothing at all.
    pub eta: f64,
}

impl<T: Dense> Schedule<T> {
    /// The share of new noise in the variance grows from the first to the last of these in equal parts.
    pub fn linear(steps: T, ends: [f64; 2]) -> Self {
        Self::new(steps, ends, |share| share)
    }

    /// As [`linear`](Self::linear), of the square roots, as in Stable Diffusion.
    pub fn scaled_linear(steps: T, ends: [f64; 2]) -> Self {
        Self::new(steps, ends.map(f64::sqrt), |share| share * share)
    }

    fn new(steps: T, [first, last]: [f64; 2], share: impl Fn(f64) -> f64) -> Self {
        let between = steps.size().saturating_sub(1).max(1) as f64;
        let mut kept = 1.0;
        let kept = (0..steps.size()).map(|step| {
            kept *= 1.0 - share(first + (last - first) * step as f64 / between);
            kept
        });
        Schedule { steps, kept: kept.collect() }
    }

    /// So many steps, equally spaced, from a late one to the first: each with the one that follows it.
    ///
    /// # Errors
    /// There are fewer steps.
    pub fn spaced(&self, count: usize) -> Result<Vec<(Index<T>, Option<Index<T>>)>, Error> {
        let apart = self.steps.size() / count.max(1);
        if apart == 0 {
            let expected = "at most the number of steps of the schedule";
            return Err(Error::Setting { setting: "count", expected, found: count.to_string() });
        }
        let at = |step: usize| Index::new(self.steps, (step * apart) as u32);
        (0..count).rev().map(|step| Ok((at(step)?, step.checked_sub(1).map(at).transpose()?))).collect()
    }

    /// An image with noise, as it is at this step.
    pub fn noised<S: Shape, B: Backend<Elem: Float>>(
        &self,
        image: &Tensor<S, B>,
        noise: &Tensor<S, B>,
        step: Index<T>,
    ) -> Tensor<S, B> {
        let kept = self.kept(step);
        image.affine(kept.sqrt(), 0.0) + noise.affine((1.0 - kept).sqrt(), 0.0)
    }

    /// The image at the next step, or without noise, by the noise that the model has found in it at this one
    /// ([Song et al. 2020](https://arxiv.org/abs/2010.02502), equation 12).
    pub fn denoised<S: Shape, B: Backend<Elem: Float>>(
        &self,
        image: &Tensor<S, B>,
        noise: &Tensor<S, B>,
        (step, next): (Index<T>, Option<Index<T>>),
        new: Option<Stochastic<'_, S, B>>,
    ) -> Tensor<S, B> {
        let (kept, left) = (self.kept(step), next.map_or(1.0, |next| self.kept(next)));
        let eta = new.as_ref().map_or(0.0, |new| new.eta);
        let deviation = eta * ((1.0 - left) / (1.0 - kept) * (1.0 - kept / left)).sqrt();
        let whole = (image - noise.affine((1.0 - kept).sqrt(), 0.0)).affine(kept.sqrt().recip(), 0.0);
        let old = (1.0 - left - deviation * deviation).max(0.0).sqrt();
        let x = whole.affine(left.sqrt(), 0.0) + noise.affine(old, 0.0);
        match new {
            Some(new) => x + new.noise.affine(deviation, 0.0),
            None => x,
        }
    }

    fn kept(&self, step: Index<T>) -> f64 {
        self.kept[step.get() as usize]
    }
}
