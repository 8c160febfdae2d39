//! Gradients, by going back through what was recorded.
//!
//! An array may be tracked: it then has a [`Node`](graph::Node), which holds the operation that made it, what of its
//! inputs and result the way back needs, and the nodes of these inputs. The kernels know nothing of it. An operation on
//! arrays that are not tracked records nothing.

mod attention;
mod axes;
mod checkpoint;
mod cross_entropy;
mod elementwise;
mod fused;
mod gather;
mod graph;
mod operation;
mod product;
mod rows;
mod tape;
// Nothing here is unsafe, and differences take Miri long.
#[cfg(all(test, not(miri)))]
mod tests;

pub use checkpoint::checkpoint;
pub use elementwise::is_by_result;
pub use graph::Gradients;
pub use operation::{After, Op};
pub use tape::{Recorder, Tape, Tracked, backward, cast, gradient, set_gradient, track};
