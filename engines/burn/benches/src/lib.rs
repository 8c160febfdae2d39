//! What typed tensors cost on burn, and how fast models are beside others.
//!
//! `cost` compares with the same calls of burn, `speed` with other libraries.

pub mod burn;
#[cfg(feature = "candle")]
pub mod candle;
pub mod cases;
pub mod clock;
#[allow(missing_docs)]
pub mod library;
pub mod models;
pub mod steps;
#[allow(missing_docs)]
pub mod typed;
