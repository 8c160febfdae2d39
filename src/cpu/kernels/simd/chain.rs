//! Fused elementwise operations: each element stays in a register from one to the next.

use super::math::{self, Function, Operation, Swapped, With, by_kernel};
use super::vector::{Vector, read, write};
use crate::backend::{Binary, Unary};
use crate::cpu::kernels::in_out::{InOut, Link, Operand};

/// The vectors that go through the chain at once: the interpreter dispatches once for all of them.
const VECTORS: usize = 8;

/// Whether an operation has a kernel.
pub fn has_kernel(link: &Link<'_, f32>) -> bool {
    match *link {
        Link::Unary(op) => by_kernel!(op; |_f| true, |_f| true, false),
        Link::Binary(op, ..) => !matches!(op, Binary::Pow | Binary::Fmod | Binary::Remainder),
    }
}

/// The operations one after another on each number. All have a kernel.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn chain<V: Vector>(mut x: InOut<'_, f32>, links: &[Link<'_, f32>]) {
    let len = x.len();
    for link in links {
        let enough = !matches!(link, Link::Binary(_, Operand::Slice(y), _) if y.len() < len);
        assert!(enough && has_kernel(link), "operations with a kernel, and an operand for each number");
    }
    let (pointers, mut at) = (x.pointers(), 0);
    // SAFETY: the caller's; each step lies inside the slices, which are as long.
    unsafe {
        while const { V::UNROLLS } && at + VECTORS * V::LANES <= len {
            step::<V, VECTORS, true>(at, V::LANES, pointers, links);
            at += VECTORS * V::LANES;
        }
        while at + V::LANES <= len {
            step::<V, 1, true>(at, V::LANES, pointers, links);
            at += V::LANES;
        }
        if at < len {
            step::<V, 1, false>(at, len - at, pointers, links);
        }
    }
}

/// All operations on `N` vectors, which hold `len` numbers each.
///
/// # Safety
/// The processor has the instructions of `V`, and the numbers from `at` on lie inside all slices.
#[inline(always)]
unsafe fn step<V: Vector, const N: usize, const WHOLE: bool>(
    at: usize,
    len: usize,
    (from, to): (*const f32, *mut f32),
    links: &[Link<'_, f32>],
) {
    // SAFETY: the caller's.
    unsafe {
        let mut x = [V::splat(0.0); N];
        for i in 0..N {
            x[i] = read::<V, WHOLE>(from.add(at + i * V::LANES), len, 0.0);
        }
        macro_rules! pairs { ($op:expr, $y:expr, $swapped:expr; $($Op:ident)*) => {
            match ($op, $y, $swapped) {$(
                (Binary::$Op, Operand::Slice(y), false) => zip::<V, _, N, WHOLE>(math::$Op, &mut x, y.as_ptr().add(at), len),
                (Binary::$Op, Operand::Slice(y), true) => {
                    zip::<V, _, N, WHOLE>(Swapped(math::$Op), &mut x, y.as_ptr().add(at), len)
                }
                (Binary::$Op, Operand::Scalar(y), false) => map(With(math::$Op, y), &mut x),
                (Binary::$Op, Operand::Scalar(y), true) => map(With(Swapped(math::$Op), y), &mut x),
                )*
                (Binary::Pow | Binary::Fmod | Binary::Remainder, ..) => {}
            }
        } }
        for link in links {
            match *link {
                Link::Binary(op, y, swapped) => pairs!(op, y, swapped; Add Sub Mul Div Max Min),
                Link::Unary(op) => by_kernel!(op; |f| map(f, &mut x), |f| map_long(f, &mut x), {}),
            }
        }
        for i in 0..N {
            write::<V, WHOLE>(x[i], to.add(at + i * V::LANES), len);
        }
    }
}

/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn map<V: Vector, F: Function, const N: usize>(f: F, x: &mut [V; N]) {
    for i in 0..N {
        // SAFETY: the caller's.
        x[i] = unsafe { f.apply(x[i]) };
    }
}

/// A function of many instructions, in a loop that is not unrolled.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn map_long<V: Vector, F: Function, const N: usize>(f: F, x: &mut [V; N]) {
    let mut stored = *x;
    for i in 0..N {
        // SAFETY: the caller's.
        stored[i] = unsafe { f.apply(stored[i]) };
    }
    *x = stored;
}

/// # Safety
/// The processor has the instructions of `V`, and there are as many numbers at `y`.
#[inline(always)]
unsafe fn zip<V: Vector, F: Operation, const N: usize, const WHOLE: bool>(
    f: F,
    x: &mut [V; N],
    y: *const f32,
    len: usize,
) {
    for i in 0..N {
        // SAFETY: the caller's.
        x[i] = unsafe { f.apply(x[i], read::<V, WHOLE>(y.add(i * V::LANES), len, 0.0)) };
    }
}

#[cfg(test)]
mod tests {
    use super::super::dispatch::chain_at;
    use super::super::elementwise::{binary_at, unary_at};
    use super::super::level::levels;
    use super::*;

    #[test]
    fn a_chain_is_its_operations_one_after_another() {
        let mut rng = fastrand::Rng::with_seed(1);
        let links = |op: &Unary| has_kernel(&Link::Unary(*op));
        let functions: Vec<Unary> = Unary::ALL.iter().copied().filter(links).collect();
        let links = |op: &Binary| has_kernel(&Link::Binary(*op, Operand::Scalar(0.0), false));
        let pairs: Vec<Binary> = Binary::ALL.iter().copied().filter(links).collect();
        for (name, level) in levels() {
            for len in (0..300).filter(|len| !cfg!(miri) || [0, 13, 81].contains(len)) {
                let mut numbers = || -> Vec<f32> { (0..len).map(|_| rng.f32() * 8.0 - 4.0).collect() };
                let (x, y) = (numbers(), numbers());
                let mut link = || match rng.u8(..3) {
                    0 => Link::Unary(*rng.choice(&functions).unwrap()),
                    1 => Link::Binary(*rng.choice(&pairs).unwrap(), Operand::Scalar(rng.f32() - 0.5), rng.bool()),
                    _ => Link::Binary(*rng.choice(&pairs).unwrap(), Operand::Slice(&y), rng.bool()),
                };
                let links: Vec<_> = (0..5).map(|_| link()).collect();
                let mut expected = x.clone();
                for link in &links {
                    match *link {
                        Link::Unary(op) => unary_at(level, op, InOut::in_place(&mut expected)),
                        Link::Binary(op, y, swapped) => {
                            binary_at(level, op, InOut::in_place(&mut expected), y, swapped)
                        }
                    }
                }
                let mut found = vec![7.0; len];
                chain_at(level, InOut::new(&x, &mut found), &links);
                let mut in_place = x.clone();
                chain_at(level, InOut::in_place(&mut in_place), &links);
                for (at, expected) in expected.iter().enumerate() {
                    for found in [found[at], in_place[at]] {
                        let same = found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan();
                        assert!(same, "{name}: {found} for {expected} at {at} of {len}: {links:?}");
                    }
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "an operand for each number")]
    fn an_operand_that_is_too_short_is_refused() {
        let link = Link::Binary(Binary::Add, Operand::Slice(&[1.0]), false);
        super::super::chain(InOut::in_place(&mut [1.0, 2.0]), &[link, link]);
    }
}
