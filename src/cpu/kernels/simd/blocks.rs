//! Kernels over quantised rows: dot products and dequantisation.

use super::format::BlockDecoder;
use super::vector::Vector;

/// The rows of blocks that are multiplied at a time.
const AT_ONCE: usize = 4;

/// A block of a row, by its number.
///
/// # Safety
/// The row has as many blocks.
#[inline(always)]
unsafe fn block<F: BlockDecoder>(row: &[u8], index: usize) -> &F::Bytes {
    debug_assert!((index + 1) * size_of::<F::Bytes>() <= row.len());
    // SAFETY: the caller's; a block is an array of bytes.
    unsafe { &*row.as_ptr().cast::<F::Bytes>().add(index) }
}

/// The bytes of a row of so many elements.
///
/// # Panics
/// It is not whole blocks.
fn row_bytes<F: BlockDecoder>(elements: usize) -> usize {
    assert!(elements.is_multiple_of(F::LEN), "a row of whole blocks");
    elements / F::LEN * size_of::<F::Bytes>()
}

/// The products of each row of `x (m, k)` with each row of blocks, one of these after another: `out (rows, m)`.
///
/// # Safety
/// The processor has the instructions of `V`. Numbers of two bytes are aligned.
#[inline(always)]
pub unsafe fn dot<V: Vector, F: BlockDecoder>(x: &[f32], k: usize, bytes: &[u8], out: &mut [f32]) {
    let (m, row) = (x.len() / k, row_bytes::<F>(k));
    assert!(x.len() == m * k && bytes.len() * m == out.len() * row, "a result for each pair of rows");
    if m == 0 {
        return;
    }
    // Those that are read at once begin so far apart: each place is read from its begin to its end, as the processor expects.
    let apart = (out.len() / m).div_ceil(AT_ONCE);
    for index in 0..apart {
        let (bytes, out) = (&bytes[index * row..], &mut out[index * m..]);
        let mut first = 0;
        // Rows of `x` by four, for which each vector of weights is made once, and then one by one.
        while first + 4 <= m {
            let x = &x[first * k..];
            if const { V::TILE >= 12 && V::LANES == 16 } {
                // SAFETY: the caller's.
                unsafe { dot_tile::<V, F, 4, 4>(x, k, bytes, apart, &mut out[first..], m) };
            } else {
                // There are not registers for more.
                for at in [0, 2 * apart] {
                    if let Some(out) = out.get_mut(at * m + first..).filter(|out| !out.is_empty()) {
                        // SAFETY: as above.
                        unsafe { dot_tile::<V, F, 2, 4>(x, k, &bytes[at * row..], apart, out, m) };
                    }
                }
            }
            first += 4;
        }
        for row in first..m {
            // SAFETY: the caller's.
            unsafe { dot_tile::<V, F, 4, 1>(&x[row * k..], k, bytes, apart, &mut out[row..], m) };
        }
    }
}

/// The products of the first so many rows of `x` with so many rows of blocks, or those that there are, which begin `apart` rows apart. The
/// results of a row of blocks are `stride` from those of the next.
///
/// # Safety
/// As of [`dot`].
#[inline(always)]
unsafe fn dot_tile<V: Vector, F: BlockDecoder, const OUTPUTS: usize, const ROWS: usize>(
    x: &[f32],
    k: usize,
    bytes: &[u8],
    apart: usize,
    out: &mut [f32],
    stride: usize,
) {
    let row = row_bytes::<F>(k);
    assert!(x.len() >= ROWS * k && bytes.len() >= row);
    let last = bytes.len() / row - 1;
    let mut rows = [bytes; OUTPUTS];
    for output in 0..OUTPUTS {
        // Behind the last row, it is taken again.
        rows[output] = &bytes[output.min(last / apart) * apart * row..][..row];
    }
    // SAFETY: the caller's; each vector lies inside its block, and as many blocks are in a row as `k` says.
    unsafe {
        let mut sums = [[V::splat(0.0); ROWS]; OUTPUTS];
        for index in 0..k / F::LEN {
            let mut blocks = [block::<F>(rows[0], index); OUTPUTS];
            for output in 0..OUTPUTS {
                blocks[output] = block::<F>(rows[output], index);
                V::prefetch((blocks[output] as *const F::Bytes).cast::<f32>().wrapping_byte_add(AHEAD));
            }
            for group in 0..F::LEN / F::GROUP {
                for at in (0..F::GROUP).step_by(V::LANES) {
                    let first = index * F::LEN + group * F::GROUP + at;
                    let mut weights = [V::splat(0.0); OUTPUTS];
                    for output in 0..OUTPUTS {
                        weights[output] = F::unpack::<V>(blocks[output], group, at);
                    }
                    for row in 0..ROWS {
                        let x = V::load(x.get_unchecked(row * k + first..));
                        for output in 0..OUTPUTS {
                            sums[output][row] = weights[output].accumulate(x, sums[output][row]);
                        }
                    }
                }
            }
        }
        for first in (0..OUTPUTS * ROWS).step_by(4) {
            let mut four = [V::splat(0.0); 4];
            for i in 0..4 {
                four[i] = sums[(first + i) / ROWS][(first + i) % ROWS];
            }
            let four = V::sums(four);
            for i in 0..4 {
                if let Some(out) = out.get_mut((first + i) / ROWS * apart * stride + (first + i) % ROWS) {
                    *out = four[i];
                }
            }
        }
    }
}

