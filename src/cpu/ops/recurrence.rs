//! Linear recurrences.

use super::scan::From;
use crate::backend::{Binary, Number};
use crate::cpu::array::Array;
use crate::cpu::parallel::for_each_chunk;

/// `h = decay · h + x` from one end of the axis to the other, beginning with zero. From the end on, it is what a gradient goes
/// back by: each decay is that of the step which the forward pass made to the next position.
pub fn linear_recurrence<T: Number>(decay: &Array<T>, x: &Array<T>, axis: usize, from: From) -> Array<T> {
    type Sum<T> = <T as Number>::Sum;
    let (size, inner) = (x.sizes()[axis], x.sizes()[axis + 1..].iter().product::<usize>());
    let (decays, elements, block) = (decay.elements(), x.elements(), size * inner);
    Array::build(x.sizes(), |out| {
        for_each_chunk(out, block, block * 2, |outer, out| {
            let start = outer * block;
            let step = |reached, x: T, decay: T| {
                let kept = Sum::<T>::binary(Binary::Mul, decay.widen(), reached);
                Sum::<T>::binary(Binary::Add, kept, x.widen())
            };
            // The row of each step and that of its decay, which the first one has not.
            let rows = |i: usize| match from {
                From::Start => (i, i),
                From::End => (size - 1 - i, size - i),
            };
            if inner == 1 {
                let (x, decays) = (&elements[start..][..block], &decays[start..][..block]);
                let mut reached = num_traits::zero::<Sum<T>>();
                for i in 0..size {
                    let (row, decay) = rows(i);
                    reached = if i == 0 { x[row].widen() } else { step(reached, x[row], decays[decay]) };
                    out[row] = T::narrow(reached);
                }
                return;
            }
            let mut reached = vec![num_traits::zero::<Sum<T>>(); inner];
            for i in 0..size {
                let (row, decay) = rows(i);
                let (out, x) = (&mut out[row * inner..][..inner], &elements[start + row * inner..][..inner]);
                if i == 0 {
                    reached.iter_mut().zip(x).for_each(|(reached, x)| *reached = x.widen());
                } else {
                    let decays = &decays[start + decay * inner..][..inner];
                    for ((reached, &x), &decay) in reached.iter_mut().zip(x).zip(decays) {
                        *reached = step(*reached, x, decay);
                    }
                }
                out.iter_mut().zip(&reached).for_each(|(out, reached)| *out = T::narrow(*reached));
            }
        });
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_go_either_way() {
        let decay = Array::from_vec(vec![9.0, 2.0, 3.0, 9.0, 0.5, 0.0], &[2, 3]);
        let x = Array::from_vec(vec![1.0, 1.0, 1.0, 4.0, 1.0, 7.0], &[2, 3]);
        assert_eq!(*linear_recurrence(&decay, &x, 1, From::Start).elements(), [1.0, 3.0, 10.0, 4.0, 3.0, 7.0]);
        assert_eq!(*linear_recurrence(&decay, &x, 1, From::End).elements(), [9.0, 4.0, 1.0, 4.5, 1.0, 7.0]);
        assert_eq!(*linear_recurrence(&decay, &x, 0, From::Start).elements(), [1.0, 1.0, 1.0, 13.0, 1.5, 7.0]);
    }
}
