//! The types that are elements.

use super::element::{Element, Float, Number, Real, TableIndex, Value};
use super::rounding::to_odd;
use super::{Binary, Epilogue, Reduce, Unary};
use crate::cpu::kernels::plain::{Terms, reduce_rows};
use crate::cpu::kernels::simd::{Block, Narrow};
use crate::cpu::kernels::{COLUMNS, InOut, Link, Matrix, Multiplier, Operand, Rows, Weight, has_terms, simd};
use crate::sealed::Sealed;
use half::{bf16, f16};
use num_traits::ToPrimitive;
use std::borrow::Cow;
use std::mem::MaybeUninit;

impl Element for bool {}

macro_rules! integer { ($($sum:ident: $($t:ident)*;)*) => {$($(
    impl Element for $t {}
    impl Number for $t {
        type Sum = $sum;
        fn is_nan(self) -> bool { false }
        fn widen(self) -> $sum { self as $sum }
        fn narrow(sum: $sum) -> $t { sum as $t }
        #[inline]
        fn binary(op: Binary, x: $t, y: $t) -> $t {
            match op {
                Binary::Add => x.wrapping_add(y),
                Binary::Sub => x.wrapping_sub(y),
                Binary::Mul => x.wrapping_mul(y),
                Binary::Div if y == 0 => 0,
                Binary::Div => x.wrapping_div(y),
                Binary::Max => x.max(y),
                Binary::Min => x.min(y),
            }
        }
        fn to_value(self) -> Value { Value::Integer(self as i128) }
        fn from_value(wide: Value) -> $t {
            match wide {
                Value::Integer(x) => x as $t,
                Value::Float(x) => x as $t,
            }
        }
    }
    impl TableIndex for $t {
        fn row(self) -> usize { self.to_usize().unwrap_or(usize::MAX) }
        fn sealed(_: Sealed) {}
    }
)*)*} }

macro_rules! same_sum {
    () => {
        fn widen(self) -> Self {
            self
        }
        fn narrow(sum: Self) -> Self {
            sum
        }
    };
}

macro_rules! float_operations {
    ($wide:ident => $from:expr) => {
        float_operations! {}
        fn from_value(wide: Value) -> Self {
            match wide {
                Value::Integer($wide) => $from,
                Value::Float($wide) => $from,
            }
        }
    };
    () => {
        fn is_nan(self) -> bool {
            Self::is_nan(self)
        }
        // Loops over columns call it for each.
        #[inline]
        fn binary(op: Binary, x: Self, y: Self) -> Self {
            match op {
                Binary::Add => x + y,
                Binary::Sub => x - y,
                Binary::Mul => x * y,
                Binary::Div => x / y,
                Binary::Max if x > y || x.is_nan() => x,
                Binary::Min if x < y || x.is_nan() => x,
                Binary::Max | Binary::Min => y,
            }
        }
        fn to_value(self) -> Value {
            Value::Float(self.into())
        }
    };
}

macro_rules! real { ($($t:ident $erf:ident { $($product:tt)* } { $($kernels:tt)* })*) => {$(
    impl Element for $t {}
    impl Number for $t {
        type Sum = $t;
        same_sum! {}
        float_operations! { wide => wide as $t }

        $($product)*
    }
    #[diagnostic::do_not_recommend]
    impl Float for $t {
        type Wide = $t;
        #[inline]
        fn widened(self) -> $t { self }
        #[inline]
        fn rounded(wide: $t) -> $t { wide }
        #[inline]
        fn all_widened(elements: &[$t]) -> Cow<'_, [$t]> { Cow::Borrowed(elements) }
        fn calculate(elements: InOut<'_, $t>, f: impl FnOnce(InOut<'_, $t>)) { f(elements) }
        fn write(elements: &mut [$t], f: impl FnOnce(&mut [$t])) { f(elements) }
    }
    impl Real for $t {
        fn erf(self) -> $t { libm::$erf(self) }
        fn constant(value: f64) -> $t { value as $t }
        $($kernels)*
    }
)*} }

/// Narrow numbers that are widened on the stack.
const BUFFER: usize = 1 << 12;

/// The numbers widened: in a buffer, if it is large enough, else in a vector.
fn widened<'a, T: Narrow>(
    x: &[T],
    buffer: &'a mut [MaybeUninit<f32>; BUFFER],
    many: &'a mut Vec<MaybeUninit<f32>>,
) -> &'a mut [f32] {
    let room = if x.len() <= BUFFER {
        &mut buffer[..x.len()]
    } else {
        many.resize(x.len(), MaybeUninit::uninit());
        &mut many[..]
    };
    simd::widen(x, room)
}

