//! Operations on arrays. Nothing here is recorded.

pub mod attention;
pub mod convolution;
pub mod cross_entropy;
pub mod direct;
pub mod elementwise;
pub mod few_channels;
pub mod fused;
pub mod gather;
pub mod join;
pub mod key_mask;
pub mod matmul;
pub mod norm;
pub mod plane;
pub mod recurrence;
pub mod reduce;
pub mod rotary;
pub mod scan;
pub mod scores;
pub mod softmax;
