//! Products in parts beside those of `f32` as they are.

use crate::cpu::kernels::matrix::Matrix;
use crate::cpu::kernels::simd::level::{Level, tested_levels};
use crate::cpu::kernels::simd::matmul::multiply_at;

/// The level that multiplies in parts, and the one that has the same vectors, if the processor has them.
fn levels() -> Option<[Level; 2]> {
    let in_parts = Level::Amx { splits_f32: true };
    tested_levels().iter().any(|(_, level)| *level == in_parts).then_some([in_parts, Level::Avx512])
}

fn multiply(level: Level, [m, k, n]: [usize; 3], a: &[f32], b: &[f32]) -> Vec<f32> {
    let mut c = vec![f32::NAN; m * n];
    let [a, b] = [(a, k), (b, n)].map(|(elements, row)| Matrix { elements, strides: [row, 1] });
    multiply_at(level, [m, k, n], a, b, &mut c);
    c
}

/// The largest error, in sums of magnitudes of products.
fn error([m, k, n]: [usize; 3], a: &[f32], b: &[f32], c: &[f32]) -> f64 {
    let of = |i: usize, j: usize| {
        let terms = (0..k).map(|l| a[i * k + l] as f64 * b[l * n + j] as f64);
        let (sum, size) = terms.fold((0.0, 0.0), |(sum, size): (f64, f64), x| (sum + x, size + x.abs()));
        if size == 0.0 { c[i * n + j].abs() as f64 } else { (c[i * n + j] as f64 - sum).abs() / size }
    };
    (0..m * n).map(|at| of(at / n, at % n)).fold(0.0, f64::max)
}

/// Matrices `(rows, columns)` by name; `along` is the index of the inner dimension in a pair of row and column.
fn matrices(rows: usize, columns: usize, along: usize, seed: u64) -> Vec<(&'static str, Vec<f32>)> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let k = [rows, columns][along];
    let mut of = |f: &mut dyn FnMut(&mut fastrand::Rng, usize) -> f32| -> Vec<f32> {
        (0..rows * columns).map(|at| f(&mut rng, [at / columns, at % columns][along])).collect()
    };
    let sign = |rng: &mut fastrand::Rng| if rng.bool() { 1.0 } else { -1.0 };
    let normal =
        |rng: &mut fastrand::Rng| (-2.0 * (1.0 - rng.f32()).ln()).sqrt() * (std::f32::consts::TAU * rng.f32()).cos();
    vec![
        ("normal", of(&mut |rng, _| normal(rng))),
        ("uniform", of(&mut |rng, _| rng.f32())),
        ("graded along the sum", of(&mut |rng, l| normal(rng) * (30.0 * (l as f32 / k as f32 - 0.5)).exp2())),
        ("graded at random", of(&mut |rng, _| sign(rng) * (rng.f32() * 60.0 - 35.0).exp2())),
        // All terms the same: what is rounded is rounded the same way.
        ("one third", of(&mut |_, _| 1.0 / 3.0)),
        // The first part is off by all that it can be, or the second.
        ("between two first parts", of(&mut |rng, _| sign(rng) * f32::from_bits(0x3F80_7FFF))),
        ("between two second parts", of(&mut |rng, _| sign(rng) * f32::from_bits(0x3F81_0080 - 1))),
        ("all digits", of(&mut |rng, _| sign(rng) * f32::from_bits(0x3FFF_FFFF))),
        // Of one factor alone the signs alternate, and the sum nearly cancels.
        ("cancelling", of(&mut |rng, l| if along == 0 || l % 2 == 0 { 1.0 + rng.f32() / 64.0 } else { -1.0 })),
    ]
}

#[test]
fn sums_are_as_exact_as_those_of_single_precision() {
    let Some([in_parts, exact]) = levels() else { return };
    for size @ [m, k, n] in [[9, 200, 70], [34, 700, 40], [5, 2100, 33]] {
        let largest = |level: Level, kind: usize| {
            let of = |seed: u64| {
                let [a, b] =
                    [matrices(m, k, 1, 2 * seed), matrices(k, n, 0, 2 * seed + 1)].map(|mut all| all.remove(kind).1);
                error(size, &a, &b, &multiply(level, size, &a, &b))
            };
            (0..4).map(of).fold(0.0, f64::max)
        };
        for (kind, (name, _)) in matrices(1, 1, 0, 0).into_iter().enumerate() {
            let [found, allowed] = [in_parts, exact].map(|level| largest(level, kind));
            // The expected sums, and their sizes, are rounded themselves.
            assert!(found <= allowed + k as f64 * f64::EPSILON, "{name}, {size:?}: {found} beside {allowed}");
        }
    }
}

