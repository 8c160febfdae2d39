//! Linear maps of weights that are stored in blocks.

use super::dispatch::dot_blocks;
use super::elementwise::{binary, unary};
use super::format::F32;
#[cfg(any(all(feature = "gguf", feature = "avx2", target_arch = "x86_64"), test))]
use super::integers;
use super::level::{Level, level};
use super::quantised::{dot_at, unpack_at};
use super::rounding::Rounding;
use crate::backend::Epilogue;
use crate::cpu::kernels::blocks::Rows;
use crate::cpu::kernels::epilogue::finish as apply;
use crate::cpu::kernels::matrix::Matrix;
use crate::cpu::memory::Elements;
use crate::cpu::parallel::{cores, for_each_columns};
use std::borrow::Cow;
use zerocopy::IntoBytes;

/// With so many rows or fewer, a quantised weight is dequantised in registers.
const MAX_ROWS_OF_BLOCKS: usize = 24;
/// The outputs of a work item are a multiple of this.
const OUTPUTS: usize = 16;
/// The elements of a quantised weight that are dequantised at a time, and the elements of `x` that they are multiplied
/// with: both stay in the L2 cache.
const DEQUANTISED: usize = 1 << 16;

/// `x (m, k)` times the transpose of `rows (n, k)`, and the epilogue, into the row-major `out`.
///
/// # Panics
/// A matrix does not lie inside its slice.
pub fn linear_blocks(x: Matrix<'_, f32>, m: usize, rows: Rows<'_>, epilogue: Epilogue<'_, [f32]>, out: &mut [f32]) {
    linear_blocks_at(level(), Rounding::chosen(), x, m, rows, epilogue, out);
}

pub fn linear_blocks_at(
    level: Level,
    rounding: Rounding,
    x: Matrix<'_, f32>,
    m: usize,
    rows: Rows<'_>,
    epilogue: Epilogue<'_, [f32]>,
    out: &mut [f32],
) {
    let [n, k] = rows.size;
    assert_eq!(Some(out.len()), m.checked_mul(n), "a product as large as its result");
    if out.is_empty() || k == 0 {
        out.fill(0.0);
        return apply(epilogue, n, 0, out, unary, binary);
    }
    let x = x.cut([m, k]);
    let x = match x.strides {
        [stride, 1] if stride == k || m == 1 => Cow::Borrowed(&x.elements[..m * k]),
        [stride, inner_stride] => (0..m * k).map(|at| x.elements[at / k * stride + at % k * inner_stride]).collect(),
    };
    let _ = rounding; // Where there are no kernels of integers.
    let outputs = n.div_ceil(4 * cores()).next_multiple_of(OUTPUTS);
    #[cfg(any(all(feature = "gguf", feature = "avx2", target_arch = "x86_64"), test))]
    let rounded = integers::rounded(level, rounding, &x, m, rows);
    for_each_columns(out, n, 0..n, outputs, outputs * k * m, |mut out| {
        let columns = out.columns();
        #[cfg(any(all(feature = "gguf", feature = "avx2", target_arch = "x86_64"), test))]
        if let Some(rounded) = &rounded {
            let rows = rows.part(columns.clone());
            integers::multiply(rounded, rows, &mut out);
            for row in (0..m).filter(|&row| !rounded.is_rounded(row)) {
                dot_at(level, &x[row * k..][..k], rows, out.row(row, columns.clone()));
            }
            return;
        }
        if m == 1 {
            return dot_at(level, &x, rows.part(columns.clone()), out.row(0, columns));
        }
        // For many rows, the weight is dequantised once.
        let dequantise = m > MAX_ROWS_OF_BLOCKS;
        let at_once = if dequantise { (DEQUANTISED / k).clamp(OUTPUTS, outputs) } else { outputs };
        let rows_at_once = if dequantise { (2 * DEQUANTISED / k).clamp(OUTPUTS, m) } else { m };
        let mut numbers = dequantise.then(|| Elements::arbitrary(at_once * k));
        let mut transposed = Elements::arbitrary(at_once * rows_at_once);
        let transposed = transposed.get_mut().expect("new elements have one holder");
        for first in columns.clone().step_by(at_once) {
            let columns = first..columns.end.min(first + at_once);
            let rows = rows.part(columns.clone());
            let numbers = numbers.as_mut().map(|numbers| {
                let numbers = &mut numbers.get_mut().expect("new elements have one holder")[..columns.len() * k];
                unpack_at(level, rows, numbers);
                &*numbers
            });
            for (part, x) in x.chunks(rows_at_once * k).enumerate() {
                let count = x.len() / k;
                let transposed = &mut transposed[..columns.len() * count];
                match numbers {
                    Some(numbers) => dot_blocks::<F32>(level, x, k, numbers.as_bytes(), transposed),
                    None => dot_at(level, x, rows, transposed),
                }
                for row in 0..count {
                    let out = out.row(part * rows_at_once + row, columns.clone());
                    out.iter_mut().zip(transposed.chunks_exact(count)).for_each(|(out, of_all)| *out = of_all[row]);
                }
            }
        }
    });
    apply(epilogue, n, 0, out, unary, binary);
}
