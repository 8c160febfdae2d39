//! How the numbers of a matrix become lanes: as they are, or widened.

use super::narrow::Narrow;
use super::vector::{Lanes, MAX_LANES, Vector, load};
use std::marker::PhantomData;

/// Numbers of a matrix, and the lanes that they are multiplied in.
pub trait Terms {
    type Number: Copy + Default;
    type Lanes: Lanes;

    /// The first numbers of a slice.
    ///
    /// # Safety
    /// As of [`Lanes::load`].
    unsafe fn load(from: &[Self::Number]) -> Self::Lanes;
    /// All numbers of a slice that is as long as a vector, or shorter, and zeros behind them.
    ///
    /// # Safety
    /// The processor has the instructions.
    unsafe fn load_up_to(from: &[Self::Number]) -> Self::Lanes;
    /// The first 4 numbers of a slice for each group of four lanes.
    ///
    /// # Safety
    /// As of [`Lanes::load_groups`].
    unsafe fn load_groups(from: [&[Self::Number]; 4]) -> Self::Lanes;
}

/// Numbers of the type of the lanes.
pub struct AsTheyAre<L>(PhantomData<L>);

impl<L: Lanes> Terms for AsTheyAre<L> {
    type Number = L::Element;
    type Lanes = L;

    #[inline(always)]
    unsafe fn load(from: &[L::Element]) -> L {
        // SAFETY: the caller's.
        unsafe { L::load(from) }
    }
    #[inline(always)]
    unsafe fn load_up_to(from: &[L::Element]) -> L {
        // SAFETY: the caller's.
        unsafe { load(from, num_traits::zero()) }
    }
    #[inline(always)]
    unsafe fn load_groups(from: [&[L::Element]; 4]) -> L {
        // SAFETY: the caller's.
        unsafe { L::load_groups(from) }
    }
}

/// Numbers of 16 bits, in lanes of `f32`.
pub struct Widened<V, T>(PhantomData<(V, T)>);

impl<V: Vector, T: Narrow> Terms for Widened<V, T> {
    type Number = T;
    type Lanes = V;

    #[inline(always)]
    unsafe fn load(from: &[T]) -> V {
        // SAFETY: the caller's.
        unsafe { T::load(from) }
    }
    #[inline(always)]
    unsafe fn load_up_to(from: &[T]) -> V {
        let mut whole = [T::default(); MAX_LANES];
        whole[..from.len()].copy_from_slice(from);
        // SAFETY: the caller's; `MAX_LANES` numbers are enough for any vector.
        unsafe { T::load(&whole) }
    }
    #[inline(always)]
    unsafe fn load_groups(from: [&[T]; 4]) -> V {
        const { assert!(size_of::<T>() == 2 && MAX_LANES == 16) };
        debug_assert!(from.iter().all(|from| from.len() >= 4));
        // SAFETY: the caller's; four numbers are as large, and any bits are numbers.
        unsafe {
            let four = |group: usize| from[group].as_ptr().cast::<u64>().read_unaligned();
            let all = [four(0), four(1), four(2), four(3)];
            T::load(&std::mem::transmute_copy::<[u64; 4], [T; MAX_LANES]>(&all))
        }
    }
}
