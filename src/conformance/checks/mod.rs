//! What is checked, of each kind of operation.

pub mod attention;
pub mod casts;
pub mod choice;
pub mod custom;
pub mod devices;
pub mod elementwise;
pub mod gradients;
pub mod integers;
pub mod large;
pub mod matmul;
pub mod movement;
pub mod rows;
pub mod scatter;
pub mod special;
pub mod storage;
pub mod tracking;
pub mod windows;
