#![doc = include_str!("../README.md")]

mod array;
mod attention;
mod backend;
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
mod transfers;

pub use array::Array;
pub use backend::{Burn, BurnEngine};
pub use device::{Device, NoDevice};
pub use gradient::Gradients;
pub use transfers::{Transfers, transfers};
