//! Products of matrices.

use crate::backend::{Epilogue, Float, Number, is_recording};
use crate::cpu::array::Array;
use crate::cpu::array::Layout;
use crate::cpu::kernels::{Matrix, Weight, all_widened, generic, is_wide, product_work, simd, write};
use crate::cpu::parallel::{cores, for_each_chunk};

/// A matrix of an array: see [`Layout::matrix`].
#[inline(always)]
fn matrix<T>(x: &Array<T>, index: usize) -> Matrix<'_, T> {
    let (elements, layout) = (x.buffer(), x.layout());
    Matrix { elements: elements.get(layout.matrix(index)..).unwrap_or(&[]), strides: layout.matrix_strides() }
}

/// An array of two axes as a matrix.
pub fn as_matrix<'a, T>(buffer: &'a [T], layout: &Layout) -> Matrix<'a, T> {
    Matrix { elements: buffer.get(layout.offset..).unwrap_or(&[]), strides: layout.matrix_strides() }
}

/// The array with a buffer of its own, if its elements have to be widened: so no more than they are converted.
pub fn compact_to_widen<T: Float>(x: &Array<T>) -> Array<T> {
    if is_wide::<T>() { x.clone() } else { Array::collect(x.sizes(), x.elements().iter().copied()) }
}

pub fn matmul<T: Number>(x: &Array<T>, y: &Array<T>) -> Array<T> {
    let ([outer @ .., m, k], [y_outer @ .., inner, n]) = (x.sizes(), y.sizes()) else {
        panic!("a product of matrices takes two axes and more");
    };
    assert!(k == inner && (y_outer.is_empty() || y_outer == outer), "{:?} by {:?}", x.sizes(), y.sizes());
    let layout = x.layout().with_last(*n);
    if y_outer.is_empty() && !outer.is_empty() {
        let rows: usize = outer.iter().product::<usize>() * m;
        let x = x.reshape(&[rows, *k]);
        // Reshaping a batch of one may give a view where larger batches are copied: made contiguous, it takes the same kernel.
        let x = if x.layout().strides()[1] == 1 { x } else { x.contiguous() };
        return matmul(&x, y).reshape(layout.sizes());
    }
    let size = [*m, *k, *n];
    if outer.is_empty() && y.is_in_blocks() {
        let weight = y.permute(&[1, 0]);
        if let Some(rows) = weight.block_rows() {
            let x = as_matrix(x.buffer(), x.layout());
            return Array::build_as(layout, |out| generic::linear_blocks(x, *m, rows, Epilogue::default(), out));
        }
    }
    if outer.is_empty() {
        simd::prepare(size, &Weight { matrix: matrix(y, 0), buffer: Some((y.layout().offset, y.cache())) });
    }
    Array::build_as(layout, |out| {
        let multiply = |i: usize, c: &mut [T]| generic::multiply(size, matrix(x, i), matrix(y, i), c);
        let count: usize = outer.iter().product();
        if count > 1 && count >= cores() {
            for_each_chunk(out, m * n, product_work(size), multiply);
        } else {
            // The cores share each product.
            out.chunks_mut((m * n).max(1)).enumerate().for_each(|(i, c)| multiply(i, c));
        }
    })
}

