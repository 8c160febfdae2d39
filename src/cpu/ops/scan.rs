//! What is calculated of each element and all before it.

use crate::backend::{Binary, Number, Scan};
use crate::cpu::array::Array;
use crate::cpu::parallel::for_each_chunk;

/// Where a scan begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum From {
    Start,
    End,
}

/// `op` of each element and all between it and an end of the axis.
pub fn scan<T: Number>(op: Scan, x: &Array<T>, axis: usize, from: From) -> Array<T> {
    // Each is compiled for itself: asked in the loop, it takes three times as long.
    match op {
        Scan::Sum => scan_by(|x, y| T::Sum::binary(Binary::Add, x, y), num_traits::zero(), x, axis, from),
        Scan::Product => scan_by(|x, y| T::Sum::binary(Binary::Mul, x, y), num_traits::one(), x, axis, from),
    }
}

fn scan_by<T: Number>(
    op: impl Fn(T::Sum, T::Sum) -> T::Sum + Sync,
    of_none: T::Sum,
    x: &Array<T>,
    axis: usize,
    from: From,
) -> Array<T> {
    let (size, inner) = (x.sizes()[axis], x.sizes()[axis + 1..].iter().product::<usize>());
    let (elements, block) = (x.elements(), size * inner);
    let row = |i: usize| if from == From::Start { i } else { size - 1 - i };
    Array::build(x.sizes(), |out| {
        for_each_chunk(out, block, block, |outer, out| {
            let elements = &elements[outer * block..][..block];
            if inner == 1 {
                let mut reached = of_none;
                for i in (0..size).map(row) {
                    reached = op(reached, elements[i].widen());
                    out[i] = T::narrow(reached);
                }
                return;
            }
            let mut reached = vec![of_none; inner];
            for start in (0..size).map(|i| row(i) * inner) {
                let (x, out) = (&elements[start..][..inner], &mut out[start..][..inner]);
                for ((reached, &x), out) in reached.iter_mut().zip(x).zip(out) {
                    *reached = op(*reached, x.widen());
                    *out = T::narrow(*reached);
                }
            }
        });
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_products_go_either_way() {
        let x = Array::from_vec(vec![1, 2, 3, 4, 5, 6], &[2, 3]);
        assert_eq!(*scan(Scan::Sum, &x, 1, From::Start).elements(), [1, 3, 6, 4, 9, 15]);
        assert_eq!(*scan(Scan::Sum, &x, 1, From::End).elements(), [6, 5, 3, 15, 11, 6]);
        assert_eq!(*scan(Scan::Product, &x, 0, From::Start).elements(), [1, 2, 3, 4, 10, 18]);
        assert_eq!(*scan(Scan::Product, &x.permute(&[1, 0]), 0, From::End).elements(), [6, 120, 6, 30, 3, 6]);
    }

    #[test]
    fn narrow_sums_are_wide() {
        // 256 and what is smaller than 2 is 256 again in `bf16`.
        let x = Array::full(half::bf16::ONE, &[300]);
        assert_eq!(scan(Scan::Sum, &x, 0, From::Start).elements()[299].to_f32(), 300.0);
    }
}
