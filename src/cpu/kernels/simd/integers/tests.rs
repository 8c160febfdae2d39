use super::super::format::tests::{random_blocks, reference};
use super::super::lanes::Lanes;
use super::super::level::{Level, levels};
use super::super::linear_blocks::linear_blocks_at;
use super::super::portable::Portable;
use super::super::quantised::dot_at;
use super::super::vector::Vector;
use super::activations::round;
use super::decoder::{Decoder, Q4_0, Q4_1, Q4_K, Q6_K, Q8_0};
use super::*;
use crate::backend::Epilogue;
use crate::cpu::kernels::matrix::Matrix;
use half::f16;
use zerocopy::IntoBytes;

const FORMATS: [Format; 5] = [Format::Q4_0, Format::Q4_1, Format::Q8_0, Format::Q4_K, Format::Q6_K];

/// The elements of a block by their places, in the order of words.
fn in_order(element: impl Fn(usize) -> i16) -> [[[i16; 2]; 4]; 4] {
    let at = |word: usize, vector: usize| element(2 * word + vector / 2 + vector % 2 * 16);
    std::array::from_fn(|vector| std::array::from_fn(|lane| [0, 1].map(|i| at(2 * lane + i, vector))))
}

/// The weights of 6 bits of a block.
///
/// # Safety
/// As of [`IntegerVector::six_bits`].
unsafe fn six_bits(low: *const u8, high: *const u8, block: usize) -> [u8; 32] {
    // SAFETY: the caller's.
    let (low, high) = unsafe { (low.cast::<[u8; 64]>().read(), high.cast::<[u8; 32]>().read()) };
    std::array::from_fn(|at| {
        let low = low[block % 2 * 32 + at] >> (block / 2 * 4) & 15;
        low | (high[at] >> (block * 2) & 3) << 4
    })
}

/// Plain numbers, for Miri.
// SAFETY: it is what the trait says, in plain arithmetic.
unsafe impl IntegerVector for Portable {
    const OUTPUTS: usize = 2;
    type Integers = [[i16; 2]; 4];

