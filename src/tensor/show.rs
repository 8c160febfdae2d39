//! How a tensor shows itself.

use super::Tensor;
use crate::backend::{ArrayOf, Backend, Element, Failure, Proven, try_elements};
use crate::shape::{Described, Shape};
use std::fmt::{self, Debug, Display, Formatter};

/// Of a longer axis, the first and the last three positions are shown.
const SHOWN: usize = 6;

/// The dimensions, their sizes, and the values, shortened.
impl<S: Shape, B: Backend> Display for Tensor<S, B> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", Described::new(self.shape))?;
        let mut values = String::new();
        match write_values::<B>(&self.array, &mut values, f.precision(), 0) {
            Ok(()) => f.write_str(&values),
            Err(failure) => write!(f, "{failure}"),
        }
    }
}

impl<S: Shape, B: Backend> Debug for Tensor<S, B> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor {self}")
    }
}

/// # Errors
/// The engine failed.
fn write_values<B: Backend>(
    x: &ArrayOf<B>,
    text: &mut String,
    precision: Option<usize>,
    depth: usize,
) -> Result<(), Failure> {
    let Some((&size, inner)) = B::sizes(x).split_first() else {
        let value = &B::Elem::of_primitives(try_elements::<B>(x)?, Proven(()))[0];
        let precision = precision.unwrap_or(4);
        text.push_str(&format!("{value:.precision$?}"));
        return Ok(());
    };
    let separator = if inner.is_empty() { ", ".to_owned() } else { format!(",\n{}", " ".repeat(depth + 1)) };
    text.push('[');
    for position in (0..size).filter(|&i| size <= SHOWN || i < SHOWN / 2 || i >= size - SHOWN / 2) {
        if position > 0 {
            text.push_str(&separator);
        }
        if size > SHOWN && position == size - SHOWN / 2 {
            text.push_str(&format!("…{separator}"));
        }
        let row = B::reshape(&B::narrow(x, 0, position, 1), inner);
        write_values::<B>(&row, text, precision, depth + 1)?;
    }
    text.push(']');
    Ok(())
}
