//! Sums of columns, whose rows lie apart.

use super::vector::{Vector, read, write};

/// Adds rows that lie `stride` apart to the sums, each as long as these; or the squares of the distances of their numbers
/// from the centers of the columns.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn add_rows<V: Vector>(x: &[f32], [rows, stride]: [usize; 2], centers: Option<&[f32]>, sums: &mut [f32]) {
    /// For vectors of columns, whose sums stay in registers.
    #[inline(always)]
    unsafe fn step<V: Vector, const VECTORS: usize, const WHOLE: bool>(
        len: usize,
        x: *const f32,
        [rows, stride]: [usize; 2],
        centers: Option<*const f32>,
        sums: *mut f32,
    ) {
        // SAFETY: the caller's.
        unsafe {
            let (mut parts, mut center) = ([V::splat(0.0); VECTORS], [V::splat(0.0); VECTORS]);
            for part in 0..VECTORS {
                parts[part] = read::<V, WHOLE>(sums.add(part * V::LANES), len, 0.0);
                if let Some(centers) = centers {
                    center[part] = read::<V, WHOLE>(centers.add(part * V::LANES), len, 0.0);
                }
            }
            for row in 0..rows {
                for part in 0..VECTORS {
                    let x = read::<V, WHOLE>(x.add(row * stride + part * V::LANES), len, 0.0);
                    let distance = x.sub(center[part]);
                    let term = if centers.is_some() { distance.mul(distance) } else { x };
                    parts[part] = parts[part].add(term);
                }
            }
            for part in 0..VECTORS {
                write::<V, WHOLE>(parts[part], sums.add(part * V::LANES), len);
            }
        }
    }
    let len = sums.len();
    let end = rows.checked_sub(1).map_or(Some(0), |before| before.checked_mul(stride)?.checked_add(len));
    assert!(end.is_some_and(|end| end <= x.len()), "the rows end too soon");
    assert!(centers.is_none_or(|centers| centers.len() == len), "a center for each column");
    let mut at = 0;
    while at < len {
        let rest = len - at;
        let centers = centers.map(|centers| centers[at..].as_ptr());
        // SAFETY: the caller's; each step lies inside the slices.
        unsafe {
            let (x, sums) = (x.as_ptr().wrapping_add(at), sums.as_mut_ptr().add(at));
            if rest >= 8 * V::LANES {
                step::<V, 8, true>(V::LANES, x, [rows, stride], centers, sums);
                at += 8 * V::LANES;
            } else if rest >= V::LANES {
                step::<V, 1, true>(V::LANES, x, [rows, stride], centers, sums);
                at += V::LANES;
            } else {
                step::<V, 1, false>(rest, x, [rows, stride], centers, sums);
                at += rest;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{add_rows_at, levels};

    #[test]
    fn columns_are_summed_at_every_length() {
        let mut rng = fastrand::Rng::with_seed(1);
        for len in (0..=70).chain([128, 129, 256]).filter(|len| !cfg!(miri) || [0, 67].contains(len)) {
            for (rows, stride) in [(0, len), (1, len), (3, len + 5), (20, len)] {
                let x: Vec<f32> = (0..rows * stride).map(|_| rng.f32() - 0.5).collect();
                let centers: Vec<f32> = (0..len).map(|_| rng.f32() - 0.5).collect();
                for (name, level) in levels() {
                    for centers in [None, Some(&centers[..])] {
                        let mut sums = vec![1.0; len];
                        add_rows_at(level, &x, [rows, stride], centers, &mut sums);
                        for (column, sum) in sums.into_iter().enumerate() {
                            let center = centers.map_or(0.0, |centers| centers[column]);
                            let numbers = (0..rows).map(|row| (x[row * stride + column] - center) as f64);
                            let terms = numbers.map(|x| if centers.is_some() { x * x } else { x });
                            let expected = 1.0 + terms.sum::<f64>();
                            // Twenty additions of numbers below 1, each rounded.
                            assert!((sum as f64 - expected).abs() < 1e-5, "{name}, {len}: {sum} for {expected}");
                        }
                    }
                }
            }
        }
    }
}
