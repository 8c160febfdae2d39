//! The emulator beside bytes that were assembled by hand, and beside sums that were done by hand.

use super::decode::{Instruction, Registers, decode};
use super::execute::Unit;
use half::bf16;

/// The instruction that these bytes are, where each register holds 0x100 times its number.
fn decoded(bytes: &[u8]) -> Option<(Instruction, usize)> {
    let general = std::array::from_fn(|number| 0x100 * number as i64);
    // SAFETY: no more bytes are read than an instruction has, or than tell that it is another one.
    unsafe { decode(&Registers { general, instruction: bytes.as_ptr() as i64 }) }
}

#[test]
fn instructions_are_told_by_their_bytes() {
    let at = |address: usize| address as *const u8;
    let to = |address: usize| address as *mut u8;
    let cases: [(&[u8], Instruction); 16] = [
        // ldtilecfg [rax], [rsp], [r12 + 0x40]; sttilecfg [rdi - 0x80]
        (&[0xC4, 0xE2, 0x78, 0x49, 0x00], Instruction::LoadConfiguration { from: at(0) }),
        (&[0xC4, 0xE2, 0x78, 0x49, 0x04, 0x24], Instruction::LoadConfiguration { from: at(0x400) }),
        (&[0xC4, 0xC2, 0x78, 0x49, 0x44, 0x24, 0x40], Instruction::LoadConfiguration { from: at(0xC40) }),
        (&[0xC4, 0xE2, 0x79, 0x49, 0x47, 0x80], Instruction::StoreConfiguration { to: to(0x680) }),
        // tilerelease; tilezero tmm0, tmm5
        (&[0xC4, 0xE2, 0x78, 0x49, 0xC0], Instruction::Release),
        (&[0xC4, 0xE2, 0x7B, 0x49, 0xC0], Instruction::Zero { tile: 0 }),
        (&[0xC4, 0xE2, 0x7B, 0x49, 0xE8], Instruction::Zero { tile: 5 }),
        // tileloadd tmm4, [rdi + rsi*1]; tmm6, [r9 + r10*8 + 0x40]; tmm1, [rbp + r12*2]; tmm7, [rcx]; tileloaddt1 tmm0, [rax + rbx]
        (&[0xC4, 0xE2, 0x7B, 0x4B, 0x24, 0x37], Instruction::Load { tile: 4, from: at(0x700), stride: 0x600 }),
        (&[0xC4, 0x82, 0x7B, 0x4B, 0x74, 0xD1, 0x40], Instruction::Load { tile: 6, from: at(0x940), stride: 0x5000 }),
        (&[0xC4, 0xA2, 0x7B, 0x4B, 0x4C, 0x65, 0x00], Instruction::Load { tile: 1, from: at(0x500), stride: 0x1800 }),
        (&[0xC4, 0xE2, 0x7B, 0x4B, 0x3C, 0x21], Instruction::Load { tile: 7, from: at(0x100), stride: 0 }),
        (&[0xC4, 0xE2, 0x79, 0x4B, 0x04, 0x18], Instruction::Load { tile: 0, from: at(0), stride: 0x300 }),
        // tilestored [rdx + rcx*1 + 0x840], tmm3; [rcx*1 + 0x40], tmm2
        (
            &[0xC4, 0xE2, 0x7A, 0x4B, 0x9C, 0x0A, 0x40, 0x08, 0, 0],
            Instruction::Store { tile: 3, to: to(0xA40), stride: 0x100 },
        ),
        (
            &[0xC4, 0xE2, 0x7A, 0x4B, 0x14, 0x0D, 0x40, 0, 0, 0],
            Instruction::Store { tile: 2, to: to(0x40), stride: 0x100 },
        ),
        // tdpbf16ps tmm0, tmm4, tmm6; tmm3, tmm5, tmm7
        (&[0xC4, 0xE2, 0x4A, 0x5C, 0xC4], Instruction::DotBf16 { sums: 0, a: 4, b: 6 }),
        (&[0xC4, 0xE2, 0x42, 0x5C, 0xDD], Instruction::DotBf16 { sums: 3, a: 5, b: 7 }),
    ];
    for (bytes, expected) in cases {
        assert_eq!(decoded(bytes), Some((expected, bytes.len())), "{bytes:x?}");
    }
    // ldtilecfg [rip + 0x10], from the end of the instruction on.
    let relative = [0xC4, 0xE2, 0x78, 0x49, 0x05, 0x10, 0, 0, 0];
    let from = relative.as_ptr().wrapping_add(9 + 0x10);
    assert_eq!(decoded(&relative), Some((Instruction::LoadConfiguration { from }, 9)));
    // ud2; vaddps ymm0, ymm0, ymm0; tdpbssd, which has another prefix; tileloadd without the byte of an index; W 1.
    let others: [[u8; 6]; 5] = [
        [0x0F, 0x0B, 0, 0, 0, 0],
        [0xC5, 0xFC, 0x58, 0xC0, 0, 0],
        [0xC4, 0xE2, 0x4B, 0x5E, 0xC4, 0],
        [0xC4, 0xE2, 0x7B, 0x4B, 0x07, 0],
        [0xC4, 0xE2, 0xFB, 0x49, 0xC0, 0],
    ];
    for bytes in others {
        assert_eq!(decoded(&bytes), None, "{bytes:x?}");
    }
}

