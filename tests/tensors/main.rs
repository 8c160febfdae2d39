//! Operations of tensors beside plain loops over their elements, with masks, padding, nothing, and on other engines. They are one crate,
//! so that what they have in common is compiled once.

mod empty;
mod fuse;
mod indexing;
mod lists;
mod masks;
mod numbers;
#[path = "../common/one.rs"]
mod one;
mod operations;
#[path = "../common/other.rs"]
mod other;
mod padding;
mod transfers;
