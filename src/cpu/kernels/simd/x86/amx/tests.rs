//! Blocks of products by the matrix unit: beside sums of double precision they are tested with all levels (`product_tests`).

use super::super::super::level::{Level, tested_levels};
use super::super::super::matmul::multiply_at;
use super::emulator;
use super::tiles::{COLUMNS, ROWS, SIDE, Sums, Tiles};
use crate::cpu::kernels::matrix::Matrix;
use half::bf16;

/// Whether this processor can do what surrounds the unit.
fn can_run() -> bool {
    tested_levels().contains(&("amx", Level::Amx { splits_f32: false }))
}

#[test]
fn rows_that_are_not_configured_are_not_written() {
    if !can_run() {
        return;
    }
    // Pairs of 1 and 0: the first numbers count.
    let (a, b) = (vec![0x3F80; ROWS * SIDE], vec![0x4000; SIDE * COLUMNS]);
    for rows in [1, 2, 15, 16, 17, 31, 32, 5] {
        // SAFETY: the unit is there, or its emulator; the slices are one step long.
        let sums = unsafe {
            let (mut tiles, mut sums) = (Tiles::new(1), Sums([[-1.0; COLUMNS]; ROWS]));
            tiles.set_rows(rows);
            tiles.multiply(&a, SIDE, &b, 1, &mut sums);
            sums.0
        };
        for (row, sums) in sums.iter().enumerate() {
            let expected = if row < rows { 2.0 * SIDE as f32 } else { -1.0 };
            assert!(sums.iter().all(|sum| *sum == expected), "{rows} rows: {sums:?} in row {row}");
        }
    }
}

#[test]
fn tiles_are_given_back() {
    if !can_run() {
        return;
    }
    let numbers = vec![bf16::ONE; 100 * 100];
    let matrix = Matrix { elements: &numbers[..], strides: [100, 1] };
    for m in [1, 100] {
        let mut c = vec![bf16::ZERO; m * 100];
        multiply_at(Level::Amx { splits_f32: false }, [m, 100, 100], matrix, matrix, &mut c);
        assert!(c.iter().all(|sum| sum.to_f32() == 100.0) && !emulator::has_tiles());
    }
}
