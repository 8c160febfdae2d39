//! The choice of the next token.

use crate::Error;
use crate::backend::{Backend, Float, Number, try_elements};
use crate::dim::{Compared, Dim, Name, Whole};
use crate::random::Rng;
use crate::shape::Vector;
use crate::tensor::{Index, Tensor};
use std::fmt::Display;

/// How the next token is drawn from logits.
///
/// The steps are those of Hugging Face's
/// [logits processors](https://huggingface.co/docs/transformers/internal/generation_utils#logitsprocessor), in their order:
/// repetition penalty, temperature, top-k, top-p.
///
/// ```
/// use congruent::generate::{Sampler, Sampling};
/// use congruent::prelude::*;
/// dims! { Vocab = 4; }
/// let logits = Tensor::from_nested((Vocab,), [1.0, 3.0, 2.0, -1.0]);
///
/// let mut greedy = Sampler::new(Sampling::GREEDY, 0)?;
/// assert_eq!(greedy.sample(&logits, &[])?.get(), 1);
///
/// let sampling = Sampling { temperature: 0.7, top_k: Some(2), ..Sampling::default() };
/// let mut sampler = Sampler::new(sampling, 42)?;
/// assert!([1, 2].contains(&sampler.sample(&logits, &[])?.get()));
/// # Ok::<(), congruent::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// What logits are divided by, from 0: below 1 the likely tokens gain, above 1 the unlikely ones. At 0 the
    /// most likely token is chosen, of equals the first.
    pub temperature: f32,
    /// Only tokens at least as likely as the one in this place are drawn: equals of the last are drawn too
    /// ([Fan et al. 2018](https://arxiv.org/abs/1805.04833)).
    pub top_k: Option<usize>,
    /// Only the fewest most likely tokens whose probabilities reach this sum are drawn; of equals the first. Above 0; at 1
    /// all are ([Holtzman et al. 2019](https://arxiv.org/abs/1904.09751)).
    pub top_p: f32,
    /// What the logits of tokens that are already in the sequence are divided by, or multiplied with where
    /// they are negative. Above 0; at 1 nothing changes ([Keskar et al. 2019](https://arxiv.org/abs/1909.05858)).
    pub repetition_penalty: f32,
}

impl Default for Sampling {
    /// The distribution of the model itself.
    fn default() -> Self {
        Sampling { temperature: 1.0, top_k: None, top_p: 1.0, repetition_penalty: 1.0 }
    }
}

impl Sampling {
    /// Always the most likely token.
    pub const GREEDY: Sampling = Sampling { temperature: 0.0, top_k: None, top_p: 1.0, repetition_penalty: 1.0 };

    fn check(&self) -> Result<(), Error> {
        let wrong = |setting, expected, found: &dyn Display| {
            Err(Error::Setting { setting, expected, found: found.to_string() })
        };
        let Sampling { temperature, top_k, top_p, repetition_penalty } = self;
        if !(temperature.is_finite() && *temperature >= 0.0) {
            return wrong("temperature", "a number from 0 on", temperature);
        }
        if *top_k == Some(0) {
            return wrong("top_k", "at least 1", &0);
        }
        if !(*top_p > 0.0 && *top_p <= 1.0) {
            return wrong("top_p", "a number above 0, up to 1", top_p);
        }
        if !(repetition_penalty.is_finite() && *repetition_penalty > 0.0) {
            return wrong("repetition_penalty", "a number above 0", repetition_penalty);
        }
        Ok(())
    }