    unsafe fn load_integers(from: *const u32) -> Self::Integers {
        // SAFETY: the caller's.
        unsafe { from.cast::<Self::Integers>().read_unaligned() }
    }
    unsafe fn store_integers(x: Self::Integers, to: *mut u32) {
        // SAFETY: the caller's.
        unsafe { to.cast::<Self::Integers>().write_unaligned(x) }
    }
    unsafe fn splat_words(x: i16) -> Self::Integers {
        [[x; 2]; 4]
    }
    unsafe fn subtract_words(x: Self::Integers, y: Self::Integers) -> Self::Integers {
        std::array::from_fn(|lane| [x[lane][0] - y[lane][0], x[lane][1] - y[lane][1]])
    }
    unsafe fn dot_words(x: Self::Integers, y: Self::Integers, sums: Self::Integers) -> Self::Integers {
        let sums: [i32; 4] = zerocopy::transmute!(sums);
        let products = |lane: usize, i: usize| x[lane][i] as i32 * y[lane][i] as i32;
        let sums: [i32; 4] = std::array::from_fn(|lane| sums[lane] + products(lane, 0) + products(lane, 1));
        zerocopy::transmute!(sums)
    }
    unsafe fn round_to_integers(self) -> Self::Integers {
        let mut lanes = [0.0; 4];
        // SAFETY: plain numbers need no instructions.
        unsafe { self.store(&mut lanes) };
        let rounded: [i32; 4] = lanes.map(|x: f32| x.round_ties_even() as i32);
        zerocopy::transmute!(rounded)
    }
    unsafe fn pair_words(low: Self::Integers, high: Self::Integers) -> Self::Integers {
        std::array::from_fn(|lane| [low[lane][0], high[lane][0]])
    }
    unsafe fn pair_bytes(even: Self::Integers, odd: Self::Integers) -> Self::Integers {
        let pair = |even: i16, odd: i16| i16::from_le_bytes([even as u8, odd as u8]);
        std::array::from_fn(|lane| [0, 1].map(|i| pair(even[lane][i], odd[lane][i])))
    }
    unsafe fn dot_bytes(
        bytes: Self::Integers,
        x: Self::Integers,
        sums: Self::Integers,
        are_wide: bool,
    ) -> Self::Integers {
        let (bytes, x): ([[u8; 4]; 4], [[i8; 4]; 4]) = (zerocopy::transmute!(bytes), zerocopy::transmute!(x));
        let mut sums: [i32; 4] = zerocopy::transmute!(sums);
        for lane in 0..4 {
            assert!(are_wide || bytes[lane].iter().all(|byte| *byte < 64));
            let products = |i: usize| bytes[lane][i] as i32 * x[lane][i] as i32;
            sums[lane] += (0..4).map(products).sum::<i32>();
        }
        zerocopy::transmute!(sums)
    }
    unsafe fn shift_left(x: Self::Integers, bits: u32) -> Self::Integers {
        let x: [i32; 4] = zerocopy::transmute!(x);
        zerocopy::transmute!(x.map(|x| x << bits))
    }
    unsafe fn to_floats(x: Self::Integers) -> Self {
        let x: [i32; 4] = zerocopy::transmute!(x);
        // SAFETY: plain numbers need no instructions.
        unsafe { Self::load(&x.map(|x| x as f32)) }
    }
    unsafe fn nibbles<const STRIDE: usize, const AT: usize>(blocks: *const u8) -> [Self::Integers; 4] {
        // SAFETY: the caller's.
        let bytes: [u8; 16] = unsafe { blocks.add(AT).cast::<[u8; 16]>().read() };
        let nibble = |word: usize, vector: usize| (bytes[2 * word + vector / 2] >> (vector % 2 * 4) & 15) as i16;
        std::array::from_fn(|vector| std::array::from_fn(|lane| [0, 1].map(|i| nibble(2 * lane + i, vector))))
    }
    unsafe fn bytes<const STRIDE: usize, const AT: usize>(blocks: *const u8) -> [Self::Integers; 4] {
        // SAFETY: the caller's.
        let bytes: [i8; 32] = unsafe { blocks.add(AT).cast::<[i8; 32]>().read() };
        in_order(|at| bytes[at] as i16)
    }
    unsafe fn nibbles_of_pairs(bytes: *const u8, block: usize) -> [Self::Integers; 4] {
        // SAFETY: the caller's.
        let bytes: [u8; 32] = unsafe { bytes.cast::<[u8; 32]>().read() };
        let nibble = |at: usize| (bytes[at] >> (block % 2 * 4) & 15) as i16;
        in_order(nibble)
    }
    unsafe fn scaled_six_bits(low: *const u8, high: *const u8, scales: *const i8, block: usize) -> [Self::Integers; 4] {
        // SAFETY: the caller's.
        let (bytes, scales) = unsafe { (six_bits(low, high, block), scales.cast::<[i8; 2]>().read()) };
        in_order(|at| (bytes[at] as i16 - 32) * scales[at / 16] as i16)
    }
    unsafe fn nibble_bytes<const STRIDE: usize, const AT: usize>(blocks: *const u8) -> [Self::Integers; 2] {
        // SAFETY: the caller's.
        let bytes: [u8; 16] = unsafe { blocks.add(AT).cast::<[u8; 16]>().read() };
        [bytes.map(|byte| byte & 15), bytes.map(|byte| byte >> 4)].map(|half| zerocopy::transmute!(half))
    }
    unsafe fn raised_bytes<const STRIDE: usize, const AT: usize>(blocks: *const u8) -> [Self::Integers; 2] {
        // SAFETY: the caller's.
        let bytes: [i8; 32] = unsafe { blocks.add(AT).cast::<[i8; 32]>().read() };
        zerocopy::transmute!(bytes.map(|byte| (byte as i16 + 128) as u8))
    }
    unsafe fn nibble_bytes_of_pairs(bytes: *const u8, block: usize) -> [Self::Integers; 2] {
        // SAFETY: the caller's.
        let bytes: [u8; 32] = unsafe { bytes.cast::<[u8; 32]>().read() };
        zerocopy::transmute!(bytes.map(|byte| byte >> (block % 2 * 4) & 15))
    }
    unsafe fn six_bits(low: *const u8, high: *const u8, block: usize) -> [Self::Integers; 2] {
        // SAFETY: the caller's.
        let bytes = unsafe { six_bits(low, high, block) };
        zerocopy::transmute!(bytes)
    }
    unsafe fn half_scales(scales: *const i8) -> [Self; 2] {
        // SAFETY: the caller's; plain numbers need no instructions.
        unsafe { scales.cast::<[i8; 2]>().read().map(|scale| Self::splat(scale as f32)) }
    }
    unsafe fn splat_bytes(bytes: u32) -> Self {
        // SAFETY: plain numbers need no instructions.
        unsafe { Self::splat((bytes & 255) as f32) }
    }
    unsafe fn first_halves<const STRIDE: usize>(blocks: *const u8) -> Self {
        // SAFETY: the caller's.
        unsafe { Self::splat_f16(f16::from_bits(blocks.cast::<u16>().read_unaligned())) }
    }
    unsafe fn first_two_halves<const STRIDE: usize>(blocks: *const u8) -> [Self; 2] {
        // SAFETY: the caller's.
        unsafe { Self::splat_two_f16(std::slice::from_raw_parts(blocks, 4)) }
    }
}

