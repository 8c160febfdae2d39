#![doc = include_str!("../README.md")]

mod array;
mod attention;
mod autodiff;
mod backend;
mod convolution;
mod custom;
mod device;
mod elementwise;
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
pub use backend::{Burn, BurnEngine};
pub use device::{Device, NoDevice};
pub use gradient::Gradients;
pub use transfers::{Transfers, transfers};