pub fn linear<T: Float>(x: &Array<T>, weight: &Array<T>, epilogue: Epilogue<'_, Array<T>>) -> Array<T> {
    let (&[outputs, inputs], Some((last, outer))) = (weight.sizes(), x.sizes().split_last()) else {
        panic!("a linear map takes a matrix and at least one axis");
    };
    assert_eq!(*last, inputs, "{:?} by {:?}", x.sizes(), weight.sizes());
    let layout = x.layout().with_last(outputs);
    let rows = outer.iter().product();
    let x = x.reshape(&[rows, inputs]);
    let whole = |x: &Array<T>, size: &[usize]| assert_eq!(x.sizes(), size, "an addend of the size of the result");
    epilogue.bias.inspect(|bias| whole(bias, &[outputs]));
    epilogue.residual.inspect(|residual| whole(residual, layout.sizes()));
    let (bias, residual) = (epilogue.bias.map(Array::elements), epilogue.residual.map(Array::elements));
    let (bias, activation, residual) = (bias.as_deref(), epilogue.activation, residual.as_deref());
    if let Some(rows_of_blocks) = weight.block_rows() {
        let (bias, residual) = (bias.map(all_widened), residual.map(all_widened));
        let epilogue = Epilogue { bias: bias.as_deref(), activation, residual: residual.as_deref() };
        let x = compact_to_widen(&x);
        let a = all_widened(x.buffer());
        let a = as_matrix(&a, x.layout());
        return Array::build_as(layout, |out| {
            write(out, |out| generic::linear_blocks(a, rows, rows_of_blocks, epilogue, out));
        });
    }
    let (start, cache) = (weight.layout().offset, weight.cache());
    // One that is being trained is not cached.
    let is_trained = weight.tracked().is_some() && is_recording();
    let buffer = (!is_trained).then_some((start, cache));
    let (a, b) = (as_matrix(x.buffer(), x.layout()), as_matrix(weight.buffer(), weight.layout()).transposed());
    let epilogue = Epilogue { bias, activation, residual };
    Array::build_as(layout, |out| {
        generic::linear([rows, inputs, outputs], a, Weight { matrix: b, buffer }, epilogue, out);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::testing::{assert_near, random};
    use crate::cpu::threads;
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
            assert_near(&linear(&x, &transposed, Epilogue { bias: Some(&bias), ..Default::default() }), &biased, 1e-12);
            assert_near(&linear(&x, &transposed, Epilogue::default()), &expected, 1e-12);
        }
        let integers = matmul(&Array::from_vec(vec![1, 2, 3, 4], &[2, 2]), &Array::from_vec(vec![5, 6, 7, 8], &[2, 2]));
        assert_eq!(*integers.elements(), [19, 22, 43, 50]);
    }

    #[test]
    fn rows_and_columns_are_shared_alike() {
        let sizes = [[5, 33, 96], [20, 70, 1000], [121, 40, 1040], [130, 64, 300]];
        for [m, k, n] in sizes.into_iter().filter(|_| !cfg!(miri)) {
            let (x, y) = (random::<f64>(&[m, k], 1), random::<f64>(&[k, n], 2));
            let expected = naive([m, k, n], &x.elements(), &y.elements());
            let [x, y, bias, residual] =
                [x, y, random(&[n], 3), random(&[m, n], 4)].map(|array: Array<f64>| as_type::<f32>(&array));
            let weight = y.permute(&[1, 0]).contiguous();
            let epilogue = Epilogue {
                bias: Some(&bias),
                activation: Some(crate::backend::Unary::Gelu),
                residual: Some(&residual),
            };
            let products = |threads| {
                let results =
                    || [matmul(&x, &y), linear(&x, &weight, Epilogue::default()), linear(&x, &weight, epilogue)];
                threads::with(threads, results).map(|result| result.elements().to_vec())
            };
            let alone = products(1);
            assert_near(&Array::from_vec(alone[0].clone(), &[m, n]), &expected, 1e-4);
            assert!([2, 3, 4].map(products).iter().all(|shared| *shared == alone), "{m} x {k} x {n}");
        }
    }

    fn check_packed<T: Float>() {
        // So large that both are by panels.
        let (m, k, n) = if cfg!(miri) { (5, 2, 3) } else { (9, 65, 70) };
        let (x, mut weight) = (random::<T>(&[m, k], 1), random::<T>(&[2 * n, k], 2));
        for change in 0..2 {
            // Two weights in one buffer, each used until it is kept and once more.
            for part in [0, n, 0, n, 0, n] {
                let part = weight.narrow(0, part, n);
                let expected = matmul(&x, &part.permute(&[1, 0]));
                assert_eq!(linear(&x, &part, Epilogue::default()).elements(), expected.elements());
                // A row by a weight that is kept packed, or not.
                let (row, first) = (x.narrow(0, 0, 1), expected.narrow(0, 0, 1));
                assert_eq!(linear(&row, &part, Epilogue::default()).elements(), first.elements());
            }
            let changed = &mut weight.as_mut_slice().expect("nobody else holds it")[change];
            *changed = *changed + T::one();
        }
    }

    #[test]
    fn a_weight_that_is_kept_packed_is_that_of_its_elements() {
        check_packed::<f32>();
        check_packed::<f64>();
        check_packed::<f16>();
        check_packed::<half::bf16>();
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
}
