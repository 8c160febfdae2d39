use super::*;
use std::sync::Arc;

fn counted(sizes: &[usize]) -> Array<u32> {
    Array::from_vec((0..sizes.iter().product::<usize>() as u32).collect(), sizes)
}

#[test]
fn views_show_the_meant_elements() {
    let x = counted(&[2, 3, 4]);
    let permuted = x.permute(&[2, 0, 1]);
    assert_eq!(permuted.sizes(), [4, 2, 3]);
    assert!(permuted.as_slice().is_none());
    assert_eq!(permuted.elements()[..6], [0, 4, 8, 12, 16, 20]);
    assert_eq!(*x.narrow(1, 1, 2).narrow(0, 1, 1).elements(), [16, 17, 18, 19, 20, 21, 22, 23]);
    let repeated = counted(&[3]).broadcast(&[2, 3]);
    assert_eq!(*repeated.elements(), [0, 1, 2, 0, 1, 2]);
    assert_eq!(*counted(&[3, 1]).broadcast(&[3, 2]).elements(), [0, 0, 1, 1, 2, 2]);
    assert_eq!(*Array::full(7, &[2, 2]).elements(), [7; 4]);
}

#[test]
fn a_reshape_keeps_the_row_major_order() {
    let x = counted(&[2, 3, 4]);
    let views = [x.clone(), x.permute(&[0, 2, 1]), x.permute(&[2, 1, 0]), x.narrow(2, 1, 2), Array::full(1, &[4, 6])];
    for view in views {
        let count = view.layout.len();
        for sizes in [vec![count], vec![2, count / 2], vec![count / 2, 1, 2], vec![2, 2, count / 4]] {
            let reshaped = view.reshape(&sizes);
            assert_eq!(reshaped.sizes(), sizes);
            assert_eq!(reshaped.elements(), view.elements());
        }
    }
}

#[test]
fn a_reshape_of_split_axes_copies_nothing() {
    let x = counted(&[2, 3, 8]).permute(&[1, 0, 2]);
    let split = x.reshape(&[3, 2, 2, 4]);
    assert_eq!(x.buffer().as_ptr(), split.buffer().as_ptr());
}

#[test]
fn empty_arrays_and_scalars_are_arrays() {
    assert_eq!(counted(&[]).elements().len(), 1);
    let empty = counted(&[2, 0, 3]);
    assert_eq!(empty.permute(&[2, 1, 0]).reshape(&[0, 5]).as_slice(), Some(&[][..]));
    assert_eq!(empty.narrow(0, 1, 1).elements().len(), 0);
    assert_eq!(Array::full(1, &[0]).elements().len(), 0);
    assert_eq!(Array::full(1, &[]).reshape(&[1, 1]).elements().len(), 1);
}

#[test]
#[cfg_attr(miri, ignore)] // It takes ten seconds for each panic.
#[cfg_attr(target_family = "wasm", ignore)] // A panic ends the program.
fn sizes_that_overflow_are_refused() {
    let refused = |f: fn()| assert!(std::panic::catch_unwind(f).is_err());
    refused(|| drop(Array::full(1f32, &[1 << (usize::BITS / 2); 2])));
    refused(|| drop(Array::from_vec(vec![0f32; 4], &[6, usize::MAX / 3 + 1])));
    refused(|| drop(counted(&[5]).narrow(0, usize::MAX, 3)));
    refused(|| drop(Array::<f32>::build(&[isize::MAX as usize], |_| ())));
}

#[test]
fn elements_of_another_owner_are_not_copied() {
    let owner: Arc<[u32]> = Arc::from([1, 2, 3, 4]);
    struct Shared(Arc<[u32]>);
    impl AsRef<[u32]> for Shared {
        fn as_ref(&self) -> &[u32] {
            &self.0
        }
    }
    let array = Array::from_owner(Box::new(Shared(owner.clone())), &[2, 2]);
    assert_eq!(array.as_slice().unwrap().as_ptr(), owner.as_ptr());
    assert_eq!(*array.permute(&[1, 0]).elements(), [1, 3, 2, 4]);
}
