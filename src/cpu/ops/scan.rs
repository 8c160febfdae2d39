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
    let (op, of_none) = match op {
        Scan::Sum => (Binary::Add, num_traits::zero::<T::Sum>()),
        Scan::Product => (Binary::Mul, num_traits::one()),
    };
    let (size, inner) = (x.sizes()[axis], x.sizes()[axis + 1..].iter().product::<usize>());
    let (elements, block) = (x.elements(), size * inner);
    Array::build(x.sizes(), |out| {
        for_each_chunk(out, block, block, |outer, out| {
            let elements = &elements[outer * block..][..block];
            let mut reached = vec![of_none; inner];
            for i in 0..size {
                let row = inner * if from == From::Start { i } else { size - 1 - i };
                let (x, out) = (&elements[row..][..inner], &mut out[row..][..inner]);
                for ((reached, &x), out) in reached.iter_mut().zip(x).zip(out) {
                    *reached = T::Sum::binary(op, *reached, x.widen());
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
