//! Layer norm and RMS norm of rows.

use super::reduce::{Moments, Rows, for_each_row_group, moments};
use super::vector::{Vector, for_each_vector, read, write};
use crate::cpu::kernels::in_out::InOut;

/// `(x - center) · scale · weight + bias` of each row of as many numbers as there are weights, with the mean for a center
/// or zero, and for a scale one by the root of the mean square distance from it.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn norm<V: Vector>(
    mut x: InOut<'_, f32>,
    weight: &[f32],
    bias: Option<&[f32]>,
    epsilon: f32,
    centered: bool,
) {
    #[inline(always)]
    unsafe fn step<V: Vector, const ROWS: usize, const WHOLE: bool>(
        at: usize,
        len: usize,
        rows: Rows,
        weight: *const f32,
        bias: Option<*const f32>,
        [centers, scales, rests]: [[V; ROWS]; 3],
    ) {
        // SAFETY: the caller's.
        unsafe {
            let weight = read::<V, WHOLE>(weight.add(at), len, 0.0);
            let bias = match bias {
                Some(bias) => read::<V, WHOLE>(bias.add(at), len, 0.0),
                None => V::splat(0.0),
            };
            for row in 0..ROWS {
                let at = row * rows.size + at;
                let distance = read::<V, WHOLE>(rows.from.add(at), len, 0.0).sub(centers[row]);
                let normed = distance.mul_add(scales[row], rests[row]).mul_add(weight, bias);
                write::<V, WHOLE>(normed, rows.to.add(at), len);
            }
        }
    }
    #[inline(always)]
    unsafe fn norm_rows<V: Vector, const ROWS: usize>(
        rows: Rows,
        weight: *const f32,
        bias: Option<*const f32>,
        epsilon: f32,
        centered: bool,
    ) {
        // SAFETY: the caller's; each step lies inside the rows.
        unsafe {
            let moments = moments::<V, ROWS>(rows, centered);
            let mut normed = [[V::splat(0.0); ROWS]; 3];
            for row in 0..ROWS {
                let Moments { center, rest, variance } = moments[row];
                let scale = (variance + epsilon).sqrt().recip();
                normed[0][row] = V::splat(center);
                normed[1][row] = V::splat(scale);
                normed[2][row] = V::splat(-rest * scale);
            }
            for_each_vector!(V, 0..rows.size, step::<V, ROWS>(rows, weight, bias, normed));
        }
    }
    assert!(bias.is_none_or(|bias| bias.len() == weight.len()), "a bias for each weight");
    let bias = bias.map(<[f32]>::as_ptr);
    // SAFETY: the caller's; the rows lie inside the slices, and are as long as the weights.
    unsafe {
        let (count, size) = (x.len().checked_div(weight.len()).unwrap_or(0), weight.len());
        let (from, to) = x.pointers();
        for_each_row_group!(V, count, from, to, size, |first, rows, ROWS| {
            norm_rows::<V, ROWS>(rows, weight.as_ptr(), bias, epsilon, centered)
        });
    }
}
