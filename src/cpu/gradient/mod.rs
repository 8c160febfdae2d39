//! Reverse-mode automatic differentiation.
//!
//! An array may be tracked: it then has a [`Node`](graph::Node), which holds the operation that made it, the
//! arrays saved for the backward pass, and the nodes of the inputs. The kernels know nothing of it. An operation on
//! arrays that are not tracked records nothing.

mod attention;
mod checkpoint;
mod convolution;
mod cross_entropy;
mod elementwise;
mod fused;
mod gather;
mod graph;
mod join;
mod matmul;
mod movement;
mod norm;
mod operation;
mod recurrence;
mod reduce;
mod scan;
mod softmax;
mod tape;
// Nothing here is unsafe, and differences take Miri long.
#[cfg(all(test, not(miri)))]
mod tests;

pub use graph::Gradients;
pub use movement::{Move, OfGradient};
pub use operation::Op;
pub use tape::{
    Tape, attention, backward, cast, checkpoint, converted, convolution, gradient, linear, set_gradient, track,
};
