//! What the kernels of products multiply: numbers as they are, or widened, or several along the inner dimension at once.

use super::narrow::Narrow;
use super::vector::{Lanes, MAX_LANES, Vector, load};
use std::marker::PhantomData;

/// Terms of sums of products: how they come from matrices, and how they are multiplied.
///
/// A term is one number of the inner dimension, or a few that one instruction multiplies and adds. All methods may be called only
/// where the processor has the instructions.
pub trait Terms {
    /// The lanes that products are summed in.
    type Lanes: Lanes;
    /// The numbers of a matrix.
    type Number: Copy;
    /// A term, of a packed matrix.
    type Term: Copy + Default;
    /// A term in each lane.
    type Vector: Copy;
    /// The numbers of a term.
    const DEPTH: usize = 1;
    /// The most rows of a product of few whose sums stay in registers while the matrix is read once. Each number of them is compiled.
    const ROWS: usize = 2;

    /// A term in all lanes.
    unsafe fn splat(term: Self::Term) -> Self::Vector;
    /// The first terms of a slice.
    unsafe fn load(from: &[Self::Term]) -> Self::Vector;
    /// Adds the products of terms.
    unsafe fn accumulate(x: Self::Vector, y: Self::Vector, sums: Self::Lanes) -> Self::Lanes;
    /// The term that begins with the first of these numbers, which lie so far apart; of them `left` are left, at least one.
    unsafe fn term(from: &[Self::Number], stride: usize, left: usize) -> Self::Term;
    /// Terms of neighbouring columns, as many as there are lanes, of which the first begins at the first number; rows lie
    /// `stride` apart, and `left` of them are left, at least one.
    unsafe fn load_row(from: &[Self::Number], stride: usize, left: usize) -> Self::Vector;
    /// The next 4 terms of a column for each group of four lanes; their numbers lie together, and are all there.
    unsafe fn load_groups(from: [&[Self::Number]; 4]) -> Self::Vector;
    /// Transposes the 4 × 4 terms of each group of four lanes.
    unsafe fn transpose_groups(four: [Self::Vector; 4]) -> [Self::Vector; 4];

    /// As [`load_row`](Self::load_row), of so few columns that a vector is not filled.
    #[inline(always)]
    unsafe fn load_part_of_row(from: &[Self::Number], stride: usize, left: usize, columns: usize) -> Self::Vector {
        let mut terms = [Self::Term::default(); MAX_LANES];
        // SAFETY: the caller's; `MAX_LANES` terms are enough for any vector.
        unsafe {
            for (column, term) in terms[..columns].iter_mut().enumerate() {
                *term = Self::term(&from[column..], stride, left);
            }
            Self::load(&terms)
        }
    }
}

/// Pairs of `bf16`, the first in the lower bits: what attention needs of them beside products.
#[cfg(any(all(target_arch = "x86_64", feature = "avx512"), target_arch = "aarch64"))]
pub trait Bf16Pairs: Terms<Lanes: Vector, Number = half::bf16, Term = u32> {
    /// Runs a kernel as a function of its own.
    unsafe fn call<R: PairKernel>(kernel: R) -> R::Output;
    /// Pairs of the numbers in the lanes of two vectors, each rounded to the nearest.
    unsafe fn of_two(first: Self::Lanes, second: Self::Lanes) -> Self::Vector;
    /// The same with zeros in place of the second numbers.
    unsafe fn without_second(pairs: Self::Vector) -> Self::Vector;
    /// Writes a term of each lane.
    unsafe fn store(pairs: Self::Vector, to: &mut [u32]);
}

/// As [`OutlinedKernel`](super::vector::OutlinedKernel), over pairs.
#[cfg(any(all(target_arch = "x86_64", feature = "avx512"), target_arch = "aarch64"))]
pub trait PairKernel {
    type Output;

    /// # Safety
    /// The processor has the instructions.
    unsafe fn run<P: Bf16Pairs>(self) -> Self::Output;
}

/// The elements of the sums.
pub type SumOf<T> = <<T as Terms>::Lanes as Lanes>::Element;

/// Numbers of the type of the lanes.
pub struct AsTheyAre<L>(PhantomData<L>);

impl<L: Lanes> Terms for AsTheyAre<L> {
    type Lanes = L;
    type Number = L::Element;
    type Term = L::Element;
    type Vector = L;
    const ROWS: usize = if size_of::<L::Element>() == size_of::<f32>() { 4 } else { 2 };

    #[inline(always)]
    unsafe fn splat(term: L::Element) -> L {
        // SAFETY: the caller's.
        unsafe { L::splat(term) }
    }
    #[inline(always)]
    unsafe fn load(from: &[L::Element]) -> L {
        // SAFETY: the caller's.
        unsafe { L::load(from) }
    }
    #[inline(always)]
    unsafe fn accumulate(x: L, y: L, sums: L) -> L {
        // SAFETY: the caller's.
        unsafe { x.accumulate(y, sums) }
    }
    #[inline(always)]
    unsafe fn term(from: &[L::Element], _: usize, _: usize) -> L::Element {
        from[0]
    }
    #[inline(always)]
    unsafe fn load_row(from: &[L::Element], _: usize, _: usize) -> L {
        // SAFETY: the caller's.
        unsafe { L::load(from) }
    }
    #[inline(always)]
    unsafe fn load_groups(from: [&[L::Element]; 4]) -> L {
        // SAFETY: the caller's.
        unsafe { L::load_groups(from) }
    }
    #[inline(always)]
    unsafe fn transpose_groups(four: [L; 4]) -> [L; 4] {
        // SAFETY: the caller's.
        unsafe { L::transpose_groups(four) }
    }
    #[inline(always)]
    unsafe fn load_part_of_row(from: &[L::Element], _: usize, _: usize, columns: usize) -> L {
        // SAFETY: the caller's.
        unsafe { load(&from[..columns], num_traits::zero()) }
    }
}

/// Numbers of 16 bits, in lanes of `f32`.
pub struct Widened<V, T>(PhantomData<(V, T)>);

impl<V: Vector, T: Narrow> Terms for Widened<V, T> {
    type Lanes = V;
    type Number = T;
    type Term = f32;
    type Vector = V;

    #[inline(always)]
    unsafe fn splat(term: f32) -> V {
        // SAFETY: the caller's.
        unsafe { V::splat(term) }
    }
    #[inline(always)]
    unsafe fn load(from: &[f32]) -> V {
        // SAFETY: the caller's.
        unsafe { V::load(from) }
    }
    #[inline(always)]
    unsafe fn accumulate(x: V, y: V, sums: V) -> V {
        // SAFETY: the caller's.
        unsafe { x.accumulate(y, sums) }
    }
    #[inline(always)]
    unsafe fn term(from: &[T], _: usize, _: usize) -> f32 {
        from[0].widened()
    }
    #[inline(always)]
    unsafe fn load_row(from: &[T], _: usize, _: usize) -> V {
        // SAFETY: the caller's.
        unsafe { T::load(from) }
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
    #[inline(always)]
    unsafe fn transpose_groups(four: [V; 4]) -> [V; 4] {
        // SAFETY: the caller's.
        unsafe { V::transpose_groups(four) }
    }
}
