//! Plots of the examples, as SVG or PNG by the name of the file.

mod lines;
mod matrix;
mod picture;
mod text;

pub use lines::{Line, Lines};
pub use matrix::Matrix;
pub use picture::{check, draw_matrices};
