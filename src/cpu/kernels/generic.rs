//! Dispatch by element type: the kernels of the type where there are such, and plain loops where there are none.
//!
//! A kernel for another type is one more arm here.

use super::blocks::Rows;
use super::cast::cast;
use super::in_out::{InOut, Link, Operand, Place, PlacedChain};
use super::matrix::{Matrix, Multiplier, Weight};
use super::plain::ColumnSum;
use super::simd::{Block, ImplicitProducts, PairInputs, Products, RowRuns};
use super::{narrow, plain, simd};
use crate::backend::{Binary, Epilogue, Float, Number, Real, Reduce, Unary};
use crate::cpu::parallel::ColumnsMut;
use half::{bf16, f16};

/// The value of the first arm whose type is that of the elements; in it, they are of this type. The last arm is for all
/// other types.
macro_rules! by_type {
    ($x:expr; _ => |$of_any:pat_param| $plain:expr) => {{
        let $of_any = $x;
        $plain
    }};
    ($x:expr; $type:ty => |$of_type:pat_param| $kernel:expr, $($arms:tt)*) => {
        match cast::<$type, _>($x) {
            Ok($of_type) => $kernel,
            Err(x) => by_type!(x; $($arms)*),
        }
    };
}

/// `op` on each number and the operand; in the other order, if they are swapped.
#[inline]
pub fn binary<T: Number>(op: Binary, x: InOut<'_, T>, y: Operand<'_, T>, swapped: bool) {
    by_type!((x, y);
        f32 => |(x, y)| simd::binary(op, x, y, swapped),
        f16 => |(x, y)| narrow::binary(op, x, y, swapped),
        bf16 => |(x, y)| narrow::binary(op, x, y, swapped),
        _ => |(x, y)| plain::binary(op, x, y, swapped))
}

/// Adds rows to sums of columns. The size is the number of rows, and their stride.
#[inline]
pub fn add_rows<T: Number>(x: &[T], size: [usize; 2], summand: ColumnSum<'_, T::Sum>, sums: &mut [T::Sum]) {
    // Sums are of a type of their own.
    macro_rules! of_single_sums { ($($type:ty: $kernel:path;)*) => {$(
        if let (Ok(x), Ok((summand, sums))) = (cast::<$type, _>(x), cast::<f32, _>((summand, &mut *sums))) {
            return $kernel(x, size, summand, sums);
        }
    )*} }
    of_single_sums! {
        f32: simd::add_rows;
        f16: narrow::add_rows;
        bf16: narrow::add_rows;
    }
    plain::add_rows(x, size, summand, sums);
}

/// `op` of each row of so many numbers.
#[inline]
pub fn reduce_rows<T: Number>(op: Reduce, x: &[T], size: usize, out: &mut [T]) {
    if size == 0 {
        return plain::reduce_rows(op, x, size, out);
    }
    by_type!((x, out);
        f32 => |(x, out)| simd::reduce(op, x, size, out),
        f16 => |(x, out)| narrow::reduce_rows(op, x, size, out),
        bf16 => |(x, out)| narrow::reduce_rows(op, x, size, out),
        _ => |(x, out)| plain::reduce_rows(op, x, size, out))
}

/// The mean and the variance of each row of so many numbers.
#[inline]
pub fn moments_of_rows<T: Number>(x: &[T], size: usize, out: &mut [[T; 2]]) {
    if size == 0 {
        return one_by_one(x, size, out);
    }
    by_type!((x, out);
        f32 => |(x, out)| simd::mean_variance(x, size, out),
        _ => |(x, out)| one_by_one(x, size, out))
}

/// Each by itself, of a type without a kernel.
fn one_by_one<T: Number>(x: &[T], size: usize, out: &mut [[T; 2]]) {
    let mut found = vec![T::zero(); out.len()];
    for (which, op) in [Reduce::Mean, Reduce::Variance].into_iter().enumerate() {
        reduce_rows(op, x, size, &mut found);
        out.iter_mut().zip(&found).for_each(|(moments, found)| moments[which] = *found);
    }
}

