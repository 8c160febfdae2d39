//! `ndarray`, its products by `matrixmultiply`: what a user writes with it.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, Array3, ArrayViewMut2, Axis, Zip, s};
use peers::{Bench, each_case, input, weights};

fn main() {
    each_case(case);
}

fn case(bench: &Bench) {
    match (bench.kind.as_str(), bench.sizes.as_slice()) {
        ("matmul", &[m, k, n]) => {
            let (a, b) = (matrix(1, m, k), matrix(2, k, n));
            bench.run(|| a.dot(&b), values);
        }
        ("linear", &[m, k, n]) => {
            let (x, weight) = (matrix(1, m, k), Linear::new(2, k, n).weight);
            bench.run(|| x.dot(&weight.t()), values);
        }
        ("batch_matmul", &[batch, m, k, n]) => {
            let (a, b) = (matrices(1, batch, m, k), matrices(2, batch, k, n));
            let step = || {
                let mut c = Array3::zeros((batch, m, n));
                Zip::from(c.outer_iter_mut())
                    .and(a.outer_iter())
                    .and(b.outer_iter())
                    .for_each(|mut c, a, b| general_mat_mul(1.0, &a, &b, 0.0, &mut c));
                c
            };
            bench.run(step, values);
        }
        ("attention", &[b, h, s, d]) => attention(bench, [b, h, h, s, d], false),
        ("causal_attention", &[b, h, s, d]) => attention(bench, [b, h, h, s, d], true),
        ("grouped_attention", &[b, h, g, s, d]) => attention(bench, [b, h, g, s, d], false),
        ("mha", &[b, s, h, d]) => {
            let (x, layer) = (matrix(1, b * s, h * d), MultiHead::new(h * d, h));
            bench.run(|| layer.forward(&x, s), values);
        }
        ("encoder", &[b, s, h, d, f]) => {
            let embed = h * d;
            let (x, attention) = (matrix(1, b * s, embed), MultiHead::new(embed, h));
            let (up, down) = (Linear::new(10, embed, f), Linear::new(12, f, embed));
            let (ones, zeros) = (Array1::ones(embed), Array1::zeros(embed));
            let step = || {
                let y = layer_norm(&x + &attention.forward(&x, s), &ones, &zeros);
                let mut hidden = up.forward(&y);
                hidden.mapv_inplace(|x| x.max(0.0));
                layer_norm(y + down.forward(&hidden), &ones, &zeros)
            };
            bench.run(step, values);
        }
        ("softmax", &[rows, columns]) => {
            let x = matrix(1, rows, columns);
            let step = || {
                let mut y = x.clone();
                softmax(y.view_mut());
                y
            };
            bench.run(step, values);
        }
        ("layer_norm", &[rows, columns]) => {
            let (x, weight, bias) = (matrix(1, rows, columns), vector(2, columns), vector(3, columns));
            bench.run(|| layer_norm(x.clone(), &weight, &bias), values);
        }
        ("gelu_tanh", &[rows, columns]) => {
            let x = matrix(1, rows, columns);
            let gelu = |x: f32| 0.5 * x * (1.0 + (0.797_884_6 * (x + 0.044715 * x * x * x)).tanh());
            bench.run(|| x.mapv(gelu), values);
        }
        ("chain", &[rows, columns]) => {
            let (x, y) = (matrix(1, rows, columns), matrix(2, rows, columns));
            let step = || {
                let mut z = &x * &y;
                z += &x;
                z.mapv_inplace(|z| z.max(0.0));
                z * 0.5 + 1.0
            };
            bench.run(step, values);
        }
        _ => {}
    }
}

