//! What the programs of the gallery share.

use ndarray::{Array, Array3, ArrayRef, ArrayRef2, Axis, DimMax, Dimension, IntoDimension, Ix0, Zip, arr0};

/// Prints whether a result that ndarray gave without a word is the right one.
pub fn report<D: Dimension>(got: &ArrayRef<f32, D>, right: &ArrayRef<f32, D>) {
    let close = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-5 + 1e-5 * b.abs();
    if got.shape() == right.shape() && got.iter().zip(right).all(close) {
        println!("right");
    } else {
        println!("wrong: {} for {}", short(got), short(right));
    }
}

fn short<D: Dimension>(x: &ArrayRef<f32, D>) -> String {
    let shape: Vec<_> = x.shape().iter().map(usize::to_string).collect();
    let digits = |v: &f32| format!("{v:.5e}").parse::<f64>().map_or_else(|_| v.to_string(), |v| v.to_string());
    let first: Vec<_> = x.iter().take(8).map(digits).collect();
    let more = if x.len() > 8 { ", .." } else { "" };
    format!("({}) [{}{more}]", shape.join(", "), first.join(", "))
}

/// 0, 1, 2, .. in this shape.
pub fn arange<S: IntoDimension>(shape: S) -> Array<f32, S::Dim> {
    let shape = shape.into_dimension();
    let numbers = (0..shape.size()).map(|i| i as f32).collect();
    Array::from_shape_vec(shape, numbers).unwrap()
}

/// Numbers without a pattern, the same in every system: sin(1), sin(2), ..
pub fn wave<S: IntoDimension>(shape: S) -> Array<f32, S::Dim> {
    (arange(shape) + 1.0).sin()
}

/// The product of each pair of matrices, which lie in the last two axes.
pub fn matmul<D: Dimension>(a: &ArrayRef<f32, D>, b: &ArrayRef<f32, D>) -> Array<f32, D> {
    let mut shape = a.raw_dim();
    shape[a.ndim() - 1] = b.shape()[b.ndim() - 1];
    let (a, b) = (matrices(a), matrices(b));
    let mut products = Array3::zeros((a.shape()[0], a.shape()[1], b.shape()[2]));
    let triples = Zip::from(products.outer_iter_mut()).and(a.outer_iter()).and(b.outer_iter());
    triples.for_each(|mut product, a, b| product.assign(&a.dot(&b)));
    products.into_shape_with_order(shape).unwrap()
}

fn matrices<D: Dimension>(x: &ArrayRef<f32, D>) -> Array3<f32> {
    let (leading, matrix) = x.shape().split_at(x.ndim() - 2);
    x.to_shape((leading.iter().product(), matrix[0], matrix[1])).unwrap().into_owned()
}

/// Softmax over one axis.
pub fn softmax<D: Dimension>(mut x: Array<f32, D>, axis: Axis) -> Array<f32, D> {
    for mut lane in x.lanes_mut(axis) {
        let max = lane.fold(f32::NEG_INFINITY, |max, &v| max.max(v));
        lane.mapv_inplace(|v| (v - max).exp());
        lane /= lane.sum();
    }
    x
}

/// The mean loss of logits (positions, classes).
pub fn cross_entropy(logits: &ArrayRef2<f32>, targets: &[usize]) -> f32 {
    let probabilities = softmax(logits.to_owned(), Axis(1));
    Zip::from(probabilities.rows()).and(targets).fold(0.0, |sum, row, &target| sum - row[target].ln())
        / targets.len() as f32
}

/// softmax(q kT / sqrt(d)) v
pub fn attend<D>(q: &ArrayRef<f32, D>, k: &ArrayRef<f32, D>, v: &ArrayRef<f32, D>) -> Array<f32, D>
where
    D: Dimension + DimMax<Ix0, Output = D>,
{
    attend_with(q, k, v, &arr0(0.0))
}

/// softmax(q kT / sqrt(d) + bias) v
pub fn attend_with<D, E>(
    q: &ArrayRef<f32, D>,
    k: &ArrayRef<f32, D>,
    v: &ArrayRef<f32, D>,
    bias: &ArrayRef<f32, E>,
) -> Array<f32, D>
where
    D: Dimension + DimMax<E, Output = D>,
    E: Dimension,
{
    let last = q.ndim() - 1;
    let mut keys = k.view();
    keys.swap_axes(last - 1, last);
    let scores = matmul(q, &keys) / (q.shape()[last] as f32).sqrt() + bias;
    matmul(&softmax(scores, Axis(last)), v)
}