/// The product of `a (m, k)` and `b (k, n)`, into the row-major `c (m, n)`.
#[inline]
pub fn multiply<T: Number>(size: [usize; 3], a: Matrix<'_, T>, b: Matrix<'_, T>, c: &mut [T]) {
    by_type!((a, b, c);
        f32 => |(a, b, c)| f32::multiply(size, a, b, c),
        f64 => |(a, b, c)| f64::multiply(size, a, b, c),
        f16 => |(a, b, c)| f16::multiply(size, a, b, c),
        bf16 => |(a, b, c)| bf16::multiply(size, a, b, c),
        _ => |(a, b, c)| plain::multiply(size, a, b, c))
}

/// The product of `a (m, k)` and a matrix whose rows begin in `b` where the runs say, into columns of `c`.
#[inline]
pub fn multiply_runs<T: Real>(a: Matrix<'_, T>, b: &[T], runs: RowRuns<'_>, c: ColumnsMut<'_, T>) {
    by_type!((a, b, c);
        f32 => |(a, b, c)| f32::multiply_runs(a, b, runs, c),
        f64 => |(a, b, c)| f64::multiply_runs(a, b, runs, c),
        _ => |_| unreachable!("another type of numbers that are not widened"))
}

/// `x (m, k)` times the transpose of rows of blocks `(n, k)`, and the epilogue, into the row-major `out (m, n)`. No arrays
/// but those of `f32` are stored in blocks.
#[inline]
pub fn linear_blocks<T: Number>(
    x: Matrix<'_, T>,
    m: usize,
    rows: Rows<'_>,
    epilogue: Epilogue<'_, [T]>,
    out: &mut [T],
) {
    by_type!((x, epilogue, out);
        f32 => |(x, epilogue, out)| simd::linear_blocks(x, m, rows, epilogue, out),
        _ => |_| unreachable!("an array of another type than `f32` in blocks"))
}

/// `op` on each number.
#[inline]
pub fn unary<T: Real>(op: Unary, x: InOut<'_, T>) {
    by_type!(x; f32 => |x| simd::unary(op, x), _ => |x| plain::unary(op, x))
}

/// The operations one after another on each number. There is at least one.
#[inline]
pub fn chain<T: Real>(x: InOut<'_, T>, links: &[Link<'_, T>]) {
    by_type!((x, links); f32 => |(x, links)| simd::chain(x, links), _ => |(x, links)| plain::chain(x, links))
}

/// Chains of operations, one after another for a few numbers at a time, with so many registers. `false` where nothing was done: there
/// is no kernel for the type, for an operation, or for so many registers.
#[inline]
pub fn chains<T: Float>(
    inputs: &[&[T]],
    outputs: &mut [&mut [T]],
    registers: usize,
    chains: &[PlacedChain<T::Wide, Place>],
) -> bool {
    match (cast::<f32, _>((inputs, outputs)), cast::<f32, _>(chains)) {
        (Ok((inputs, outputs)), Ok(chains)) => simd::chains(inputs, outputs, registers, chains),
        _ => false,
    }
}

/// `exp(x) / sum(exp(x))` of each row of so many numbers.
#[inline]
pub fn softmax<T: Real>(x: InOut<'_, T>, size: usize) {
    by_type!(x; f32 => |x| simd::softmax(x, size), _ => |x| plain::softmax(x, size))
}

/// `x - ln(sum(exp(x)))` of each row of so many numbers.
#[inline]
pub fn log_softmax<T: Real>(x: InOut<'_, T>, size: usize) {
    by_type!(x; f32 => |x| simd::log_softmax(x, size), _ => |x| plain::log_softmax(x, size))
}