macro_rules! narrow_float { ($($t:ident)*) => {$(
    impl Element for $t {}
    impl Number for $t {
        type Sum = f32;
        fn widen(self) -> f32 { self.into() }
        fn narrow(sum: f32) -> $t { $t::from_f32(sum) }
        fn multiply(size: [usize; 3], a: Matrix<'_, $t>, b: Matrix<'_, $t>, c: &mut [$t]) {
            let [m, k, n] = size;
            if !has_terms(size, a, b, c) {
                return c.fill($t::ZERO);
            }
            // No more than the matrices is converted: other matrices may stand behind them.
            let (a, b) = (a.cut([m, k]), b.cut([k, n]));
            let (wide_a, wide_b) = ($t::all_widened(a.elements), $t::all_widened(b.elements));
            let wide = |elements, strides| Matrix { elements, strides };
            $t::write(c, |c| f32::multiply(size, wide(&wide_a, a.strides), wide(&wide_b, b.strides), c));
        }
        fn binary_all(op: Binary, x: InOut<'_, $t>, y: Operand<'_, $t>, swapped: bool) {
            let y = match y {
                Operand::Slice(y) => y,
                Operand::Scalar(y) => {
                    return $t::calculate(x, |x| f32::binary_all(op, x, Operand::Scalar(y.into()), swapped));
                }
            };
            for (x, y) in x.chunks(BUFFER).zip(y.chunks(BUFFER)) {
                let mut buffer = [const { MaybeUninit::uninit() }; BUFFER];
                let mut many = Vec::new();
                let y = widened(y, &mut buffer, &mut many);
                $t::calculate(x, |x| f32::binary_all(op, x, Operand::Slice(y), swapped));
            }
        }
        fn add_rows(x: &[$t], [rows, stride]: [usize; 2], terms: Terms<'_, f32>, sums: &mut [f32]) {
            let mut buffer = [const { MaybeUninit::uninit() }; COLUMNS];
            for row in 0..rows {
                let row = simd::widen(&x[row * stride..][..sums.len()], &mut buffer[..sums.len()]);
                f32::add_rows(row, [1, 0], terms, sums);
            }
        }
        fn reduce_rows(op: Reduce, x: &[$t], size: usize, out: &mut [$t]) {
            if size == 0 {
                return reduce_rows(op, x, size, out);
            }
            let rows = (BUFFER / size).max(1);
            for (x, out) in x.chunks(rows * size).zip(out.chunks_mut(rows)) {
                let mut buffer = [const { MaybeUninit::uninit() }; BUFFER];
                let mut many = Vec::new();
                let x = widened(x, &mut buffer, &mut many);
                $t::calculate(InOut::in_place(out), |mut out| f32::reduce_rows(op, x, size, out.to()));
            }
        }
        float_operations! {}
        fn from_value(wide: Value) -> $t { $t::from_f32(to_odd(wide)) }
    }
    #[diagnostic::do_not_recommend]
    impl Float for $t {
        type Wide = f32;
        #[inline]
        fn widened(self) -> f32 { self.into() }
        fn rounded(wide: f32) -> $t { $t::from_f32(wide) }
        fn widen_all(elements: &[$t], wide: &mut [f32]) {
            simd::widen_over(elements, wide);
        }
        fn all_widened(elements: &[$t]) -> Cow<'_, [f32]> {
            let mut wide = Vec::with_capacity(elements.len());
            simd::widen(elements, &mut wide.spare_capacity_mut()[..elements.len()]);
            // SAFETY: so many were written.
            unsafe { wide.set_len(elements.len()) };
            Cow::Owned(wide)
        }
        fn calculate(mut elements: InOut<'_, $t>, f: impl FnOnce(InOut<'_, f32>)) {
            let mut buffer = [const { MaybeUninit::uninit() }; BUFFER];
            let mut many = Vec::new();
            let wide = widened(elements.from(), &mut buffer, &mut many);
            f(InOut::in_place(wide));
            simd::round(wide, elements.to());
        }
        fn write(elements: &mut [$t], f: impl FnOnce(&mut [f32])) {
            let mut wide = vec![0.0; elements.len()];
            f(&mut wide);
            simd::round(&wide, elements);
        }
    }
)*} }

