//! Rotary positions.

use super::elementwise::rows_of_chunk;
use crate::backend::{Float, RotaryLayout};
use crate::cpu::array::Array;
use crate::cpu::kernels::{all_widened, calculate};

/// See [`Backend::rotate`](crate::backend::Backend::rotate).
pub fn rotate<T: Float>(x: Array<T>, cos: &Array<T>, sin: &Array<T>, layout: RotaryLayout) -> Array<T> {
    let &[batch, heads, sequence, d] = x.sizes() else { panic!("heads are (batch, heads, sequence, head_dim)") };
    let half = d / 2;
    assert!([cos, sin].iter().all(|x| x.sizes() == [batch, sequence, half]), "an angle for each pair");
    let (cos, sin) = (cos.elements(), sin.elements());
    let (cos, sin) = (all_widened(&cos), all_widened(&sin));
    // As split heads lie in memory.
    let x = x.permute(&[0, 2, 1, 3]);
    let (row, rows) = (heads * d, rows_of_chunk(heads * d));
    let rotated = x.transform(rows * row, rows * row * 2, |chunk, part| {
        calculate(part, |part| {
            for (i, row) in part.copied().chunks_exact_mut(row.max(1)).enumerate() {
                let first = (chunk * rows + i) * half;
                let (cos, sin) = (&cos[first..first + half], &sin[first..first + half]);
                for head in row.chunks_exact_mut(d) {
                    match layout {
                        RotaryLayout::Half => {
                            let (first, second) = head.split_at_mut(half);
                            for (((x, y), &cos), &sin) in first.iter_mut().zip(second).zip(cos).zip(sin) {
                                (*x, *y) = (*x * cos - *y * sin, *y * cos + *x * sin);
                            }
                        }
                        RotaryLayout::Interleaved => {
                            for ((pair, &cos), &sin) in head.chunks_exact_mut(2).zip(cos).zip(sin) {
                                let (x, y) = (pair[0], pair[1]);
                                (pair[0], pair[1]) = (x * cos - y * sin, y * cos + x * sin);
                            }
                        }
                    }
                }
            }
        });
    });
    rotated.permute(&[0, 2, 1, 3])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::testing::{assert_near, random};

    #[test]
    fn pairs_turn_by_the_angle_of_their_position() {
        let [batch, heads, sequence, d] = [2, 3, 4, 6];
        let x = random::<f64>(&[batch, heads, sequence, d], 1);
        let angles = random::<f64>(&[batch, sequence, d / 2], 2);
        let [cos, sin] = [f64::cos, f64::sin]
            .map(|f| Array::from_vec(angles.elements().iter().map(|&x| f(x)).collect(), angles.sizes()));
        for layout in [RotaryLayout::Half, RotaryLayout::Interleaved] {
            let expected = |at: usize| {
                let (b, s, l) = (at / d / sequence / heads, at / d % sequence, at % d);
                let (pair, other) = match layout {
                    RotaryLayout::Half => (l % (d / 2), (l + d / 2) % d),
                    RotaryLayout::Interleaved => (l / 2, l ^ 1),
                };
                let angle = angles.elements()[(b * sequence + s) * d / 2 + pair];
                let sign = if other > l { -1.0 } else { 1.0 };
                x.elements()[at] * angle.cos() + sign * x.elements()[at - l + other] * angle.sin()
            };
            let expected: Vec<f64> = (0..x.elements().len()).map(expected).collect();
            assert_near(&rotate(x.clone(), &cos, &sin, layout), &expected, 1e-12);
            let view = x.permute(&[0, 2, 1, 3]).contiguous().permute(&[0, 2, 1, 3]);
            assert_near(&rotate(view, &cos, &sin, layout), &expected, 1e-12);
        }
    }
}
