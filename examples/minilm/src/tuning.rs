//! Training an encoder further, together with a head.

use crate::passages::shuffle;
use crate::{Classifier, Dims, Example};
use anyhow::ensure;
use clap::Args;
use congruent::backend::Autodiff;
use congruent::nn::{Dropout, Training};
use congruent::optim::{AdamW, Optimizer, Schedule};
use congruent::prelude::*;

/// How an encoder is trained further.
#[derive(Args, Clone, Debug)]
pub struct Settings {
    /// How often each example is seen.
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub epochs: u64,
    /// How many examples make a step.
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub batch: usize,
    /// The highest learning rate: it rises during the first tenth of the steps, and falls to zero then.
    #[arg(long, value_name = "RATE", default_value_t = 1e-4)]
    pub learning_rate: f64,
    /// By how much weights fall by themselves, times the learning rate; norms and biases do not.
    #[arg(long, value_name = "DECAY", default_value_t = 0.01)]
    pub weight_decay: f64,
    /// The longest that the gradients of a step may be, together as one vector.
    #[arg(long, value_name = "NORM", default_value_t = 1.0)]
    pub clip: f64,
    /// The share of a layer's output that is dropped.
    #[arg(long, value_name = "SHARE", default_value_t = 0.1)]
    pub dropout: f64,
}

impl Settings {
    /// How many steps so many examples make.
    pub fn steps(&self, examples: usize) -> u64 {
        self.epochs * examples.div_ceil(self.batch.max(1)) as u64
    }

    /// That an encoder can be trained so.
    ///
    /// # Errors
    /// A setting is out of its range.
    pub fn check(&self) -> anyhow::Result<()> {
        ensure!(self.epochs > 0, "--epochs is 0, and must be at least 1");
        ensure!(self.batch > 0, "--batch is 0, and must be at least 1");
        let rate = self.dropout;
        ensure!((0.0..1.0).contains(&rate), "--dropout is {rate}, and must be from 0 up to, not including, 1");
        for (name, value) in
            [("learning-rate", self.learning_rate), ("weight-decay", self.weight_decay), ("clip", self.clip)]
        {
            ensure!(value.is_finite() && value >= 0.0, "--{name} is {value}, and must be a number from 0 on");
        }
        Ok(())
    }

    /// Trains the [tracked](congruent::Tensor::tracked) parameters of a classifier by AdamW. The seed decides the order of
    /// the examples, anew in each epoch, and what is dropped. After each step, `progress` has its loss.
    ///
    /// # Errors
    /// There is nothing to learn from, or a setting cannot be; as of [`Classifier::loss`]; a loss is not finite.
    pub fn tune<D: Dims, C: Dense, B: Autodiff<Elem = f32>>(
        &self,
        classifier: &mut Classifier<D, C, B>,
        examples: &[Example],
        seed: u64,
        mut progress: impl FnMut(f32),
    ) -> anyhow::Result<()> {
        let Settings { epochs, batch, learning_rate, weight_decay, clip, dropout: rate } = *self;
        self.check()?;
        let rule = AdamW { learning_rate, weight_decay, ..AdamW::default() };
        let mut optimizer = Optimizer::new(rule).group(AdamW { weight_decay: 0.0, ..rule }, |x| x.sizes().len() < 2);
        let steps = self.steps(examples.len());
        let (schedule, mut step) = (Schedule::linear(steps / 10, steps), 0);
        let (mut rng, mut order) = (Rng::with_seed(seed), examples.iter().collect::<Vec<_>>());
        for _ in 0..epochs {
            shuffle(&mut order, &mut rng);
            for batch in order.chunks(batch) {
                let loss = classifier.loss(batch, Dropout { rate }, &mut Training::new(&mut rng))?;
                let (last, mut gradients) = (loss.scalar(), loss.backward());
                // It holds the parameters, which are written in place if nobody else does.
                let norm = gradients.clip_norm(classifier, clip);
                ensure!(norm.is_finite(), "after {step} steps the loss is {last}: a lower --learning-rate may help");
                optimizer.step(classifier, &gradients, schedule.at(step));
                step += 1;
                progress(last);
            }
        }
        Ok(())
    }
}