/// A configuration of tiles of so many rows, of so many bytes each.
fn configuration(tiles: &[[usize; 2]]) -> [u8; 64] {
    let mut bytes = [0; 64];
    bytes[0] = 1;
    for (tile, &[rows, row_bytes]) in tiles.iter().enumerate() {
        bytes[16 + 2 * tile] = row_bytes as u8;
        bytes[48 + tile] = rows as u8;
    }
    bytes
}

/// Has the unit do what needs no memory beside these slices.
fn configured(tiles: &[[usize; 2]]) -> Result<Unit, &'static str> {
    let mut unit = Unit::NEW;
    let from = configuration(tiles);
    // SAFETY: the operand is a configuration.
    unsafe { unit.execute(Instruction::LoadConfiguration { from: from.as_ptr() }) }.map(|()| unit)
}

#[test]
fn what_a_processor_refuses_faults() {
    let dot = Instruction::DotBf16 { sums: 0, a: 1, b: 2 };
    let fits = [[3, 8], [3, 4], [1, 8]];
    // SAFETY: the instructions have no memory operands.
    let after = |tiles: &[[usize; 2]], instruction| unsafe { configured(tiles)?.execute(instruction) };
    assert_eq!(after(&fits, dot), Ok(()));
    assert_eq!(after(&[[3, 8], [2, 4], [1, 8]], dot), Err("tiles that do not fit"));
    assert_eq!(after(&[[3, 8], [3, 8], [1, 8]], dot), Err("tiles that do not fit"));
    assert_eq!(after(&[[3, 8], [3, 4], [1, 4]], dot), Err("tiles that do not fit"));
    assert_eq!(after(&[[3, 6], [3, 4], [1, 6]], dot), Err("rows of a part of a pair"));
    assert_eq!(after(&fits, Instruction::DotBf16 { sums: 0, a: 1, b: 1 }), Err("one tile for two operands"));
    assert_eq!(after(&fits, Instruction::Zero { tile: 3 }), Err("the tile has no rows"));
    assert!(after(&[[17, 64]], dot).is_err() && after(&[[16, 65]], dot).is_err() && after(&[[0, 64]], dot).is_err());
    // SAFETY: as above.
    assert_eq!(unsafe { { Unit::NEW }.execute(dot) }, Err("tiles are not configured"));
}