    /// The tokens that may be drawn, by their ids, and the probability of each.
    ///
    /// `sequence` has the tokens so far, with those of the prompt. Logits of any backend come to the processor, in single
    /// precision.
    ///
    /// ```
    /// use congruent::generate::Sampling;
    /// use congruent::prelude::*;
    /// dims! { Vocab = 3; }
    /// let logits = Tensor::from_nested((Vocab,), [0.0, 0.0, -1.0]);
    /// let sampling = Sampling { top_k: Some(2), ..Sampling::default() };
    /// let probabilities = sampling.distribution(&logits, &[])?;
    /// assert_eq!(probabilities.iter().map(|(id, p)| (id.get(), *p)).collect::<Vec<_>>(), [(0, 0.5), (1, 0.5)]);
    /// # Ok::<(), congruent::Error>(())
    /// ```
    ///
    /// # Errors
    /// A setting is out of its range; a logit is NaN, or none is above minus infinity; they are what
    /// [`softmax`](crate::Tensor::softmax) gave, and the temperature is not zero. Of infinite logits all are
    /// equally likely, and no other token is. The engine failed, as [`try_to_vec`](Tensor::try_to_vec) says.
    pub fn distribution<S, V: Whole + Compared, B: Backend<Elem: Float>>(
        &self,
        logits: &Tensor<S, B>,
        sequence: &[Index<V>],
    ) -> Result<Vec<(Index<V>, f64)>, Error>
    where
        S: Vector<Elements = V>,
    {
        self.check()?;
        let vocab = logits.shape().dim();
        if let (true, Some(function)) = (self.temperature != 0.0, B::probabilities_by(logits.array())) {
            return Err(no_distribution::<V>(format!("`{function}` made probabilities of them already")));
        }
        let logits = try_elements::<B>(logits.array()).map_err(Error::Engine)?.into_iter();
        let mut logits: Vec<f32> = logits.map(|logit| f32::from_value(logit.to_value())).collect();
        if let Some(at) = logits.iter().position(|logit| logit.is_nan()) {
            return Err(no_distribution::<V>(format!("the one of id {at} is NaN")));
        }
        self.penalise(&mut logits, sequence);
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        if largest == f32::NEG_INFINITY {
            return Err(no_distribution::<V>("none is above minus infinity".to_owned()));
        }
        let candidates = if self.temperature == 0.0 {
            let first = logits.iter().position(|logit| *logit == largest);
            first.map(|at| Candidate { at, weight: 1.0 }).into_iter().collect()
        } else {
            let least = self.top_k.map_or(f32::NEG_INFINITY, |k| kth_largest(&logits, k));
            // What exp gives depends on differences alone, which neither overflow nor lose the largest to a small temperature.
            let weight = |logit: f32| match logit == largest {
                true => 1.0,
                false => ((f64::from(logit) - f64::from(largest)) / f64::from(self.temperature)).exp(),
            };
            let kept = logits.iter().enumerate().filter(|(_, logit)| **logit >= least);
            nucleus(kept.map(|(at, logit)| Candidate { at, weight: weight(*logit) }).collect(), self.top_p)
        };
        let total: f64 = candidates.iter().map(|candidate| candidate.weight).sum();
        let probability = |Candidate { at, weight }| Ok((Index::new(vocab, at as u32)?, weight / total));
        candidates.into_iter().map(probability).collect()
    }

    /// Once for each token of the sequence, however often it is there.
    fn penalise<V: Dim>(&self, logits: &mut [f32], sequence: &[Index<V>]) {
        if self.repetition_penalty == 1.0 {
            return;
        }
        let mut ids: Vec<u32> = sequence.iter().map(|id| id.get()).collect();
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            if let Some(logit) = logits.get_mut(id as usize) {
                *logit = if *logit < 0.0 { *logit * self.repetition_penalty } else { *logit / self.repetition_penalty };
            }
        }
    }
}

pub(super) fn no_distribution<V: Dim>(reason: String) -> Error {
    Error::NoDistribution { dimension: Name::<V>::new().to_string(), reason }
}

/// The `k`-th largest of numbers, or the least of fewer.
fn kth_largest(logits: &[f32], k: usize) -> f32 {
    if k >= logits.len() {
        return f32::NEG_INFINITY;
    }
    *logits.to_vec().select_nth_unstable_by(k - 1, |x, y| y.total_cmp(x)).1
}

/// A token that may be drawn.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    at: usize,
    weight: f64,
}

