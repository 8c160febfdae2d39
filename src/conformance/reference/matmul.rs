//! Products of matrices, and rotary positions.

use super::{Near, elementwise};
use crate::backend::{RotaryLayout, Unary};
use crate::conformance::sample::Sample;

/// The last two axes of `(.., m, k)` and `(.., k, n)`, or of a right side of two axes.
pub fn product<T: Copy, U: Copy>(
    x: &Sample<T>,
    y: &Sample<T>,
    sum: impl Fn(&mut dyn Iterator<Item = (T, T)>) -> U,
) -> Sample<U> {
    let (outer, inner) = (&x.sizes[..x.rank() - 1], x.sizes[x.rank() - 1]);
    let sizes = [outer, &y.sizes[y.rank() - 1..]].concat();
    Sample::from_fn(&sizes, |index| {
        let (column, row) = index.split_last().expect("a product has two axes");
        let batch = &row[..y.rank() - 2];
        let pair = |l: usize| (x.at(&[row, &[l]].concat()), y.at(&[batch, &[l, *column]].concat()));
        sum(&mut (0..inner).map(pair))
    })
}

pub fn matmul(x: &Sample<f64>, y: &Sample<f64>) -> Sample<Near> {
    product(x, y, |pairs| Near::sum(pairs.map(|(x, y)| x * y)))
}

/// `x (.., in)`, the weight `(out, in)`, and what becomes of the product.
pub fn linear(
    x: &Sample<f64>,
    weight: &Sample<f64>,
    bias: Option<&Sample<f64>>,
    activation: Option<Unary>,
    residual: Option<&Sample<f64>>,
) -> Sample<Near> {
    let (size, outer) = x.sizes.split_last().expect("features are the last axis");
    let rows: usize = outer.iter().product();
    let product = matmul(&x.reshape(&[rows, *size]), &weight.permute(&[1, 0]));
    let sizes = [outer, &weight.sizes[..1]].concat();
    let product = product.reshape(&sizes);
    Sample::from_fn(&sizes, |index| {
        let Near { mut value, mut scale } = product.at(&index);
        let bias = bias.map_or(0.0, |bias| bias.at(&index[index.len() - 1..]));
        (value, scale) = (value + bias, scale + bias.abs());
        if let Some(op) = activation {
            let near = elementwise::unary(op, value);
            // No activation is much steeper than 1.
            (value, scale) = (near.value, 1.5 * scale + near.scale);
        }
        let residual = residual.map_or(0.0, |residual| residual.at(&index));
        Near { value: value + residual, scale: scale + residual.abs() }
    })
}

/// Of `x (batch, heads, sequence, d)`, by cosines and sines `(batch, sequence, d / 2)`.
pub fn rotate(x: &Sample<f64>, [cos, sin]: [&Sample<f64>; 2], layout: RotaryLayout) -> Sample<Near> {
    let half = x.sizes[3] / 2;
    Sample::from_fn(&x.sizes, |index| {
        let &[batch, head, place, i] = &index[..] else { unreachable!("four axes") };
        let (angle, first, second) = match layout {
            RotaryLayout::Half => (i % half, i % half, i % half + half),
            RotaryLayout::Interleaved => (i / 2, i - i % 2, i - i % 2 + 1),
        };
        let [first_x, second_x] = [first, second].map(|i| x.at(&[batch, head, place, i]));
        let (cos, sin) = (cos.at(&[batch, place, angle]), sin.at(&[batch, place, angle]));
        Near::sum(
            if i == first { [first_x * cos, -second_x * sin] } else { [second_x * cos, first_x * sin] }.into_iter(),
        )
    })
}
