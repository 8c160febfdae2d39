//! Layers, losses and training against the values that PyTorch calculates, and against definitions. They are one crate, so that what
//! they have in common is compiled once.

mod cases;
#[path = "../common/mod.rs"]
mod common;
mod convolution;
mod dual;
mod gradients;
mod losses;
mod module;
mod recurrent;
mod training;
mod values;
