//! How a tensor shows itself.

use super::Tensor;
use crate::backend::{ArrayOf, Backend, Element, Proven};
use crate::shape::{Described, Shape};
use std::fmt::{self, Debug, Display, Formatter};

/// Of a longer axis, the first and the last three positions are shown.
const SHOWN: usize = 6;

/// The dimensions, their sizes, and the values, shortened.
impl<S: Shape, B: Backend> Display for Tensor<S, B> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", Described::new(self.shape))?;
        write_values::<B>(&self.array, f, 0)
    }
}

impl<S: Shape, B: Backend> Debug for Tensor<S, B> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor {self}")
    }
}

fn write_values<B: Backend>(x: &ArrayOf<B>, f: &mut Formatter<'_>, depth: usize) -> fmt::Result {
    let Some((&size, inner)) = B::sizes(x).split_first() else {
        let value = &B::Elem::of_primitives(crate::backend::elements::<B>(x), Proven(()))[0];
        return match f.precision() {
            Some(precision) => write!(f, "{value:.precision$?}"),
            None => write!(f, "{value:.4?}"),
        };
    };
    let separator = if inner.is_empty() { ", ".to_owned() } else { format!(",\n{}", " ".repeat(depth + 1)) };
    f.write_str("[")?;
    for position in (0..size).filter(|&i| size <= SHOWN || i < SHOWN / 2 || i >= size - SHOWN / 2) {
        if position > 0 {
            f.write_str(&separator)?;
        }
        if size > SHOWN && position == size - SHOWN / 2 {
            write!(f, "…{separator}")?;
        }
        let row = B::reshape(&B::narrow(x, 0, position, 1), inner);
        write_values::<B>(&row, f, depth + 1)?;
    }
    f.write_str("]")
}