/// A product in `f64`, and how far from it one in integers may be: an element is rounded by 2^-16 of the largest of its block, or by
/// a 254th, and by a quarter more where the centre of the weights is not 0; and the steps are added in `f32`.
pub fn expected(rounding: Rounding, x: &[f32], weight: &[f32]) -> [f64; 2] {
    let of_largest = match rounding {
        Rounding::F32 => 0.0,
        Rounding::I16 => 1.0 / 65534.0,
        Rounding::I8 => 1.0 / 254.0,
    };
    let (mut sum, mut error, mut size) = (0.0, 0.0, 0.0);
    for (x, weight) in x.chunks(BLOCK).zip(weight.chunks(BLOCK)) {
        let largest = x.iter().fold(0.0, |largest: f64, x| largest.max(x.abs() as f64));
        for (x, weight) in x.iter().zip(weight) {
            let (x, weight) = (*x as f64, *weight as f64);
            sum += x * weight;
            size += (x * weight).abs();
            error += largest * weight.abs();
        }
    }
    [sum, error * 1.25 * of_largest + size * 1e-6 + 1e-30]
}

/// A weight at an even address, and its elements.
fn weight(format: Format, n: usize, blocks: usize) -> (Vec<f16>, Vec<f32>) {
    let bytes = random_blocks(format, n * blocks * BLOCK / format.block()[0], 5);
    let elements = reference(format, &bytes);
    (bytes.chunks_exact(2).map(|pair| f16::from_le_bytes([pair[0], pair[1]])).collect(), elements)
}

/// So many blocks or more, as the format has them.
fn blocks_of(format: Format, blocks: usize) -> usize {
    blocks.next_multiple_of(format.block()[0] / BLOCK)
}

fn random(len: usize, seed: u64) -> Vec<f32> {
    let mut rng = fastrand::Rng::with_seed(seed);
    (0..len).map(|_| rng.f32() * 2.0 - 1.0).collect()
}

fn check_portable<F: Decoder>(rounding: Rounding, format: Format, [m, n, blocks]: [usize; 3]) {
    let k = blocks * BLOCK;
    let ((bytes, elements), x) = (weight(format, n, blocks), random(m * k, 1));
    let rows = Rows { format, bytes: bytes.as_bytes(), size: [n, k] };
    // SAFETY: plain numbers need no instructions.
    let kernel = |x: &[f32], to: &mut [u32]| unsafe { round::<Portable>(F::IN_BYTES, x, to) };
    let rounded = Activations::rounded(Level::Portable, F::IN_BYTES, &x, [m, k], 1, kernel);
    let mut found = vec![f32::NAN; m * (n + 2)];
    let mut out = ColumnsMut::new(&mut found, n + 2, 1..n + 1);
    // SAFETY: as above.
    unsafe { product::multiply::<Portable, F>(&rounded, rows, &mut out) };
    for (row, found) in found.chunks(n + 2).enumerate() {
        assert!(rounded.is_rounded(row) && found[0].is_nan() && found[n + 1].is_nan());
        for (column, found) in found[1..=n].iter().enumerate() {
            let [expected, error] = expected(rounding, &x[row * k..][..k], &elements[column * k..][..k]);
            assert!((*found as f64 - expected).abs() <= error, "{format:?}, {m} {n} {blocks}: {found} for {expected}");
        }
    }
}

#[test]
fn plain_arithmetic_agrees_with_double_precision() {
    let sizes: [[usize; 3]; 6] = [[1, 5, 1], [3, 3, 1], [17, 1, 1], [2, 2, 2], [3, 1, 17], [18, 3, 18]];
    for &size in &sizes[..if cfg!(miri) { 2 } else { sizes.len() }] {
        let in_long_blocks = [size[0], size[1], size[2].next_multiple_of(8)];
        macro_rules! check { ($($F:ident $size:ident),*) => {$(
            check_portable::<$F>(Rounding::I16, Format::$F, $size);
            check_portable::<InBytes<$F>>(Rounding::I8, Format::$F, $size);
        )*} }
        check!(Q4_0 size, Q4_1 size, Q8_0 size, Q4_K in_long_blocks, Q6_K in_long_blocks);
    }
}

