//! What is calculated of the numbers of a row.

use super::Near;
use crate::backend::Reduce;
use std::cmp::Ordering;

fn largest_magnitude(row: &[f64]) -> f64 {
    row.iter().filter(|x| x.is_finite()).fold(0.0, |largest: f64, x| largest.max(x.abs()))
}

pub fn reduce(op: Reduce, row: &[f64]) -> Near {
    let count = row.len() as f64;
    let mean = |terms: &mut dyn Iterator<Item = f64>| {
        let sum = Near::sum(terms);
        Near { value: sum.value / count, scale: sum.scale / count }
    };
    match op {
        Reduce::Sum => Near::sum(row.iter().copied()),
        Reduce::Mean => mean(&mut row.iter().copied()),
        Reduce::Variance => {
            let center = mean(&mut row.iter().copied()).value;
            let variance = mean(&mut row.iter().map(|x| (x - center).powi(2)));
            Near { scale: variance.scale + mean(&mut row.iter().map(|x| x * x)).value, ..variance }
        }
        Reduce::Max | Reduce::Min if row.iter().any(|x| x.is_nan()) => Near::relative(f64::NAN),
        Reduce::Max => Near::relative(row.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
        Reduce::Min => Near::relative(row.iter().copied().fold(f64::INFINITY, f64::min)),
    }
}

pub fn deviation(row: &[f64]) -> Near {
    let Near { value, scale } = reduce(Reduce::Variance, row);
    let root = value.sqrt();
    Near { value: root, scale: if root > 0.0 { scale / root } else { scale.sqrt() } }
}

/// The Euclidean norm.
pub fn length(row: &[f64]) -> Near {
    Near::relative(row.iter().map(|x| x * x).sum::<f64>().sqrt())
}

pub fn log_sum_exp(row: &[f64]) -> Near {
    let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let center = if largest.is_finite() { largest } else { 0.0 };
    let value = center + row.iter().map(|x| (x - center).exp()).sum::<f64>().ln();
    Near { value, scale: 1.0 + 2.0 * largest_magnitude(row) }
}

pub fn product(row: &[f64]) -> Near {
    Near::relative(row.iter().product())
}

/// The positions of the numbers, largest first, NaN before them, of equals the first.
pub fn descending<T: PartialOrd>(row: &[T]) -> Vec<usize> {
    #[expect(clippy::eq_op, reason = "NaN differs from itself, of whatever type it is")]
    let is_nan = |x: &T| x != x;
    let mut order: Vec<usize> = (0..row.len()).collect();
    // It is stable.
    order.sort_by(|&i, &j| {
        let by_nan = is_nan(&row[j]).cmp(&is_nan(&row[i]));
        by_nan.then(row[j].partial_cmp(&row[i]).unwrap_or(Ordering::Equal))
    });
    order
}

/// The positions of the numbers, smallest first, NaN behind them, of equals the first.
pub fn ascending<T: PartialOrd>(row: &[T]) -> Vec<usize> {
    let backwards: Vec<&T> = row.iter().rev().collect();
    descending(&backwards).into_iter().rev().map(|at| row.len() - 1 - at).collect()
}

pub fn softmax(row: &[f64]) -> Vec<Near> {
    let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exponentials: Vec<f64> = row.iter().map(|x| (x - largest).exp()).collect();
    let (sum, magnitude) = (exponentials.iter().sum::<f64>(), largest_magnitude(row));
    let near = |x: &f64| Near { value: x / sum, scale: x / sum * (1.0 + 2.0 * magnitude) };
    exponentials.iter().map(near).collect()
}

pub fn log_softmax(row: &[f64]) -> Vec<Near> {
    let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let log = row.iter().map(|x| (x - largest).exp()).sum::<f64>().ln();
    let magnitude = largest_magnitude(row);
    row.iter().map(|x| Near { value: x - largest - log, scale: 1.0 + 2.0 * magnitude }).collect()
}

pub fn cross_entropy(row: &[f64], target: usize, smoothing: f64) -> Near {
    let logs = log_softmax(row);
    let mean = logs.iter().map(|near| near.value).sum::<f64>() / row.len() as f64;
    let value = -(1.0 - smoothing) * logs[target].value - if smoothing > 0.0 { smoothing * mean } else { 0.0 };
    Near { value, scale: logs[target].scale }
}

/// The norm of a row: centered with a bias or none, or not centered.
pub fn norm(row: &[f64], weight: &[f64], bias: Option<&[f64]>, epsilon: f64, is_centered: bool) -> Vec<Near> {
    let count = row.len() as f64;
    let center = if is_centered { row.iter().sum::<f64>() / count } else { 0.0 };
    let root = (row.iter().map(|x| (x - center).powi(2)).sum::<f64>() / count + epsilon).sqrt();
    let at = |i: usize| {
        let bias = bias.map_or(0.0, |bias| bias[i]);
        let scale = (row[i].abs() + center.abs()) / root * weight[i].abs() + bias.abs();
        Near { value: (row[i] - center) / root * weight[i] + bias, scale }
    };
    (0..row.len()).map(at).collect()
}