/// Where many terms weigh, those of a tile are summed apart first. Where a few do, each sum that is added rounds once more.
#[test]
fn a_few_terms_are_off_by_three_halves_of_a_place_at_most() {
    let Some([in_parts, _]) = levels() else { return };
    let (size @ [m, k, n], mut rng) = ([33, 96, 64], fastrand::Rng::with_seed(3));
    for terms in 1..9 {
        let mut a = vec![0.0; m * k];
        a.chunks_mut(k).for_each(|row| (0..terms).for_each(|_| row[rng.usize(..k)] = rng.f32() + 1.0));
        let b: Vec<f32> = (0..k * n).map(|_| rng.f32() - 2.0).collect();
        let error = error(size, &a, &b, &multiply(in_parts, size, &a, &b));
        assert!(error <= 3.0 * 2f64.powi(-24), "{terms} terms: {error}");
    }
}

fn bits(x: &[f32]) -> Vec<u32> {
    x.iter().map(|x| if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() }).collect()
}

/// Numbers that are multiplied as they are, for all that they are in.
const OUTSIDE: [f32; 10] = [
    f32::NAN,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::MAX,
    -f32::MAX,
    1e-40,
    -f32::MIN_POSITIVE,
    1e30,
    1e-20,
    (1u64 << 58) as f32,
];

#[test]
fn rows_and_panels_that_do_not_fit_are_multiplied_as_they_are() {
    let Some([in_parts, exact]) = levels() else { return };
    let mut rng = fastrand::Rng::with_seed(4);
    for m in [3, 40] {
        let [k, n] = [300, 70];
        let size = [m, k, n];
        let a: Vec<f32> = (0..m * k).map(|_| rng.f32() - 0.5).collect();
        let b: Vec<f32> = (0..k * n).map(|_| rng.f32() - 0.5).collect();
        let (fine, vectors) = (multiply(in_parts, size, &a, &b), multiply(exact, size, &a, &b));
        assert_ne!(bits(&fine), bits(&vectors), "parts that were not tried");
        for outside in OUTSIDE {
            // In the last row alone, at the end of k, behind the last whole step.
            let mut spoiled = a.clone();
            spoiled[m * k - 1] = outside;
            let (found, as_they_are) = (multiply(in_parts, size, &spoiled, &b), multiply(exact, size, &spoiled, &b));
            let last = (m - 1) * n;
            assert_eq!(bits(&found[..last]), bits(&fine[..last]), "{outside} in another row of {m}");
            assert_eq!(bits(&found[last..]), bits(&as_they_are[last..]), "{outside} in a row of {m}");
            // In the second panel alone, which is 32 columns wide.
            let mut spoiled = b.clone();
            spoiled[40] = outside;
            let (found, as_they_are) = (multiply(in_parts, size, &a, &spoiled), multiply(exact, size, &a, &spoiled));
            for row in 0..m {
                let part = |of: &[f32], from: usize, to: usize| bits(&of[row * n + from..row * n + to]);
                assert_eq!(part(&found, 0, 32), part(&fine, 0, 32), "{outside} in another panel");
                assert_eq!(part(&found, 32, 64), part(&as_they_are, 32, 64), "{outside} in a panel");
                assert_eq!(part(&found, 64, n), part(&fine, 64, n), "{outside} in another panel");
            }
        }
    }
}

#[test]
fn the_largest_and_the_smallest_that_fit_are_exact_enough() {
    let Some([in_parts, exact]) = levels() else { return };
    let size @ [m, k, n] = [33, 2048, 40];
    for edge in [1.99 * 2f32.powi(56), 1.01 * 2f32.powi(-45)] {
        let mut rng = fastrand::Rng::with_seed(5);
        let a: Vec<f32> = (0..m * k).map(|_| edge * (1.0 + rng.f32() / 200.0)).collect();
        let b: Vec<f32> = (0..k * n).map(|_| edge * (1.0 + rng.f32() / 200.0)).collect();
        let errors = [in_parts, exact].map(|level| error(size, &a, &b, &multiply(level, size, &a, &b)));
        assert!(errors[0] <= errors[1], "{edge}: {} beside {}", errors[0], errors[1]);
    }
}