integer! {
    i64: i8 i16 i32 i64 u8 u16 u32;
    u64: u64;
    usize: usize;
}
real! {
    f32 erff {
        fn multiply(size: [usize; 3], a: Matrix<'_, f32>, b: Matrix<'_, f32>, c: &mut [f32]) {
            simd::multiply(size, a, b, c);
        }
        fn linear_blocks(x: Matrix<'_, f32>, m: usize, rows: Rows<'_>, after: Epilogue<'_, [f32]>, out: &mut [f32]) {
            simd::linear_blocks(x, m, rows, after, out);
        }
        fn binary_all(op: Binary, x: InOut<'_, f32>, y: Operand<'_, f32>, swapped: bool) {
            simd::binary(op, x, y, swapped);
        }
        fn add_rows(x: &[f32], size: [usize; 2], terms: Terms<'_, f32>, sums: &mut [f32]) {
            simd::add_rows(x, size, terms, sums);
        }
        fn reduce_rows(op: Reduce, x: &[f32], size: usize, out: &mut [f32]) {
            if size == 0 { reduce_rows(op, x, size, out) } else { simd::reduce(op, x, size, out) }
        }
    } {
        fn unary(op: Unary, x: InOut<'_, f32>) {
            simd::unary(op, x);
        }
        fn chain(x: InOut<'_, f32>, links: &[Link<'_, f32>]) {
            simd::chain(x, links);
        }
        fn softmax(x: InOut<'_, f32>, size: usize) {
            simd::softmax(x, size);
        }
        fn log_softmax(x: InOut<'_, f32>, size: usize) {
            simd::log_softmax(x, size);
        }
        fn times_slope(op: Unary, x: &[f32], gradient: &mut [f32]) -> bool {
            simd::times_slope(op, x, gradient)
        }
        fn softmax_backward(y: &[f32], gradient: &mut [f32], size: usize) {
            simd::softmax_backward(y, gradient, size);
        }
        fn norm_backward(
            inputs: [&[f32]; 3],
            epsilon: f64,
            centered: bool,
            of_x: &mut [f32],
            of_parameters: &mut [f32],
        ) {
            simd::norm_backward(inputs, epsilon as f32, centered, of_x, of_parameters);
        }
        fn log_sums(x: &[f32], size: usize, out: &mut [[f32; 2]]) {
            simd::log_sums(x, size, out);
        }
        fn norm(x: InOut<'_, f32>, weight: &[f32], bias: Option<&[f32]>, epsilon: f64, centered: bool) {
            simd::norm(x, weight, bias, epsilon as f32, centered);
        }
        fn multiplier<'a>(size: [usize; 3], b: Matrix<'a, f32>) -> Multiplier<'a, f32> {
            simd::multiplier(size, b)
        }
        fn linear(
            size: [usize; 3],
            x: Matrix<'_, f32>,
            weight: Weight<'_, f32>,
            after: Epilogue<'_, [f32]>,
            out: &mut [f32],
        ) {
            simd::linear(size, x, weight, after, out);
        }
        fn attend(block: &Block<'_, f32>, out: &mut [f32]) -> bool {
            simd::attend(block, out)
        }
    }
    f64 erf {
        #[cfg(all(feature = "matrixmultiply", not(miri)))]
        fn multiply(size: [usize; 3], a: Matrix<'_, f64>, b: Matrix<'_, f64>, c: &mut [f64]) {
            crate::cpu::kernels::double::multiply(size, a, b, c);
        }
    } {}
}
narrow_float! { f16 bf16 }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_becomes_the_nearest_float() {
        // Rounded to double precision first, it would become another.
        let x = (1i64 << 60) + (1 << 36) + 1;
        assert_eq!(f32::from_value(x.to_value()), x as f32);
    }

    #[test]
    fn a_product_beyond_its_buffers_is_refused() {
        let product = |size: [usize; 3], strides| {
            let matrix = |strides| Matrix { elements: &[1.0f32; 4][..], strides };
            std::panic::catch_unwind(|| f32::multiply(size, matrix(strides), matrix([1, 1]), &mut [0.0; 4]))
        };
        assert!(product([2, 2, 2], [2, 1]).is_ok());
        assert!(product([2, 1, 1], [2, 1]).is_err());
        assert!(product([4, 1, 1], [2, 1]).is_err());
        assert!(product([4, 1, 1], [1 << (usize::BITS - 1), 1]).is_err());
        assert!(product([1 << (usize::BITS / 2), 1, 1 << (usize::BITS / 2)], [0, 0]).is_err());
    }
}