/// Multiplies each gradient by the derivative of `op` at `x`, if there is a kernel for it. Whether there is.
#[inline]
pub fn times_derivative<T: Real>(op: Unary, x: &[T], gradient: &mut [T]) -> bool {
    by_type!((x, gradient); f32 => |(x, gradient)| simd::times_derivative(op, x, gradient), _ => |_| false)
}

/// The backward pass of softmax: gradients of rows of the result `y` become those of the argument.
#[inline]
pub fn softmax_backward<T: Real>(y: &[T], gradient: &mut [T], size: usize) {
    by_type!((y, gradient);
        f32 => |(y, gradient)| simd::softmax_backward(y, gradient, size),
        _ => |(y, gradient)| plain::softmax_backward(y, gradient, size))
}

/// The backward pass of a norm: the gradients of `x` are written, those of the weight and then of the bias are
/// accumulated.
#[inline]
pub fn norm_backward<T: Real>(
    inputs: [&[T]; 3],
    epsilon: f64,
    centered: bool,
    grad_x: &mut [T],
    grad_parameters: &mut [T],
) {
    by_type!((inputs, grad_x, grad_parameters);
        f32 => |(inputs, grad_x, grad_parameters)| {
            simd::norm_backward(inputs, epsilon as f32, centered, grad_x, grad_parameters)
        },
        _ => |(inputs, grad_x, grad_parameters)| plain::norm_backward(inputs, epsilon, centered, grad_x, grad_parameters))
}

/// The maximum of each row of `size` numbers, and the logarithm of the sum of `exp(x - maximum)`: log-sum-exp.
#[inline]
pub fn log_sums<T: Real>(x: &[T], size: usize, out: &mut [[T; 2]]) {
    by_type!((x, out);
        f32 => |(x, out)| simd::log_sums(x, size, out),
        _ => |(x, out)| plain::log_sums(x, size, out))
}

/// `(x - center) · scale · weight + bias` of each row of as many numbers as there are weights: the center is the mean or zero,
/// the scale one by the root of the mean square distance from it, to which `epsilon` was added.
#[inline]
pub fn norm<T: Real>(x: InOut<'_, T>, weight: &[T], bias: Option<&[T]>, epsilon: f64, centered: bool) {
    by_type!((x, weight, bias);
        f32 => |(x, weight, bias)| simd::norm(x, weight, bias, epsilon as f32, centered),
        _ => |(x, weight, bias)| plain::norm(x, weight, bias, epsilon, centered))
}

/// `x (m, k)` times `weight (k, n)`, and the epilogue, into the row-major `out (m, n)`.
#[inline]
pub fn linear<T: Float>(
    size: [usize; 3],
    x: Matrix<'_, T>,
    weight: Weight<'_, T>,
    epilogue: Epilogue<'_, [T]>,
    out: &mut [T],
) {
    by_type!((x, weight, epilogue, out);
        f32 => |(x, weight, epilogue, out)| f32::linear(size, x, weight, epilogue, out),
        f64 => |(x, weight, epilogue, out)| f64::linear(size, x, weight, epilogue, out),
        f16 => |(x, weight, epilogue, out)| f16::linear(size, x, weight, epilogue, out),
        bf16 => |(x, weight, epilogue, out)| bf16::linear(size, x, weight, epilogue, out),
        _ => |_| unreachable!("another type of floating-point numbers"))
}

/// A function that multiplies rows by `b (k, n)`, into the rows of a result of `m` rows; none of the sizes is zero.
/// Several threads may call it.
#[inline]
pub fn multiplier<'a, T: Float>(size: [usize; 3], b: Matrix<'a, T>) -> Multiplier<'a, T> {
    let [_, k, n] = size;
    by_type!(b;
        f32 => |b| cast(f32::multiplier(size, b)).unwrap_or_else(|_| unreachable!("`T` is `f32`")),
        f64 => |b| cast(f64::multiplier(size, b)).unwrap_or_else(|_| unreachable!("`T` is `f64`")),
        f16 => |b| cast(f16::multiplier(size, b)).unwrap_or_else(|_| unreachable!("`T` is `f16`")),
        bf16 => |b| cast(bf16::multiplier(size, b)).unwrap_or_else(|_| unreachable!("`T` is `bf16`")),
        _ => |b| Box::new(move |a, out| multiply([out.len() / n, k, n], a, b, out)))
}

