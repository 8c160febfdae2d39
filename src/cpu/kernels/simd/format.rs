//! Dequantisation of blocks to vectors, one type for each format: see [`Format`](crate::cpu::kernels::blocks::Format).
//!
//! What a block holds is given exactly, but for the one rounding where an offset is added to a product.

use super::vector::Vector;
use half::{bf16, f16};

/// How the elements of a block are dequantised.
///
/// # Safety
/// `Bytes` is an array of bytes, so that any bytes are one.
pub unsafe trait BlockDecoder {
    /// A block.
    type Bytes;
    /// How many elements it has.
    const LEN: usize;
    /// How many share a scale: as many as the longest vector has lanes, or a multiple.
    const GROUP: usize;
    /// A vector of elements of the group, from the one at `at` on.
    ///
    /// # Safety
    /// The processor has the instructions of `V`. The vector lies inside the group, and the group inside the block. A block
    /// of numbers of two or four bytes is aligned.
    unsafe fn unpack<V: Vector>(block: &Self::Bytes, group: usize, at: usize) -> V;
}

/// The number of half precision at this byte.
#[inline(always)]
fn half(block: &[u8], at: usize) -> f16 {
    f16::from_le_bytes([block[at], block[at + 1]])
}

/// Which bytes of 16 hold the elements from `at` on, of 32, and by how much they are shifted: the first 16 lie in the lower
/// halves of the bytes, the others in the upper ones.
#[inline(always)]
fn halves(at: usize) -> (usize, u32) {
    (at % 16, at as u32 / 16 * 4)
}