/// The prefetch distance in bytes.
const AHEAD: usize = 1024;

/// Writes the elements of blocks, one after another.
///
/// # Safety
/// The processor has the instructions of `V`. Numbers of two bytes are aligned.
#[inline(always)]
pub unsafe fn unpack<V: Vector, F: BlockDecoder>(bytes: &[u8], out: &mut [f32]) {
    assert_eq!(bytes.len(), row_bytes::<F>(out.len()), "as many elements as the blocks have");
    for (index, out) in out.chunks_exact_mut(F::LEN).enumerate() {
        for group in 0..F::LEN / F::GROUP {
            for at in (0..F::GROUP).step_by(V::LANES) {
                // SAFETY: the caller's; there are as many blocks as places for them.
                unsafe {
                    let vector = F::unpack::<V>(block::<F>(bytes, index), group, at);
                    vector.store(out.get_unchecked_mut(group * F::GROUP + at..));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::format::tests::{FORMATS, random_blocks, reference};
    use super::super::integers::expected as in_integers;
    use super::super::level::{Level, levels};
    use super::super::linear_blocks::linear_blocks_at;
    use super::super::rounding::Rounding;
    use crate::backend::{Epilogue, Unary};
    use crate::cpu::kernels::matrix::Matrix;
    use crate::cpu::kernels::{Format, Rows};
    use half::f16;
    use zerocopy::IntoBytes;

    fn random(len: usize, seed: u64) -> Vec<f32> {
        let mut rng = fastrand::Rng::with_seed(seed);
        (0..len).map(|_| rng.f32() * 2.0 - 1.0).collect()
    }

    /// A weight of so many rows and blocks in each, at the even address of what is returned first, and its elements.
    fn weight(format: Format, n: usize, blocks: usize) -> (Vec<f16>, Vec<f32>) {
        let bytes = random_blocks(format, n * blocks, 5);
        let elements = reference(format, &bytes);
        (bytes.chunks_exact(2).map(|pair| f16::from_le_bytes([pair[0], pair[1]])).collect(), elements)
    }

    /// The levels, each with every rounding of activations; of those that Miri knows, none rounds.
    fn levels_and_roundings() -> impl Iterator<Item = (String, Level, Rounding)> {
        let roundings = if cfg!(miri) { &[Rounding::F32][..] } else { &Rounding::ALL };
        let of_level =
            |(name, level)| roundings.iter().map(move |&rounding| (format!("{name}, {rounding:?}"), level, rounding));
        levels().into_iter().flat_map(of_level)
    }

    fn check(name: &str, level: Level, rounding: Rounding, format: Format, [m, n, blocks]: [usize; 3]) {
        let k = blocks * format.block()[0];
        let (bytes, elements) = weight(format, n, blocks);
        let (x, bias, residual) = (random(m * k, 1), random(n, 2), random(m * n, 3));
        let transposed: Vec<f32> = (0..m * k).map(|at| x[at % m * k + at / m]).collect();
        for choice in 0..if cfg!(miri) { 1 } else { 4 } {
            let after = Epilogue {
                bias: (choice != 0).then_some(&bias[..]),
                activation: (choice == 2).then_some(Unary::Relu),
                residual: (choice != 1).then_some(&residual[..]),
            };
            let rows = Rows { format, bytes: bytes.as_bytes(), size: [n, k] };
            let x_matrix = match choice {
                3 => Matrix { elements: &transposed[..], strides: [1, m] },
                _ => Matrix { elements: &x[..], strides: [k, 1] },
            };
            let mut found = vec![f32::NAN; m * n];
            linear_blocks_at(level, rounding, x_matrix, m, rows, after, &mut found);
            for (at, found) in found.into_iter().enumerate() {
                let pairs = x[at / n * k..][..k].iter().zip(&elements[at % n * k..][..k]);
                let terms = pairs.map(|(x, weight)| *x as f64 * *weight as f64);
                let (sum, size) = terms.fold((0.0, 0.0), |(sum, size), x| (sum + x, size + x.abs()));
                let sum = sum + after.bias.map_or(0.0, |bias| bias[at % n] as f64);
                let sum = if after.activation.is_some() { sum.max(0.0) } else { sum };
                let expected = sum + after.residual.map_or(0.0, |residual| residual[at] as f64);
                // As of any product: each of the additions rounds by half a place at most. And the numbers may be rounded.
                let [_, rounded] = in_integers(rounding, &x[at / n * k..][..k], &elements[at % n * k..][..k]);
                let error = 6e-8 * (k as f64 / 4.0 + 8.0) * (size + 1.0) + rounded;
                let near = (found as f64 - expected).abs() <= error;
                assert!(near, "{name}, {format:?}, {m} {n} {blocks}, {choice}: {found} for {expected} at {at}");
            }
        }
    }

    #[test]
    fn products_agree_with_double_precision() {
        for (name, level, rounding) in levels_and_roundings() {
            for format in FORMATS {
                if cfg!(miri) {
                    [[1, 5, 1], [3, 2, 1], [9, 1, 1]]
                        .iter()
                        .for_each(|size| check(&name, level, rounding, format, *size));
                    continue;
                }
                for m in [1, 2, 3, 5, 8, 9, 33] {
                    for n in [1, 7, 16, 65] {
                        check(&name, level, rounding, format, [m, n, if m == 3 { 3 } else { 1 }]);
                    }
                }
                // More terms than are packed at a time.
                check(&name, level, rounding, format, [10, 40, 1200 / format.block()[0] + 1]);
            }
            if !cfg!(miri) {
                // More columns than are made panels of at a time.
                check(&name, level, rounding, Format::Q4_1, [9, 4200, 2]);
            }
        }
    }

    #[test]
    fn a_row_is_the_same_among_few_others_and_many() {
        let formats = if cfg!(miri) { &FORMATS[3..4] } else { &FORMATS[..] };
        for &format in formats {
            let (most, n) = if cfg!(miri) { (3, 2) } else { (60, 37) };
            let k = format.block()[0] * if cfg!(miri) { 1 } else { 2048 / format.block()[0] };
            let (bytes, _) = weight(format, n, k / format.block()[0]);
            let (x, rows) = (random(most * k, 1), Rows { format, bytes: bytes.as_bytes(), size: [n, k] });
            for (name, level, rounding) in levels_and_roundings() {
                let product = |first: usize, m: usize| {
                    let mut out = vec![0.0; m * n];
                    let x = Matrix { elements: &x[first * k..], strides: [k, 1] };
                    linear_blocks_at(level, rounding, x, m, rows, Epilogue::default(), &mut out);
                    out
                };
                let alone: Vec<f32> = (0..most).flat_map(|row| product(row, 1)).collect();
                for m in [2, 4, 7, 24, 25, 33, 60].into_iter().filter(|&m| m <= most) {
                    assert!(product(0, m) == alone[..m * n], "{name}, {format:?}, {m}");
                }
            }
        }
    }

    #[test]
    fn a_product_without_terms_is_what_follows_it() {
        for (_, level, rounding) in levels_and_roundings() {
            let rows = Rows { format: Format::Q8_0, bytes: &[], size: [3, 0] };
            let (mut out, bias) = ([f32::NAN; 6], [1.0, 2.0, 3.0]);
            let x = Matrix { elements: &[][..], strides: [0, 1] };
            let after = Epilogue { bias: Some(&bias[..]), ..Epilogue::default() };
            linear_blocks_at(level, rounding, x, 2, rows, after, &mut out);
            assert_eq!(out, [1.0, 2.0, 3.0, 1.0, 2.0, 3.0]);
            let rows = Rows { size: [0, 32], ..rows };
            let x = Matrix { elements: &[0.0; 32][..], strides: [32, 1] };
            linear_blocks_at(level, rounding, x, 1, rows, Epilogue::default(), &mut []);
        }
    }
}