/// Adds to each number of `out` those that lie at offsets further on in `from`, each times its weight. The rows of `out` are as long as
/// the first of `rows` says, and so far apart in `from` as the second; of each, whole vectors are
/// read.
#[inline]
pub fn add_shifted<T: Real>(from: &[T], rows: [usize; 2], offsets: &[usize], weights: &[T], out: &mut [T]) {
    by_type!((from, weights, out);
        f32 => |(from, weights, out)| simd::add_shifted(from, rows, offsets, weights, out),
        _ => |(from, weights, out)| plain::add_shifted(from, rows, offsets, weights, out))
}

/// Adds to each sum the products of `x` and what lies at its offset further on in `from`.
#[inline]
pub fn shifted_dots<T: Real>(x: &[T], from: &[T], offsets: &[usize], sums: &mut [T]) {
    by_type!((x, from, sums);
        f32 => |(x, from, sums)| simd::shifted_dots(x, from, offsets, sums),
        _ => |(x, from, sums)| plain::shifted_dots(x, from, offsets, sums))
}

/// Attention of a block of queries in one pass, if there is a kernel for it: see [`Backend`](crate::backend::Backend).
/// Whether there is, and the result is finite; else the caller has to use the fallback.
#[inline]
pub fn attend<T: Real>(block: &Block<'_, T>, out: &mut [T]) -> bool {
    by_type!((block, out); f32 => |(block, out)| simd::attend(block, out), _ => |_| false)
}

/// Whether attention multiplies pairs of these numbers: see [`attend_pairs`].
#[inline]
pub fn has_pairs<T: Float>() -> bool {
    cast::<bf16, _>(&[][..] as &[T]).is_ok() && simd::has_pairs()
}

/// As [`attend`], of numbers as they are, of which pairs are multiplied: [`has_pairs`].
///
/// # Panics
/// They are not.
pub fn attend_pairs<T: Float>(
    block: Block<'_, T::Wide>,
    [q, k, v]: [&[T]; 3],
    [k_stride, v_stride]: [usize; 2],
    out: &mut [T],
) -> bool {
    let Ok(([q, k, v], out)) = cast::<bf16, _>(([q, k, v], out)) else { unreachable!("pairs of other numbers") };
    let Ok(block) = cast::<f32, _>(&block) else { unreachable!("sums of other numbers") };
    let rows = |elements, stride| Matrix { elements, strides: [stride, 1] };
    let pairs = Some(PairInputs { q, k: rows(k, k_stride), v: rows(v, v_stride) });
    simd::attend_pairs(&Block { pairs, ..*block }, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(target_family = "wasm", ignore)] // A panic ends the program.
    fn a_product_beyond_its_buffers_is_refused() {
        let product = |size: [usize; 3], strides| {
            let matrix = |strides| Matrix { elements: &[1.0f32; 4][..], strides };
            std::panic::catch_unwind(|| multiply(size, matrix(strides), matrix([1, 1]), &mut [0.0; 4]))
        };
        assert!(product([2, 2, 2], [2, 1]).is_ok());
        assert!(product([2, 1, 1], [2, 1]).is_err());
        assert!(product([4, 1, 1], [2, 1]).is_err());
        assert!(product([4, 1, 1], [1 << (usize::BITS - 1), 1]).is_err());
        assert!(product([1 << (usize::BITS / 2), 1, 1 << (usize::BITS / 2)], [0, 0]).is_err());
    }
}