macro_rules! packings { ($(
    $(#[$doc:meta])*
    $Name:ident: $bytes:literal bytes, $len:literal elements in groups of $group:literal,
    |$block:ident, $g:ident, $at:ident| $unpack:expr;
)*) => {$(
    $(#[$doc])*
    pub struct $Name;

    // SAFETY: it is an array of bytes.
    unsafe impl BlockDecoder for $Name {
        type Bytes = [u8; $bytes];
        const LEN: usize = $len;
        const GROUP: usize = $group;
        #[inline(always)]
        unsafe fn unpack<V: Vector>($block: &[u8; $bytes], $g: usize, $at: usize) -> V {
            const { assert!($group % V::LANES == 0) };
            let _ = $g;
            // SAFETY: the caller's; each slice is as long as what is read of it.
            unsafe { $unpack }
        }
    }
)*} }

// The products of whole numbers and scales are exact: together their digits are those of an `f32`, or fewer.
packings! {
    /// Single precision.
    F32: 128 bytes, 32 elements in groups of 32,
    |block, group, at| V::load(std::slice::from_raw_parts(block.as_ptr().cast::<f32>().add(at), V::LANES));

    /// Half precision.
    F16: 64 bytes, 32 elements in groups of 32,
    |block, group, at| V::load_f16(std::slice::from_raw_parts(block.as_ptr().cast::<f16>().add(at), V::LANES));

    /// The upper halves of `f32`.
    BF16: 64 bytes, 32 elements in groups of 32,
    |block, group, at| V::load_bf16(std::slice::from_raw_parts(block.as_ptr().cast::<bf16>().add(at), V::LANES));

    /// `d · (q - 8)`.
    Q4_0: 18 bytes, 32 elements in groups of 32,
    |block, group, at| {
        let ((byte, shift), scale) = (halves(at), V::splat_f16(half(block, 0)));
        V::load_nibbles(&block[2 + byte..], shift, scale, scale.mul(V::splat(-8.0)))
    };

    /// `d · q + m`.
    Q4_1: 20 bytes, 32 elements in groups of 32,
    |block, group, at| {
        let ((byte, shift), [scale, offset]) = (halves(at), V::splat_two_f16(block));
        V::load_nibbles(&block[4 + byte..], shift, scale, offset)
    };

    /// `d · (q - 16)`: the fifth bits of all elements, and then the others.
    Q5_0: 22 bytes, 32 elements in groups of 32,
    |block, group, at| {
        let (byte, shift) = halves(at);
        let fifth = u32::from_le_bytes([block[2], block[3], block[4], block[5]]) >> at;
        let q = V::load_bits(&block[6 + byte..], shift, 15).masked_add(fifth, V::splat(16.0));
        q.sub(V::splat(16.0)).mul(V::splat_f16(half(block, 0)))
    };

    /// `d · q + m`, as `Q5_0`.
    Q5_1: 24 bytes, 32 elements in groups of 32,
    |block, group, at| {
        let ((byte, shift), [scale, offset]) = (halves(at), V::splat_two_f16(block));
        let fifth = u32::from_le_bytes([block[4], block[5], block[6], block[7]]) >> at;
        let q = V::load_bits(&block[8 + byte..], shift, 15).masked_add(fifth, V::splat(16.0));
        q.accumulate(scale, offset)
    };

    /// `d · q`.
    Q8_0: 34 bytes, 32 elements in groups of 32,
    |block, group, at| V::load_i8(&block[2 + at..]).mul(V::splat_f16(half(block, 0)));

    /// `d · scale · q - d_min · min`: a scale and a minimum of six bits for each 32 elements.
    Q4K: 144 bytes, 256 elements in groups of 32,
    |block, group, at| {
        let [scale, offset] = scale_and_offset(block, group);
        V::load_nibbles(&block[16 + group / 2 * 32 + at..], group as u32 % 2 * 4, scale, offset)
    };

    /// As `Q4_K`, and behind the scales the fifth bits: of each byte one for each group.
    Q5K: 176 bytes, 256 elements in groups of 32,
    |block, group, at| {
        let [scale, offset] = scale_and_offset(block, group);
        let q = V::load_bits(&block[48 + group / 2 * 32 + at..], group as u32 % 2 * 4, 15);
        let fifth = V::load_bits(&block[16 + at..], group as u32, 1);
        fifth.accumulate(V::splat(16.0), q).accumulate(scale, offset)
    };

    /// `d · scale · (q - 32)`: lower four bits, upper two, a scale of eight bits for each 16 elements, and `d`.
    Q6K: 210 bytes, 256 elements in groups of 16,
    |block, group, at| {
        // Each half of the block is four parts of 32 elements: two in the lower four bits of 64 bytes, two in the upper
        // ones, and the last bits of all four in 32 bytes.
        let (half_block, part, first) = (group / 8, group / 2 % 4, group % 2 * 16 + at);
        let low = V::load_bits(&block[half_block * 64 + part % 2 * 32 + first..], part as u32 / 2 * 4, 15);
        let high = V::load_bits(&block[128 + half_block * 32 + first..], part as u32 * 2, 3);
        let q = high.accumulate(V::splat(16.0), low).sub(V::splat(32.0));
        q.mul(V::splat_f16(half(block, 208)).mul(V::splat(block[192 + group] as i8 as f32)))
    };
}

/// The factor and the addend of a group of 32 of the 256 elements: `d` and `d_min`, and of each six bits.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn scale_and_offset<V: Vector>(block: &[u8], group: usize) -> [V; 2] {
    let s = &block[4..16];
    let (scale, min) = if group < 4 {
        (s[group] & 63, s[group + 4] & 63)
    } else {
        // Four of their bits stand together, and two above the first groups'.
        (s[group + 4] & 15 | s[group - 4] >> 6 << 4, s[group + 4] >> 4 | s[group] >> 6 << 4)
    };
    // SAFETY: the caller's.
    unsafe {
        let [d, d_min] = V::splat_two_f16(block);
        [d.mul(V::splat(scale as f32)), d_min.mul(V::splat(-(min as f32)))]
    }
}

#[cfg(test)]
pub mod tests {
    use super::super::level::levels;
    use super::super::quantised::unpack_at;
    use super::*;
    use crate::cpu::kernels::{Format, Rows};

    pub const FORMATS: [Format; 10] = [
        Format::F16,
        Format::BF16,
        Format::Q4_0,
        Format::Q4_1,
        Format::Q5_0,
        Format::Q5_1,
        Format::Q8_0,
        Format::Q4_K,
        Format::Q5_K,
        Format::Q6_K,
    ];

    /// Where a block has numbers of half precision.
    fn halves(format: Format) -> &'static [usize] {
        match format {
            Format::Q4_0 | Format::Q5_0 | Format::Q8_0 => &[0],
            Format::Q4_1 | Format::Q5_1 | Format::Q4_K | Format::Q5_K => &[0, 2],
            Format::Q6_K => &[208],
            Format::F16 | Format::BF16 => &[],
        }
    }

    /// So many blocks of any bytes, but for the exponents: their numbers are finite, and not far from 1.
    pub fn random_blocks(format: Format, blocks: usize, seed: u32) -> Vec<u8> {
        let [len, bytes] = format.block();
        let mut state = seed;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let mut all: Vec<u8> = (0..blocks * bytes).map(|_| random()).collect();
        for block in all.chunks_exact_mut(bytes) {
            halves(format).iter().for_each(|at| block[at + 1] = block[at + 1] & 0x83 | 0x2c);
            for i in 0..len {
                match format {
                    Format::F16 => block[2 * i + 1] = block[2 * i + 1] & 0x83 | 0x38,
                    Format::BF16 => block[2 * i + 1] = block[2 * i + 1] & 0x80 | 0x3f,
                    _ => (),
                }
            }
        }
        all
    }

    /// The elements by plain arithmetic, after the definitions in `ggml-quants.c`.
    pub fn reference(format: Format, bytes: &[u8]) -> Vec<f32> {
        let [len, block_bytes] = format.block();
        let element = |b: &[u8], i: usize| -> f32 {
            let half = |at: usize| f16::from_le_bytes([b[at], b[at + 1]]).to_f32();
            let nibble = |from: usize| (b[from + i % 16] >> (i / 16 * 4) & 15) as i32;
            let fifth = |from: usize| (b[from + i / 8] >> (i % 8) & 1) as i32 * 16;
            let six_bits = || {
                let (s, j) = (&b[4..16], i / 32);
                match j {
                    0..4 => [s[j] & 63, s[j + 4] & 63],
                    _ => [(s[j + 4] & 15) + (s[j - 4] >> 6) * 16, (s[j + 4] >> 4) + (s[j] >> 6) * 16],
                }
            };
            let scaled = |q: u8| {
                let [scale, min] = six_bits();
                half(0) * scale as f32 * q as f32 - half(2) * min as f32
            };
            let nibble_of_256 = |from: usize| b[from + i / 64 * 32 + i % 32] >> (i / 32 % 2 * 4) & 15;
            match format {
                Format::F16 => half(2 * i),
                Format::BF16 => bf16::from_le_bytes([b[2 * i], b[2 * i + 1]]).to_f32(),
                Format::Q4_0 => half(0) * (nibble(2) - 8) as f32,
                Format::Q4_1 => half(0) * nibble(4) as f32 + half(2),
                Format::Q5_0 => half(0) * (nibble(6) + fifth(2) - 16) as f32,
                Format::Q5_1 => half(0) * (nibble(8) + fifth(4)) as f32 + half(2),
                Format::Q8_0 => half(0) * (b[2 + i] as i8) as f32,
                Format::Q4_K => scaled(nibble_of_256(16)),
                Format::Q5_K => scaled(nibble_of_256(48) + (b[16 + i % 32] >> (i / 32) & 1) * 16),
                Format::Q6_K => {
                    let low = b[i / 128 * 64 + i % 64] >> (i / 64 % 2 * 4) & 15;
                    let high = b[128 + i / 128 * 32 + i % 32] >> (i / 32 % 4 * 2) & 3;
                    half(208) * (b[192 + i / 16] as i8) as f32 * (low as i32 + high as i32 * 16 - 32) as f32
                }
            }
        };
        bytes.chunks_exact(block_bytes).flat_map(|block| (0..len).map(move |i| element(block, i))).collect()
    }

    /// Bits of all numbers in one.
    fn digest(elements: &[f32]) -> u32 {
        elements.iter().fold(0, |digest: u32, x| digest.wrapping_mul(31).wrapping_add(x.to_bits()))
    }

    /// The digests were calculated of what `gguf.quants.dequantize` of the Python package `gguf` 0.19 makes of these bytes.
    #[test]
    #[cfg_attr(miri, ignore)] // It is about the tests alone.
    fn the_reference_is_that_of_ggml() {
        let expected = [
            (Format::Q4_0, 0xc3be_3c00),
            (Format::Q4_1, 0xbd4b_1000),
            (Format::Q5_0, 0xb38f_6200),
            (Format::Q5_1, 0x2de0_3a00),
            (Format::Q8_0, 0x0ed3_bcc0),
            (Format::Q4_K, 0x2b13_16b8),
            (Format::Q5_K, 0xaa19_69e8),
            (Format::Q6_K, 0x3377_8708),
        ];
        for (format, digest_of_gguf) in expected {
            assert_eq!(digest(&reference(format, &random_blocks(format, 3, 1))), digest_of_gguf, "{format:?}");
        }
    }

    #[test]
    fn blocks_are_read_exactly() {
        for format in FORMATS {
            let blocks = if cfg!(miri) { 1 } else { 300 };
            let bytes = random_blocks(format, blocks, 7);
            let expected = reference(format, &bytes);
            // Numbers of two bytes are aligned.
            let bytes: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
            let bytes = zerocopy::IntoBytes::as_bytes(&bytes[..]);
            for (name, level) in levels() {
                let mut found = vec![f32::NAN; expected.len()];
                unpack_at(level, Rows { format, bytes, size: [1, expected.len()] }, &mut found);
                for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
                    assert!(found == expected, "{name}, {format:?}: {found} for {expected} at {at}");
                }
            }
        }
    }
}
