//! Products of matrices.

use super::array::Array;
use super::parallel::{cores, for_each_chunk};
use crate::backend::{Element, Float, Number};

/// Fewer rows than this are not worth another core.
const ROWS: usize = 16;

/// A matrix inside a buffer, by the strides of its rows and columns.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, T> {
    /// The first one is the matrix's first.
    pub elements: &'a [T],
    /// Of rows, and of columns.
    pub strides: [usize; 2],
}

impl<T> Matrix<'_, T> {
    /// The part that begins at this row and column.
    pub fn part(self, row: usize, column: usize) -> Self {
        Matrix { elements: &self.elements[row * self.strides[0] + column * self.strides[1]..], ..self }
    }

    /// Rows for columns.
    pub fn transposed(self) -> Self {
        Matrix { strides: [self.strides[1], self.strides[0]], ..self }
    }
}

/// The array with its buffer widened, and the strides of its last two axes.
macro_rules! widened {
    ($x:ident, $wide:ident, $strides:ident) => {
        // What has to be converted is first cut out of its buffer.
        let $x = if std::mem::size_of::<T>() == std::mem::size_of::<T::Wide>() { $x.clone() } else { $x.contiguous() };
        let $wide = T::all_widened($x.buffer());
        let $strides = $x.layout().matrix_strides();
    };
}

/// Adds `a (m, k)` times `b (k, n)` to the row-major `c`, its rows shared by the cores.
fn add_product<T: Number>(size: [usize; 3], a: Matrix<'_, T>, b: Matrix<'_, T>, c: &mut [T]) {
    let [m, k, n] = size;
    let rows = m.div_ceil(cores()).next_multiple_of(ROWS);
    for_each_chunk(c, rows * n, rows * n * k, |chunk, c| {
        let first = a.elements.get(chunk * rows * a.strides[0]..).unwrap_or(&[]);
        T::add_product([c.len() / n, k, n], first, a.strides, b.elements, b.strides, c);
    });
}

pub fn matmul<T: Number>(x: &Array<T>, y: &Array<T>) -> Array<T> {
    let ([outer @ .., m, k], [y_outer @ .., inner, n]) = (x.sizes(), y.sizes()) else {
        panic!("a product of matrices takes two axes and more");
    };
    assert!(k == inner && (y_outer == outer || y_outer.is_empty()), "{:?} by {:?}", x.sizes(), y.sizes());
    if y_outer.is_empty() && !outer.is_empty() {
        let rows: usize = outer.iter().product::<usize>() * m;
        let product = matmul(&x.reshape(&[rows, *k]), y);
        return product.reshape(&[outer, &[*m, *n]].concat());
    }
    let (sizes, size) = ([outer, &[*m, *n]].concat(), [*m, *k, *n]);
    let (a, a_strides) = (x.buffer(), x.layout().matrix_strides());
    let (b, b_strides) = (y.buffer(), y.layout().matrix_strides());
    let (a_starts, b_starts) = (x.layout().matrices(), y.layout().matrices());
    let mut out = vec![T::zero(); sizes.iter().product()];
    for_each_chunk(&mut out, m * n, m * n * k, |i, c| {
        let a = Matrix { elements: a.get(a_starts[i]..).unwrap_or(&[]), strides: a_strides };
        let b = Matrix { elements: b.get(b_starts[i]..).unwrap_or(&[]), strides: b_strides };
        add_product(size, a, b, c);
    });
    Array::from_vec(out, &sizes)
}

pub fn linear<T: Float>(x: &Array<T>, weight: &Array<T>, bias: Option<&Array<T>>) -> Array<T> {
    let (&[outputs, inputs], Some((last, outer))) = (weight.sizes(), x.sizes().split_last()) else {
        panic!("a linear map takes a matrix and at least one axis");
    };
    assert_eq!(*last, inputs, "{:?} by {:?}", x.sizes(), weight.sizes());
    let rows = outer.iter().product();
    let x = x.reshape(&[rows, inputs]);
    widened!(x, a, a_strides);
    widened!(weight, b, b_strides);
    let mut out = match bias {
        Some(bias) => T::all_widened(&bias.elements()).repeat(rows),
        None => vec![num_traits::zero::<T::Wide>(); rows * outputs],
    };
    let a = Matrix { elements: a.get(x.layout().offset..).unwrap_or(&[]), strides: a_strides };
    let b = Matrix { elements: b.get(weight.layout().offset..).unwrap_or(&[]), strides: [b_strides[1], b_strides[0]] };
    add_product([rows, inputs, outputs], a, b, &mut out);
    Array::from_vec(T::all_rounded(out), &[outer, &[outputs]].concat())
}

