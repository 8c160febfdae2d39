//! Optimizers: how parameters follow from their gradients.
//!
//! ```
//! use congruent::nn::Linear;
//! use congruent::optim::{AdamW, Optimizer, Schedule};
//! use congruent::prelude::*;
//! dims! { Batch = 8; In = 3; Out = 2; }
//!
//! let mut rng = Rng::with_seed(1);
//! let (x, expected) = (Tensor::uniform((Batch, In), -1.0..1.0, &mut rng), Tensor::ones((Batch, Out)));
//! let mut model = Linear::random(In, Out, &mut rng);
//! model.track();
//!
//! let rule = AdamW { learning_rate: 0.05, ..AdamW::default() };
//! let mut optimizer = Optimizer::new(rule).group(AdamW { weight_decay: 0.0, ..rule }, |x| x.sizes().len() < 2);
//! let schedule = Schedule::warmup_cosine(10, 200, 0.1);
//! let mut last = f32::NAN;
//! for step in 0..200 {
//!     let loss: Tensor<()> = (model.forward(&x) - &expected).square().mean(Batch).mean(Out);
//!     last = loss.scalar();
//!     let mut gradients = loss.backward();
//!     gradients.clip_norm(&model, 1.0);
//!     optimizer.step(&mut model, &gradients, schedule.at(step));
//! }
//! assert!(last < 1e-3);
//! ```

mod adafactor;
mod adam;
mod average;
mod lion;
mod loss_scale;
mod muon;
mod optimizer;
mod pass;
mod rule;
mod schedule;
mod sgd;
mod sharded;
mod taken;

pub use adafactor::Adafactor;
pub use adam::{Adam, AdamW};
pub use average::moving_average;
pub use lion::Lion;
pub use loss_scale::{LossScale, ScaledGradients};
pub use muon::{Muon, MuonLength};
pub use optimizer::Optimizer;
pub use rule::{Rule, State};
pub use schedule::Schedule;
pub use sgd::Sgd;
pub use sharded::ShardedGradients;
pub use taken::StepGradients;

use crate::backend::{ArrayOf, Backend, Binary, Float, constant};

/// Arithmetic of arrays and numbers.
fn scaled<B: Backend<Elem: Float>>(x: ArrayOf<B>, factor: f64) -> ArrayOf<B> {
    B::binary_scalar(Binary::Mul, x, constant(factor))
}

fn added<B: Backend<Elem: Float>>(x: ArrayOf<B>, y: ArrayOf<B>) -> ArrayOf<B> {
    B::binary(Binary::Add, x, y)
}

/// `stays · x + (1 - stays) · y`.
fn mixed<B: Backend<Elem: Float>>(x: ArrayOf<B>, y: ArrayOf<B>, stays: f64) -> ArrayOf<B> {
    added::<B>(scaled::<B>(x, stays), scaled::<B>(y, 1.0 - stays))
}

/// Asserts that settings are numbers from zero to below a bound.
#[track_caller]
fn check_settings<const COUNT: usize>(settings: [(&str, f64); COUNT], bound: f64) {
    let below = if bound.is_finite() { format!("to below {bound}") } else { "on".to_owned() };
    for (name, value) in settings {
        assert!((0.0..bound).contains(&value), "`{name}` is {value}, expected a number from 0 {below}");
    }
}
