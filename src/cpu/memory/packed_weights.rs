//! How much memory copies of weights may take.
//!
//! The product of a linear layer is fastest where the kernel finds the weight in the order in which it reads it. So a weight
//! of `f32` that is used a second time is kept in that order too, for all the times to come: a copy that is as large as the
//! weight, or up to a quarter larger. Weights in blocks, of `f16` and of `bf16` are not copied. A copy lasts as long as its
//! weight.
//!
//! Where memory is scarce, the copies of a whole program can be bounded: further weights are then brought into that order
//! for each product, which costs time, the more the fewer rows there are. The bound is, in this order:
//!
//! 1. what [`set_limit`] was called with;
//! 2. the environment variable `CONGRUENT_PACKED_BYTES`, read once; what is not a whole number counts as not set;
//! 3. none.
//!
//! **Results do not depend on it**, bit for bit.
//!
//! ```
//! use congruent::nn::Linear;
//! use congruent::packed_weights;
//! use congruent::prelude::*;
//! dims! { Batch = 8; Inputs = 256; Outputs = 256; }
//!
//! let x = Tensor::ones((Batch, Inputs));
//! let layer = Linear::random(Inputs, Outputs, &mut Rng::with_seed(1));
//! let y = layer.forward(&x) + layer.forward(&x);
//! assert_eq!(packed_weights::bytes(), 4 * 256 * 256);
//!
//! packed_weights::set_limit(0);
//! assert_eq!((layer.forward(&x) + layer.forward(&x)).to_vec(), y.to_vec());
//! assert_eq!(packed_weights::bytes(), 0);
//! ```

use crate::cpu::environment::read;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The bytes of all copies.
static BYTES: AtomicUsize = AtomicUsize::new(0);

fn limit_cell() -> &'static AtomicUsize {
    static LIMIT: OnceLock<AtomicUsize> = OnceLock::new();
    LIMIT.get_or_init(|| {
        let number = |asked: &str| asked.parse().ok();
        let asked = read("CONGRUENT_PACKED_BYTES", number, "a number of bytes", "copies take what they need");
        AtomicUsize::new(asked.unwrap_or(usize::MAX))
    })
}

/// The most bytes that copies of weights may take, `usize::MAX` where there is no bound.
///
/// ```
/// congruent::packed_weights::set_limit(1 << 30);
/// assert_eq!(congruent::packed_weights::limit(), 1 << 30);
/// ```
pub fn limit() -> usize {
    limit_cell().load(Ordering::Relaxed)
}

/// Bounds the bytes that copies of weights may take, from now on and in the whole program: zero is none, `usize::MAX` is as
/// many as there are weights.
///
/// Of copies that are there already and take more, each one is given up when it is used next. The memory serves other
/// arrays, and [`release_memory`](crate::release_memory) gives it back to the system.
///
/// ```
/// // No copies: what a product reads is brought into its order each time.
/// congruent::packed_weights::set_limit(0);
/// assert_eq!(congruent::packed_weights::limit(), 0);
/// ```
pub fn set_limit(bytes: usize) {
    limit_cell().store(bytes, Ordering::Relaxed);
}

/// The bytes that copies of weights take now.
///
/// ```
/// # use congruent::prelude::*;
/// use congruent::{nn::Linear, packed_weights};
/// dims! { Batch = 8; Inputs = 256; Outputs = 256; }
/// let layer = Linear::random(Inputs, Outputs, &mut Rng::with_seed(1));
/// let y = layer.forward(&layer.forward(&Tensor::ones((Batch, Inputs))).relabel(Outputs, Inputs));
/// // The weight was used twice.
/// assert_eq!(packed_weights::bytes(), 4 * 256 * 256);
/// ```
pub fn bytes() -> usize {
    BYTES.load(Ordering::Relaxed)
}

/// The bytes reserved for one copy, until it is dropped.
pub(in crate::cpu) struct Reservation(usize);

impl Reservation {
    /// None if all copies would take too many.
    pub(in crate::cpu) fn new(bytes: usize) -> Option<Self> {
        let limit = limit();
        let more = |all: usize| all.checked_add(bytes).filter(|&all| all <= limit);
        BYTES.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok().map(|_| Reservation(bytes))
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        BYTES.fetch_sub(self.0, Ordering::Relaxed);
    }
}