/// The rows of the arrays one after another along `axis`.
pub fn concat<T: Element>(parts: &[&Array<T>], axis: usize) -> Array<T> {
    let mut sizes = parts[0].sizes().to_vec();
    sizes[axis] = parts.iter().map(|part| part.sizes()[axis]).sum();
    let outer: usize = sizes[..axis].iter().product();
    let parts: Vec<_> = parts.iter().map(|part| part.elements()).collect();
    let mut out = Vec::with_capacity(sizes.iter().product());
    for i in 0..outer {
        for part in &parts {
            let run = part.len() / outer;
            out.extend_from_slice(&part[i * run..(i + 1) * run]);
        }
    }
    Array::from_vec(out, &sizes)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_near, random};
    use super::*;
    use half::f16;

    fn naive(size: [usize; 3], x: &[f64], y: &[f64]) -> Vec<f64> {
        let [m, k, n] = size;
        let dot = |i: usize, j: usize| (0..k).map(|l| x[i * k + l] * y[l * n + j]).sum::<f64>();
        (0..m * n).map(|at| dot(at / n, at % n)).collect()
    }

    fn as_type<T: Number>(x: &Array<f64>) -> Array<T> {
        Array::from_vec(x.elements().iter().map(|x| T::from_value(x.to_value())).collect(), x.sizes())
    }

    #[test]
    fn products_agree_with_plain_loops() {
        let sizes = [[1, 1, 1], [3, 4, 5], [17, 33, 9], [65, 3, 40], [2, 0, 3], [0, 2, 3], [3, 2, 0]];
        for size in sizes.into_iter().filter(|size| !cfg!(miri) || size.iter().product::<usize>() < 50) {
            let [m, k, n] = size;
            let (x, y) = (random::<f64>(&[m, k], 1), random::<f64>(&[k, n], 2));
            let expected = naive(size, &x.elements(), &y.elements());
            assert_near(&matmul(&x, &y), &expected, 1e-12);
            assert_near(&matmul(&as_type::<f32>(&x), &as_type::<f32>(&y)), &expected, 1e-4);
            assert_near(&matmul(&as_type::<f16>(&x), &as_type::<f16>(&y)), &expected, 0.2);
            let transposed = y.permute(&[1, 0]).contiguous();
            assert_near(&matmul(&x, &transposed.permute(&[1, 0])), &expected, 1e-12);
            let bias = random::<f64>(&[n], 3);
            let biased: Vec<f64> = expected.iter().enumerate().map(|(at, x)| x + bias.elements()[at % n]).collect();
            assert_near(&linear(&x, &transposed, Some(&bias)), &biased, 1e-12);
            assert_near(&linear(&x, &transposed, None), &expected, 1e-12);
        }
        let integers = matmul(&Array::from_vec(vec![1, 2, 3, 4], &[2, 2]), &Array::from_vec(vec![5, 6, 7, 8], &[2, 2]));
        assert_eq!(*integers.elements(), [19, 22, 43, 50]);
    }

    #[test]
    fn batches_multiply_one_by_one() {
        let (x, y) = (random::<f64>(&[2, 3, 4, 5], 1), random::<f64>(&[2, 3, 5, 6], 2));
        let product = matmul(&x, &y);
        let pairs = x
            .elements()
            .chunks(20)
            .zip(y.elements().chunks(30))
            .map(|(x, y)| naive([4, 5, 6], x, y))
            .collect::<Vec<_>>();
        assert_near(&product, &pairs.concat(), 1e-12);
        // The same through views whose elements do not lie row-major.
        let x_view = x.permute(&[2, 0, 1, 3]).contiguous().permute(&[1, 2, 0, 3]);
        let y_view = y.permute(&[1, 3, 0, 2]).contiguous().permute(&[2, 0, 3, 1]);
        assert_near(&matmul(&x_view, &y_view), &pairs.concat(), 1e-12);
        assert_near(&matmul(&as_type::<f16>(&x_view), &as_type::<f16>(&y_view)), &pairs.concat(), 0.1);
        assert_near(
            &matmul(&x, &random(&[5, 6], 7)),
            &naive([24, 5, 6], &x.elements(), &random(&[5, 6], 7).elements()),
            1e-12,
        );
    }

    #[test]
    fn parts_stand_one_after_another() {
        let (x, y) = (Array::from_vec(vec![1, 2, 3, 4], &[2, 2]), Array::from_vec(vec![5, 6], &[2, 1]));
        assert_eq!(*concat(&[&x, &y], 1).elements(), [1, 2, 5, 3, 4, 6]);
        assert_eq!(*concat(&[&x, &y.permute(&[1, 0])], 0).elements(), [1, 2, 3, 4, 5, 6]);
        assert_eq!(
            concat(&[&Array::<u8>::from_vec(vec![], &[0, 2]), &Array::from_vec(vec![], &[0, 3])], 1).sizes(),
            [0, 5]
        );
    }
}