/// The levels, each with what integers are rounded to.
fn levels_and_roundings() -> impl Iterator<Item = (&'static str, Level, Rounding)> {
    levels().into_iter().flat_map(|(name, level)| [Rounding::I16, Rounding::I8].map(|rounding| (name, level, rounding)))
}

fn product(level: Level, rounding: Rounding, x: &[f32], rows: Rows<'_>) -> Vec<f32> {
    let [n, k] = rows.size;
    let m = x.len() / k;
    let mut out = vec![f32::NAN; m * n];
    let x = Matrix { elements: x, strides: [k, 1] };
    linear_blocks_at(level, rounding, x, m, rows, Epilogue::default(), &mut out);
    out
}

#[test]
#[cfg_attr(miri, ignore)] // It has the portable kernels alone.
fn activations_of_any_size_agree_with_double_precision() {
    for (name, level, rounding) in levels_and_roundings() {
        for format in FORMATS {
            let (n, blocks) = (6, blocks_of(format, 19));
            let ((bytes, elements), k) = (weight(format, n, blocks), blocks * BLOCK);
            let rows = Rows { format, bytes: bytes.as_bytes(), size: [n, k] };
            for exponent in [-126, -100, -81, -80, -79, -30, 0, 20, 99, 100, 101, 110] {
                // A block of zeros, one that is much smaller, and one element that is much larger than its block.
                let mut x: Vec<f32> = random(2 * k, 3).into_iter().map(|x| x * 2f32.powi(exponent)).collect();
                x[..BLOCK].fill(0.0);
                x[BLOCK..2 * BLOCK].iter_mut().for_each(|x| *x *= 1e-9);
                x[k + 7] *= 1000.0;
                for (at, found) in product(level, rounding, &x, rows).into_iter().enumerate() {
                    let [expected, error] = expected(rounding, &x[at / n * k..][..k], &elements[at % n * k..][..k]);
                    let near = (found as f64 - expected).abs() <= error;
                    assert!(
                        near,
                        "{name}, {rounding:?}, {format:?}, 2^{exponent}: {found} for {expected}, not within {error}"
                    );
                }
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore)] // It has the portable kernels alone.
fn what_cannot_be_rounded_is_multiplied_as_it_is() {
    let hostile = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, -3e37, 1e-38, -1e-45];
    for (name, level, rounding) in levels_and_roundings() {
        for format in FORMATS {
            let (n, blocks) = (5, blocks_of(format, 7));
            let ((bytes, _), k) = (weight(format, n, blocks), blocks * BLOCK);
            let rows = Rows { format, bytes: bytes.as_bytes(), size: [n, k] };
            let plain = random(9 * k, 3);
            let alone = product(level, rounding, &plain, rows);
            for (index, value) in hostile.into_iter().enumerate() {
                let (mut x, row, at) = (plain.clone(), index % 9, index * 31 % k);
                // Alone in its block: a small one among larger ones is rounded away, as in any sum.
                x[row * k + at / BLOCK * BLOCK..][..BLOCK].fill(0.0);
                x[row * k + at] = value;
                let mut expected = alone.clone();
                dot_at(level, &x[row * k..][..k], rows, &mut expected[row * n..][..n]);
                let bits =
                    |x: &[f32]| x.iter().map(|x| if x.is_nan() { u32::MAX } else { x.to_bits() }).collect::<Vec<_>>();
                assert_eq!(
                    bits(&product(level, rounding, &x, rows)),
                    bits(&expected),
                    "{name}, {rounding:?}, {format:?}, {value}"
                );
                assert!(value.is_finite() || expected[row * n..][..n].iter().all(|x| !x.is_finite()));
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore)] // It has the portable kernels alone.
fn rows_of_many_columns_are_summed_alike() {
    // More steps than are added at once, and more rows than are unpacked together.
    for (name, level, rounding) in levels_and_roundings() {
        for format in FORMATS {
            let (n, blocks) = (40, blocks_of(format, 150));
            let ((bytes, _), k) = (weight(format, n, blocks), blocks * BLOCK);
            let rows = Rows { format, bytes: bytes.as_bytes(), size: [n, k] };
            let x = random(13 * k, 3);
            let alone: Vec<f32> = x.chunks(k).flat_map(|x| product(level, rounding, x, rows)).collect();
            for m in [2, 4, 5, 8, 9, 13] {
                assert!(
                    product(level, rounding, &x[..m * k], rows) == alone[..m * n],
                    "{name}, {rounding:?}, {format:?}, {m}"
                );
            }
        }
    }
}
