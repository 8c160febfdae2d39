//! How a model is trained.

use anyhow::ensure;
use clap::Args;
use congruent::backend::Autodiff;
use congruent::optim::{AdamW, Optimizer, Schedule};
use congruent::prelude::*;
use serde::{Deserialize, Serialize};
use speak::Positions;

/// How a model is trained. The defaults take less than half an hour on two cores.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// How many times the parameters change.
    #[arg(long, value_name = "N", default_value_t = 9000)]
    pub steps: u64,
    /// The sequences of a step.
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub batch: usize,
    /// The characters of a sequence.
    #[arg(long, value_name = "N", default_value_t = 256)]
    pub context: usize,
    /// Batches whose gradients are added up for a step.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub accumulate: usize,
    /// The layers of the model.
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub layers: usize,
    /// The learning rate when it is highest: it falls to a twentieth along a cosine.
    #[arg(long, value_name = "RATE", default_value_t = 3e-3)]
    pub learning_rate: f64,
    /// The steps in which the learning rate rises.
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub warmup: u64,
    /// How fast the weights decay; those of the norms do not.
    #[arg(long, value_name = "RATE", default_value_t = 0.1)]
    pub weight_decay: f64,
    /// The longest that the gradient of a step may be.
    #[arg(long, value_name = "NORM", default_value_t = 1.0)]
    pub clip: f64,
    /// The share of the elements before the first layer and after the last that become zero.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub dropout: f64,
    /// Where the random numbers begin: the same seed gives the same model.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The steps after which the held-out loss is measured and a checkpoint written.
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub every: u64,
}

impl Settings {
    /// That a model can be trained so.
    ///
    /// # Errors
    /// A setting is out of its range.
    pub fn check(&self) -> anyhow::Result<()> {
        let Settings { batch, steps, context, accumulate, layers, every, dropout, .. } = *self;
        for (name, count) in [("batch", batch), ("accumulate", accumulate), ("layers", layers)] {
            ensure!(count > 0, "--{name} is 0, and must be at least 1");
        }
        for (name, count) in [("steps", steps), ("every", every)] {
            ensure!(count > 0, "--{name} is 0, and must be at least 1");
        }
        let most = Positions.size();
        ensure!((1..=most).contains(&context), "--context is {context}, and must be from 1 to {most}");
        ensure!((0.0..1.0).contains(&dropout), "--dropout is {dropout}, and must be from 0 up to, not including, 1");
        for (name, value) in
            [("learning-rate", self.learning_rate), ("weight-decay", self.weight_decay), ("clip", self.clip)]
        {
            ensure!(value.is_finite() && value >= 0.0, "--{name} is {value}, and must be a number from 0 on");
        }
        Ok(())
    }

    /// The optimizer: AdamW, without decay of what is no matrix.
    pub fn optimizer<B: Autodiff<Elem = f32>>(&self) -> Optimizer<B> {
        let Settings { learning_rate, weight_decay, .. } = *self;
        let rule = AdamW { learning_rate, weight_decay, betas: [0.9, 0.95], ..AdamW::default() };
        Optimizer::new(rule).group(AdamW { weight_decay: 0.0, ..rule }, |parameter| parameter.sizes().len() < 2)
    }

    /// The learning rate of each step, as a share of the highest.
    pub fn schedule(&self) -> Schedule {
        Schedule::warmup_cosine(self.warmup, self.steps, 0.05)
    }
}