/// The sums of one row and one column of pairs, added to `before`.
fn dot(before: f32, a: &[[f32; 2]], b: &[[f32; 2]]) -> f32 {
    let bits = |pairs: &[[f32; 2]]| -> Vec<bf16> { pairs.as_flattened().iter().map(|x| bf16::from_f32(*x)).collect() };
    let (a_bits, b_bits, mut sum) = (bits(a), bits(b), [before]);
    let mut unit = configured(&[[1, 4], [1, 4 * a.len()], [b.len(), 4]]).unwrap();
    let bytes = sum.as_mut_ptr().cast::<u8>();
    for instruction in [
        Instruction::Load { tile: 0, from: bytes, stride: 0 },
        Instruction::Load { tile: 1, from: a_bits.as_ptr().cast(), stride: 0 },
        Instruction::Load { tile: 2, from: b_bits.as_ptr().cast(), stride: 4 },
        Instruction::DotBf16 { sums: 0, a: 1, b: 2 },
        Instruction::Store { tile: 0, to: bytes, stride: 0 },
    ] {
        // SAFETY: the tiles are as large as the slices.
        unsafe { unit.execute(instruction) }.unwrap();
    }
    sum[0]
}

#[test]
fn pairs_are_summed_apart_and_rounded_each() {
    let (one, most) = ([1.0, 1.0], 2f32.powi(24));
    assert_eq!(dot(10.0, &[[2.0, 3.0], [0.5, 4.0]], &[[1.0, 2.0], [8.0, -1.0]]), 10.0 + 2.0 + 6.0 + 4.0 - 4.0);
    // Added to 2^24 one after another, ones are lost; first summed, they are not.
    assert_eq!(dot(most, &[[1.0, 1.0]], &[one]), most + 2.0);
    assert_eq!(dot(0.0, &[[most, 0.0], [1.0, 0.0], [1.0, 0.0]], &[one; 3]), most);
    assert_eq!(dot(0.0, &[[most, 1.0], [0.0, 1.0]], &[one; 2]), most + 2.0);
    // Ties go to the even number.
    assert_eq!(dot(most, &[[1.0, 0.0]], &[one]), most);
    assert_eq!(dot(most + 2.0, &[[1.0, 0.0]], &[one]), most + 4.0);
    // A product is not rounded, nor too large, before it is added.
    let large = 2f32.powi(127);
    assert_eq!(dot(0.0, &[[-large, 0.0], [large, 0.0]], &[[1.0, 0.0], [1.5, 0.0]]), large / 2.0);
    assert_eq!(dot(0.0, &[[-large, 0.0], [large, 0.0]], &[[1.0, 0.0], [2.0, 0.0]]), large);
    assert_eq!(dot(0.0, &[[large, 0.0]], &[[2.0, 0.0]]), f32::INFINITY);
    assert!(dot(0.0, &[[large, 0.0]], &[[f32::NAN, 0.0]]).is_nan());
    assert!(dot(0.0, &[[f32::INFINITY, 0.0]], &[[0.0, 0.0]]).is_nan());
}

#[test]
fn numbers_below_the_normal_ones_are_zero() {
    let (least, small) = (f32::MIN_POSITIVE, 2f32.powi(-130));
    assert_eq!(dot(0.0, &[[small, 0.0]], &[[2f32.powi(100), 0.0]]), 0.0);
    assert_eq!(dot(small, &[[0.0, 0.0]], &[[0.0, 0.0]]), 0.0);
    // So are sums, each by itself.
    assert_eq!(dot(least, &[[least, 0.0]], &[[0.5, 0.0]]), least);
    assert_eq!(dot(0.0, &[[least, least]], &[[0.5, 0.5]]), 0.0);
    assert_eq!(dot(0.0, &[[least, 0.0], [least, 0.0]], &[[1.5, 0.0], [-1.0, 0.0]]), 0.0);
    assert_eq!(dot(0.0, &[[least, 0.0]], &[[1.0, 0.0]]), least);
}
