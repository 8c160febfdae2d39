//! Reductions of columns.

use super::vector::{Vector, read, write};
use crate::cpu::kernels::plain::ColumnSum;

/// Adds rows of this stride to the sums of columns.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn add_rows<V: Vector>(
    x: &[f32],
    [rows, stride]: [usize; 2],
    summand: ColumnSum<'_, f32>,
    sums: &mut [f32],
) {
    /// For some vectors of columns, whose sums stay in registers.
    #[inline(always)]
    unsafe fn step<V: Vector, const VECTORS: usize, const WHOLE: bool>(
        len: usize,
        x: *const f32,
        [rows, stride]: [usize; 2],
        origins: Option<*const f32>,
        squared: bool,
        sums: *mut f32,
    ) {
        // SAFETY: the caller's.
        unsafe {
            let (mut parts, mut origin) = ([V::splat(0.0); VECTORS], [V::splat(0.0); VECTORS]);
            for part in 0..VECTORS {
                parts[part] = read::<V, WHOLE>(sums.add(part * V::LANES), len, 0.0);
                if let Some(origins) = origins {
                    origin[part] = read::<V, WHOLE>(origins.add(part * V::LANES), len, 0.0);
                }
            }
            for row in 0..rows {
                for part in 0..VECTORS {
                    let x = read::<V, WHOLE>(x.add(row * stride + part * V::LANES), len, 0.0);
                    let distance = x.sub(origin[part]);
                    let term = if squared { distance.mul(distance) } else { distance };
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
    let (origins, squared) = match summand {
        ColumnSum::Values => (None, false),
        ColumnSum::Deviations(origins) => (Some(origins), false),
        ColumnSum::SquaredDeviations(origins) => (Some(origins), true),
    };
    assert!(origins.is_none_or(|origins| origins.len() == len), "a number for each column");
    let mut at = 0;
    while at < len {
        let rest = len - at;
        let origins = origins.map(|origins| origins[at..].as_ptr());
        // SAFETY: the caller's; each step lies inside the slices.
        unsafe {
            let (x, sums) = (x.as_ptr().wrapping_add(at), sums.as_mut_ptr().add(at));
            if rest >= 8 * V::LANES {
                step::<V, 8, true>(V::LANES, x, [rows, stride], origins, squared, sums);
                at += 8 * V::LANES;
            } else if rest >= V::LANES {
                step::<V, 1, true>(V::LANES, x, [rows, stride], origins, squared, sums);
                at += V::LANES;
            } else {
                step::<V, 1, false>(rest, x, [rows, stride], origins, squared, sums);
                at += rest;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::dispatch::add_rows_at;
    use super::super::level::levels;
    use super::ColumnSum;

    #[test]
    fn columns_are_summed_at_every_length() {
        let mut rng = fastrand::Rng::with_seed(1);
        for len in (0..=70).chain([128, 129, 256]).filter(|len| !cfg!(miri) || [0, 67].contains(len)) {
            for (rows, stride) in [(0, len), (1, len), (3, len + 5), (20, len)] {
                let x: Vec<f32> = (0..rows * stride).map(|_| rng.f32() - 0.5).collect();
                let origins: Vec<f32> = (0..len).map(|_| rng.f32() - 0.5).collect();
                for (name, level) in levels() {
                    let squares = ColumnSum::SquaredDeviations(&origins);
                    for (kind, summand) in
                        [ColumnSum::Values, ColumnSum::Deviations(&origins), squares].into_iter().enumerate()
                    {
                        let mut sums = vec![1.0; len];
                        add_rows_at(level, &x, [rows, stride], summand, &mut sums);
                        for (column, sum) in sums.into_iter().enumerate() {
                            let term = |x: f32| match kind {
                                0 => f64::from(x),
                                1 => f64::from(x - origins[column]),
                                _ => f64::from(x - origins[column]).powi(2),
                            };
                            let summand = (0..rows).map(|row| term(x[row * stride + column]));
                            let expected = 1.0 + summand.sum::<f64>();
                            // Twenty additions of numbers below 1, each rounded.
                            assert!((sum as f64 - expected).abs() < 1e-5, "{name}, {len}: {sum} for {expected}");
                        }
                    }
                }
            }
        }
    }
}
