#![doc = include_str!("../README.md")]

mod array;
mod attention;
mod autodiff;
mod backend;
mod convolution;
mod custom;
mod device;
mod elementwise;
mod engine;
mod failure;
mod gradient;
mod interface;
mod layout;
mod power;
mod product;
mod reduce;
mod rotary;
mod rows;
mod scan;
mod scatter;
mod transfers;

pub use array::Array;
pub use backend::Burn;
pub use device::{Device, NoDevice};
pub use engine::BurnEngine;
pub use gradient::Gradients;
pub use transfers::{Transfers, transfers};
