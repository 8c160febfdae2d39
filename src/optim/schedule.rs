//! Learning rates that change.

use std::f64::consts::PI;

/// What the learning rate is multiplied by at each step: it rises in proportion during the first steps, and falls then.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    warmup: u64,
    steps: u64,
    last: f64,
    fall: Fall,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fall {
    Linear,
    Cosine,
}

impl Schedule {
    /// From zero to 1 in `warmup` steps, and along half a cosine to `last` at step `steps`
    /// ([Loshchilov and Hutter 2017](https://arxiv.org/abs/1608.03983)).
    ///
    /// ```
    /// use congruent::optim::Schedule;
    /// let schedule = Schedule::warmup_cosine(10, 110, 0.1);
    /// assert_eq!([0, 4, 9, 10].map(|step| schedule.at(step)), [0.1, 0.5, 1.0, 1.0]);
    /// assert!((schedule.at(60) - 0.55).abs() < 1e-9);
    /// assert_eq!([110, 200].map(|step| schedule.at(step)), [0.1, 0.1]);
    /// ```
    pub fn warmup_cosine(warmup: u64, steps: u64, last: f64) -> Self {
        Schedule { warmup, steps, last, fall: Fall::Cosine }
    }

    /// From zero to 1 in `warmup` steps, and in a straight line to zero at step `steps`.
    ///
    /// ```
    /// use congruent::optim::Schedule;
    /// let schedule = Schedule::linear(2, 10);
    /// assert_eq!([0, 1, 2, 6, 10].map(|step| schedule.at(step)), [0.5, 1.0, 1.0, 0.5, 0.0]);
    /// ```
    pub fn linear(warmup: u64, steps: u64) -> Self {
        Schedule { warmup, steps, last: 0.0, fall: Fall::Linear }
    }

    /// The factor of a step, counted from 0.
    ///
    /// ```
    /// use congruent::optim::Schedule;
    /// let schedule = Schedule::linear(2, 10);
    /// assert_eq!([0, 1, 6, 10].map(|step| schedule.at(step)), [0.5, 1.0, 0.5, 0.0]);
    /// ```
    pub fn at(&self, step: u64) -> f64 {
        if step < self.warmup {
            return (step + 1) as f64 / self.warmup as f64;
        }
        let fall = self.steps.saturating_sub(self.warmup).max(1);
        let share = ((step - self.warmup) as f64 / fall as f64).min(1.0);
        let left = match self.fall {
            Fall::Linear => 1.0 - share,
            Fall::Cosine => (1.0 + (PI * share).cos()) / 2.0,
        };
        self.last + (1.0 - self.last) * left
    }
}
