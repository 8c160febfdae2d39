//! Sums of what lies some places further on, and products with it: convolutions of a channel by itself are made of these.

use super::vector::{Vector, for_each_vector, read, write};

fn assert_inside(offsets: &[usize], len: usize, from: &[f32]) {
    let is_inside = |&offset: &usize| offset.checked_add(len).is_some_and(|end| end <= from.len());
    assert!(offsets.iter().all(is_inside), "what is shifted ends too soon");
}

/// The columns of a window whose rows lie so far apart: all offsets but those of its first row are a row further on than one before. 0 if
/// they are not those of a window.
fn columns_of_window(offsets: &[usize], stride: usize) -> usize {
    let Some(first) = offsets.first() else { return 0 };
    let columns = offsets.iter().position(|&offset| offset == first + stride).unwrap_or(0);
    let mut moved = offsets.iter().zip(&offsets[columns..]);
    if moved.all(|(offset, below)| offset + stride == *below) { columns } else { 0 }
}

/// Adds to each number of `out` those that lie at offsets further on in `from`, each times its weight. The rows of `out` are so long,
/// and so far apart in `from`; of each, whole vectors are read.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn add<V: Vector>(
    from: &[f32],
    [len, stride]: [usize; 2],
    offsets: &[usize],
    weights: &[f32],
    out: &mut [f32],
) {
    /// The rows of `out` that are summed together.
    const TOGETHER: usize = 4;
    /// For some vectors of some rows, whose sums stay in registers; the last of them may be a part of one. How many vectors.
    #[inline(always)]
    unsafe fn step<V: Vector, const ROWS: usize, const VECTORS: usize>(
        from: *const f32,
        stride: usize,
        columns: usize,
        mut offsets: &[usize],
        mut weights: &[f32],
        out: *mut f32,
        [len, rest]: [usize; 2],
    ) -> usize {
        let last = (rest - (VECTORS - 1) * V::LANES).min(V::LANES);
        // SAFETY: the caller's.
        unsafe {
            let is_whole = |part: usize| part + 1 < VECTORS || last == V::LANES;
            // All are read before one is written: a load that meets a masked store waits for it.
            let mut sums = [[V::splat(0.0); VECTORS]; ROWS];
            for row in 0..ROWS {
                for part in 0..VECTORS {
                    let out = out.add(row * len + part * V::LANES);
                    sums[row][part] = match is_whole(part) {
                        true => read::<V, true>(out, V::LANES, 0.0),
                        false => read::<V, false>(out, last, 0.0),
                    };
                }
            }
            // A row of `from` that three rows of a window meet is read once for them.
            while ROWS == TOGETHER && columns > 0 && offsets.len() >= 3 * columns {
                for column in 0..columns {
                    let weights = [0, 1, 2].map(|row| V::splat(weights[row * columns + column]));
                    for row in 0..ROWS + 2 {
                        for part in 0..VECTORS {
                            let x = from.add(offsets[column] + row * stride + part * V::LANES);
                            let x = read::<V, true>(x, V::LANES, 0.0);
                            for of_window in 0..3 {
                                if row >= of_window && row - of_window < ROWS {
                                    let sum = &mut sums[row - of_window][part];
                                    *sum = x.accumulate(weights[of_window], *sum);
                                }
                            }
                        }
                    }
                }
                (offsets, weights) = (&offsets[3 * columns..], &weights[3 * columns..]);
            }
            for (&offset, &weight) in offsets.iter().zip(weights) {
                let weight = V::splat(weight);
                for row in 0..ROWS {
                    for part in 0..VECTORS {
                        let x = read::<V, true>(from.add(offset + row * stride + part * V::LANES), V::LANES, 0.0);
                        sums[row][part] = x.accumulate(weight, sums[row][part]);
                    }
                }
            }
            for row in 0..ROWS {
                for part in 0..VECTORS {
                    let out = out.add(row * len + part * V::LANES);
                    match is_whole(part) {
                        true => write::<V, true>(sums[row][part], out, V::LANES),
                        false => write::<V, false>(sums[row][part], out, last),
                    }
                }
            }
        }
        VECTORS
    }
    assert_eq!(offsets.len(), weights.len(), "a weight for each offset");
    if out.is_empty() {
        return;
    }
    let rows = out.len() / len;
    assert_eq!(rows * len, out.len(), "whole rows");
    assert_inside(offsets, (rows - 1) * stride + len.next_multiple_of(V::LANES), from);
    let (columns, mut row) = (columns_of_window(offsets, stride), 0);
    while row < rows {
        let together = if rows - row >= TOGETHER { TOGETHER } else { 1 };
        let mut at = 0;
        while at < len {
            let rest = (len - at).div_ceil(V::LANES);
            // SAFETY: the caller's; each step lies inside the slices.
            let vectors = unsafe {
                let (from, out) = (from.as_ptr().add(row * stride + at), out.as_mut_ptr().add(row * len + at));
                match (together, rest) {
                    (TOGETHER, 1) => {
                        step::<V, TOGETHER, 1>(from, stride, columns, offsets, weights, out, [len, len - at])
                    }
                    (TOGETHER, _) => {
                        step::<V, TOGETHER, 2>(from, stride, columns, offsets, weights, out, [len, len - at])
                    }
                    (_, 8..) => step::<V, 1, 8>(from, stride, columns, offsets, weights, out, [len, len - at]),
                    (_, 1) => step::<V, 1, 1>(from, stride, columns, offsets, weights, out, [len, len - at]),
                    _ => step::<V, 1, 2>(from, stride, columns, offsets, weights, out, [len, len - at]),
                }
            };
            at += vectors * V::LANES;
        }
        row += together;
    }
}

