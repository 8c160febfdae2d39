//! Arrays joined, and a part of one replaced.

use crate::backend::Element;
use crate::cpu::array::Array;

/// The arrays one after another along `axis`.
pub fn concat<T: Element>(parts: &[&Array<T>], axis: usize) -> Array<T> {
    let mut sizes = parts[0].sizes().to_vec();
    sizes[axis] = parts.iter().map(|part| part.sizes()[axis]).sum();
    let outer: usize = sizes[..axis].iter().product();
    let parts: Vec<_> = parts.iter().map(|part| part.elements()).collect();
    let mut out = Vec::with_capacity(sizes.iter().product());
    for i in 0..outer {
        for part in &parts {
            let run = part.len() / outer;
            out.extend_from_slice(&part[i * run..(i + 1) * run]);
        }
    }
    Array::from_vec(out, &sizes)
}

/// See [`Backend::update_slice`](crate::backend::Backend::update_slice).
pub fn update_slice<T: Element>(x: Array<T>, part: &Array<T>, starts: &[usize]) -> Array<T> {
    assert!(part.sizes().len() == x.sizes().len() && starts.len() == x.sizes().len(), "a start along each axis");
    let fits = |((&part, &start), &size): ((&usize, &usize), &usize)| start <= size && part <= size - start;
    assert!(part.sizes().iter().zip(starts).zip(x.sizes()).all(fits), "a part inside the array");
    let mut x = x.unshared();
    let (to, from) = (*x.layout(), part.layout());
    if from.len() > 0 {
        let elements = x.as_mut_slice().expect("nobody else holds it");
        let start = to.start(starts) - to.offset;
        write(&mut elements[start..], to.strides(), &part.buffer()[from.offset..], from.sizes(), from.strides());
    }
    x
}

/// Copies elements by the strides of both sides.
fn write<T: Copy>(to: &mut [T], to_strides: &[usize], from: &[T], sizes: &[usize], strides: &[usize]) {
    match (to_strides, sizes, strides) {
        ([to_stride, to_inner @ ..], [size, inner @ ..], [stride, strides @ ..]) => {
            if let ([], 1, 1) = (inner, *to_stride, *stride) {
                return to[..*size].copy_from_slice(&from[..*size]);
            }
            for i in 0..*size {
                write(&mut to[i * to_stride..], to_inner, &from[i * stride..], inner, strides);
            }
        }
        _ => to[0] = from[0],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(sizes: &[usize]) -> Array<u32> {
        Array::from_vec((0..sizes.iter().product::<usize>() as u32).collect(), sizes)
    }

    #[test]
    fn parts_stand_one_after_another() {
        let (x, y) = (Array::from_vec(vec![1, 2, 3, 4], &[2, 2]), Array::from_vec(vec![5, 6], &[2, 1]));
        assert_eq!(*concat(&[&x, &y], 1).elements(), [1, 2, 5, 3, 4, 6]);
        assert_eq!(*concat(&[&x, &y.permute(&[1, 0])], 0).elements(), [1, 2, 3, 4, 5, 6]);
        assert_eq!(
            concat(&[&Array::<u8>::from_vec(vec![], &[0, 2]), &Array::from_vec(vec![], &[0, 3])], 1).sizes(),
            [0, 5]
        );
    }

    #[test]
    fn a_part_is_replaced_in_place_or_in_a_copy() {
        let x = counted(&[2, 3, 4]);
        let part = counted(&[2, 2, 2]);
        for part in [part.clone(), part.permute(&[2, 0, 1]).contiguous().permute(&[1, 2, 0])] {
            let y = update_slice(x.clone(), &part, &[0, 1, 2]);
            assert_eq!(x.elements(), counted(&[2, 3, 4]).elements());
            for at in 0..24 {
                let [i, j, k] = [at / 12, at / 4 % 3, at % 4];
                let expected = if j >= 1 && k >= 2 { i * 4 + (j - 1) * 2 + k - 2 } else { at };
                assert_eq!(y.elements()[at], expected as u32, "{at}");
            }
            let place = y.as_slice().unwrap().as_ptr();
            assert_eq!(update_slice(y, &part.narrow(2, 0, 0), &[0, 1, 4]).as_slice().unwrap().as_ptr(), place);
        }
        assert_eq!(*update_slice(Array::full(7, &[3]), &Array::full(1, &[2]), &[1]).elements(), [7, 1, 1]);
    }

    #[test]
    #[should_panic(expected = "a part inside the array")]
    fn a_part_beyond_the_end_is_refused() {
        update_slice(counted(&[2, 3]), &counted(&[1, 2]), &[0, 2]);
    }
}