/// The fewest heaviest candidates that have this part of the weight, of equals the first; in the order they came in.
fn nucleus(mut candidates: Vec<Candidate>, top_p: f32) -> Vec<Candidate> {
    if top_p == 1.0 {
        return candidates;
    }
    let total: f64 = candidates.iter().map(|candidate| candidate.weight).sum();
    let enough = total * f64::from(top_p);
    // All that are lighter than this are together lighter than what is left out, so that few are to be sorted. The
    // heaviest weighs 1, and stays whatever rounding does.
    let least = f64::min((total - enough) / candidates.len() as f64, 1.0);
    candidates.retain(|candidate| candidate.weight >= least);
    candidates.sort_unstable_by(|x, y| y.weight.total_cmp(&x.weight).then(x.at.cmp(&y.at)));
    let mut weight = 0.0;
    let kept = candidates.iter().take_while(|candidate| {
        let more = weight < enough;
        weight += candidate.weight;
        more
    });
    candidates.truncate(kept.count());
    candidates.sort_unstable_by_key(|candidate| candidate.at);
    candidates
}

/// Draws tokens; the same ones for the same seed.
#[derive(Clone, Debug)]
pub struct Sampler {
    sampling: Sampling,
    rng: Rng,
}

impl Sampler {
    /// A sampler that begins with this seed.
    ///
    /// ```
    /// use congruent::generate::{Sampler, Sampling};
    /// let error = Sampler::new(Sampling { top_p: 0.0, ..Sampling::default() }, 0).unwrap_err();
    /// assert_eq!(error.to_string(), "`top_p` is 0, expected a number above 0, up to 1");
    /// ```
    ///
    /// # Errors
    /// A setting is out of its range.
    pub fn new(sampling: Sampling, seed: u64) -> Result<Self, Error> {
        sampling.check()?;
        Ok(Sampler { sampling, rng: Rng::with_seed(seed) })
    }

    /// The next token of a sequence, of which there are these so far, with those of the prompt.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::generate::{Sampler, Sampling};
    /// dims! { Vocab = 3; }
    /// let logits = Tensor::from_nested((Vocab,), [1.0, 3.0, 2.0]);
    /// let sampling = Sampling { repetition_penalty: 10.0, ..Sampling::GREEDY };
    /// let mut sampler = Sampler::new(sampling, 0)?;
    /// let first = sampler.sample(&logits, &[])?;
    /// // The most likely token is in the sequence by now, and another one comes.
    /// assert_eq!((first.get(), sampler.sample(&logits, &[first])?.get()), (1, 2));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// The logits are no distribution: see [`Sampling::distribution`].
    pub fn sample<S, V: Whole + Compared, B: Backend<Elem: Float>>(
        &mut self,
        logits: &Tensor<S, B>,
        sequence: &[Index<V>],
    ) -> Result<Index<V>, Error>
    where
        S: Vector<Elements = V>,
    {
        let candidates = self.sampling.distribution(logits, sequence)?;
        self.draw(&candidates).ok_or_else(|| no_distribution::<V>("no token is left".to_owned()))
    }

    pub(super) fn sampling(&self) -> &Sampling {
        &self.sampling
    }

    /// One of these tokens by their probabilities, if one has any.
    pub(super) fn draw<V: Copy>(&mut self, candidates: &[(Index<V>, f64)]) -> Option<Index<V>> {
        // A choice of one takes no random number.
        let point = if candidates.len() > 1 { self.rng.f64() } else { 0.0 };
        let mut sum = 0.0;
        let reached = |(_, probability): &&(Index<V>, f64)| {
            sum += probability;
            point < sum
        };
        // The sum may end a little below 1, which is the last's who can be drawn.
        let last = || candidates.iter().rfind(|(_, probability)| *probability > 0.0);
        candidates.iter().find(reached).or_else(last).map(|(id, _)| *id)
    }

    /// Whether something of this probability happens; what is certain takes no random number.
    pub(super) fn happens(&mut self, probability: f64) -> bool {
        probability >= 1.0 || probability > 0.0 && self.rng.f64() < probability
    }
}