/// Adds to each sum the products of `x` and what lies at its offset further on in `from`.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn dots<V: Vector>(x: &[f32], from: &[f32], offsets: &[usize], sums: &mut [f32]) {
    #[inline(always)]
    unsafe fn step<V: Vector, const OFFSETS: usize, const WHOLE: bool>(
        at: usize,
        len: usize,
        x: *const f32,
        from: *const f32,
        offsets: &[usize],
        sums: &mut [V; OFFSETS],
    ) {
        // SAFETY: the caller's.
        unsafe {
            let x = read::<V, WHOLE>(x.add(at), len, 0.0);
            for i in 0..OFFSETS {
                sums[i] = read::<V, WHOLE>(from.add(offsets[i] + at), len, 0.0).accumulate(x, sums[i]);
            }
        }
    }
    /// For some offsets, whose sums stay in registers: two for each, since an addition waits for the one before.
    #[inline(always)]
    unsafe fn of<V: Vector, const OFFSETS: usize>(x: &[f32], from: &[f32], offsets: &[usize], sums: &mut [f32]) {
        // SAFETY: the caller's; each step lies inside the slices.
        unsafe {
            let (mut even, mut odd) = ([V::splat(0.0); OFFSETS], [V::splat(0.0); OFFSETS]);
            let (x_at, from_at) = (x.as_ptr(), from.as_ptr());
            let mut at = 0;
            while at + 2 * V::LANES <= x.len() {
                step::<V, OFFSETS, true>(at, V::LANES, x_at, from_at, offsets, &mut even);
                step::<V, OFFSETS, true>(at + V::LANES, V::LANES, x_at, from_at, offsets, &mut odd);
                at += 2 * V::LANES;
            }
            for_each_vector!(V, at..x.len(), step::<V, OFFSETS>(x_at, from_at, offsets, &mut even));
            for i in 0..OFFSETS {
                sums[i] += even[i].add(odd[i]).sum();
            }
        }
    }
    assert_eq!(offsets.len(), sums.len(), "a sum for each offset");
    assert_inside(offsets, x.len(), from);
    for (offsets, sums) in offsets.chunks(3).zip(sums.chunks_mut(3)) {
        // SAFETY: the caller's; there are so many offsets.
        unsafe {
            match offsets.len() {
                3 => of::<V, 3>(x, from, offsets, sums),
                2 => of::<V, 2>(x, from, offsets, sums),
                _ => of::<V, 1>(x, from, offsets, sums),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::dispatch::{add_shifted_at, shifted_dots_at};
    use super::super::level::levels;

    #[test]
    fn shifted_sums_are_those_of_loops_at_every_length() {
        let mut rng = fastrand::Rng::with_seed(2);
        for len in (1..=40).chain([127, 128, 150, 300]).filter(|len| !cfg!(miri) || [7, 37].contains(len)) {
            for (rows, apart) in [(1, 0), (1, 5), (3, 2), (4, 0), (9, 4)] {
                let stride = len + apart;
                // Those of no window, and of windows of 2, 3, and 4 rows.
                let of_window = |rows: usize| (0..2 * rows).map(|place| place / 2 * stride + place % 2).collect();
                let mut all = vec![vec![0, 1, 2, 9, 10, 19], of_window(2), of_window(3), of_window(4)];
                all.truncate(if cfg!(miri) && rows != 9 { 1 } else { 4 });
                for offsets in all {
                    let mut random = |len: usize| (0..len).map(|_| rng.f32() - 0.5).collect::<Vec<_>>();
                    let (from, weights, before) =
                        (random((rows + 3) * stride + 35), random(offsets.len()), random(rows * len));
                    for (name, level) in levels() {
                        let mut out = before.clone();
                        add_shifted_at(level, &from, [len, stride], &offsets, &weights, &mut out);
                        for (i, found) in out.into_iter().enumerate() {
                            let at = i / len * stride + i % len;
                            let terms = offsets.iter().zip(&weights);
                            let terms = terms.map(|(offset, &weight)| f64::from(from[at + offset]) * f64::from(weight));
                            let expected = f64::from(before[i]) + terms.sum::<f64>();
                            // Nine roundings of numbers below 3.
                            assert!(
                                (f64::from(found) - expected).abs() < 2e-6,
                                "{name}, {len}: {found} for {expected}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn products_with_what_is_shifted_are_those_of_loops_at_every_length() {
        let mut rng = fastrand::Rng::with_seed(1);
        for len in (0..=40).chain([127, 128, 150, 300]).filter(|len| !cfg!(miri) || [0, 37].contains(len)) {
            for offsets in [&[][..], &[0], &[3, 0], &[0, 1, 2, 9, 10, 11, 18, 19], &[7, 7, 1, 0, 5, 2, 3]] {
                let mut random = |len: usize| (0..len).map(|_| rng.f32() - 0.5).collect::<Vec<_>>();
                let (from, x) = (random(len + 19), random(len));
                let of = |at: usize, i: usize| f64::from(from[at + offsets[i]]);
                for (name, level) in levels() {
                    let mut sums = vec![1.0; offsets.len()];
                    shifted_dots_at(level, &x, &from, offsets, &mut sums);
                    for (i, found) in sums.into_iter().enumerate() {
                        let expected = 1.0 + (0..len).map(|at| of(at, i) * f64::from(x[at])).sum::<f64>();
                        // At most 300 roundings of numbers below 10.
                        assert!((f64::from(found) - expected).abs() < 1e-4, "{name}, {len}: {found} for {expected}");
                    }
                }
            }
        }
    }

    #[test]
    #[cfg_attr(target_family = "wasm", ignore)] // A panic ends the program.
    fn what_ends_too_soon_is_refused() {
        for (name, level) in levels() {
            let add = || add_shifted_at(level, &[0.0; 8], [8, 8], &[usize::MAX], &[1.0], &mut [0.0; 8]);
            let dots = || shifted_dots_at(level, &[0.0; 8], &[0.0; 8], &[1], &mut [0.0]);
            assert!(std::panic::catch_unwind(add).is_err() && std::panic::catch_unwind(dots).is_err(), "{name}");
        }
    }
}