fn attention(bench: &Bench, [b, h, g, s, d]: [usize; 5], causal: bool) {
    let (q, k, v) = (matrices(1, b * h, s, d), matrices(2, b * g, s, d), matrices(3, b * g, s, d));
    let step = || {
        let mut y = Array3::zeros((b * h, s, d));
        let mut scores = Array2::zeros((s, s));
        for (i, mut y) in y.outer_iter_mut().enumerate() {
            let (k, v) = (k.index_axis(Axis(0), i * g / h), v.index_axis(Axis(0), i * g / h));
            general_mat_mul((d as f32).sqrt().recip(), &q.index_axis(Axis(0), i), &k.t(), 0.0, &mut scores);
            if causal {
                for (query, mut row) in scores.outer_iter_mut().enumerate() {
                    row.slice_mut(s![query + 1..]).fill(f32::NEG_INFINITY);
                }
            }
            softmax(scores.view_mut());
            general_mat_mul(1.0, &scores, &v, 0.0, &mut y);
        }
        y
    };
    bench.run(step, values);
}

struct Linear {
    weight: Array2<f32>,
    bias: Array1<f32>,
}

impl Linear {
    fn new(seed: u64, inputs: usize, outputs: usize) -> Self {
        Linear {
            weight: Array2::from_shape_vec((outputs, inputs), weights(seed, inputs, outputs * inputs)).unwrap(),
            bias: Array1::from_vec(weights(seed + 1, inputs, outputs)),
        }
    }

    fn forward(&self, x: &Array2<f32>) -> Array2<f32> {
        x.dot(&self.weight.t()) + &self.bias
    }
}

struct MultiHead {
    heads: usize,
    projections: [Linear; 3],
    output: Linear,
}

impl MultiHead {
    fn new(embed: usize, heads: usize) -> Self {
        let projections = [2, 4, 6].map(|seed| Linear::new(seed, embed, embed));
        MultiHead { heads, projections, output: Linear::new(8, embed, embed) }
    }

    fn forward(&self, x: &Array2<f32>, sequence: usize) -> Array2<f32> {
        let [q, k, v] = self.projections.each_ref().map(|linear| linear.forward(x));
        let (rows, d) = (x.nrows(), x.ncols() / self.heads);
        let mut merged = Array2::zeros(x.dim());
        let mut scores = Array2::zeros((sequence, sequence));
        for row in (0..rows).step_by(sequence) {
            for column in (0..x.ncols()).step_by(d) {
                let part = s![row..row + sequence, column..column + d];
                general_mat_mul((d as f32).sqrt().recip(), &q.slice(part), &k.slice(part).t(), 0.0, &mut scores);
                softmax(scores.view_mut());
                general_mat_mul(1.0, &scores, &v.slice(part), 0.0, &mut merged.slice_mut(part));
            }
        }
        self.output.forward(&merged)
    }
}

fn softmax(mut x: ArrayViewMut2<f32>) {
    for mut row in x.rows_mut() {
        let largest = row.fold(f32::NEG_INFINITY, |largest, &x| largest.max(x));
        row.mapv_inplace(|x| (x - largest).exp());
        let sum = row.sum();
        row /= sum;
    }
}

fn layer_norm(mut x: Array2<f32>, weight: &Array1<f32>, bias: &Array1<f32>) -> Array2<f32> {
    for mut row in x.rows_mut() {
        let mean = row.sum() / row.len() as f32;
        let variance = row.fold(0.0, |sum, x| sum + (x - mean) * (x - mean)) / row.len() as f32;
        let scale = (variance + 1e-5).sqrt().recip();
        Zip::from(&mut row).and(weight).and(bias).for_each(|x, weight, bias| *x = (*x - mean) * scale * weight + bias);
    }
    x
}

fn vector(seed: u64, count: usize) -> Array1<f32> {
    Array1::from_vec(input(seed, count))
}

fn matrix(seed: u64, rows: usize, columns: usize) -> Array2<f32> {
    Array2::from_shape_vec((rows, columns), input(seed, rows * columns)).unwrap()
}

fn matrices(seed: u64, batch: usize, rows: usize, columns: usize) -> Array3<f32> {
    Array3::from_shape_vec((batch, rows, columns), input(seed, batch * rows * columns)).unwrap()
}

fn values<D: ndarray::Dimension>(x: &ndarray::Array<f32, D>) -> Vec<f32> {
    x.iter().copied().collect()
}
