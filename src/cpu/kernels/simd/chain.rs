//! Fused elementwise operations: numbers stay in registers from one to the next, and in a small part of the L1 cache from one chain
//! of them to the next.

use super::math::{self, Function, Operation, Swapped, With, by_kernel};
use super::vector::{MAX_LANES, Vector, read, write};
use crate::backend::{Binary, Unary};
use crate::cpu::kernels::in_out::{InOut, Link, Operand, Place, PlacedChain, PlacedLink};
use std::marker::PhantomData;

/// The vectors that go through the chains at once: the interpreter dispatches once for all of them.
const VECTORS: usize = 8;
/// The numbers of a register: those of as many vectors.
pub const REGISTER: usize = VECTORS * MAX_LANES;

/// Whether an operation has a kernel.
pub fn has_kernel(link: &Link<'_, f32>) -> bool {
    match *link {
        Link::Unary(op) => of_one_has_kernel(op),
        Link::Binary(op, ..) => of_two_has_kernel(op),
    }
}

fn of_one_has_kernel(op: Unary) -> bool {
    by_kernel!(op; |_f| true, |_f| true, false)
}

fn of_two_has_kernel(op: Binary) -> bool {
    !matches!(op, Binary::Pow | Binary::Fmod | Binary::Remainder)
}

/// Whether all operations of a chain have kernels.
pub fn have_kernels<P>(chain: &PlacedChain<f32, P>) -> bool {
    chain.links.iter().all(|link| match *link {
        PlacedLink::Unary(op) => of_one_has_kernel(op),
        PlacedLink::Number(op, ..) | PlacedLink::Value(op, ..) => of_two_has_kernel(op),
    })
}

/// Chains of operations that have kernels, and the memory that they read and write.
pub struct Chains<'a> {
    len: usize,
    chains: Vec<PlacedChain<f32, Pointer>>,
    slices: PhantomData<&'a mut [f32]>,
}

/// The first number of a slice, or of a register: where the next numbers go is further on, or the same place.
#[derive(Clone, Copy)]
struct Pointer {
    start: *mut f32,
    is_register: bool,
}

impl Pointer {
    /// The place of the numbers from this one on.
    ///
    /// # Safety
    /// It has so many.
    #[inline(always)]
    unsafe fn at(self, at: usize) -> *mut f32 {
        // SAFETY: the caller's.
        if self.is_register { self.start } else { unsafe { self.start.add(at) } }
    }
}

impl<'a> Chains<'a> {
    /// One chain.
    ///
    /// # Panics
    /// An operation has no kernel, or fewer operands than numbers.
    pub fn of_one(mut x: InOut<'a, f32>, links: &[Link<'_, f32>]) -> Self {
        let (len, (from, to)) = (x.len(), x.pointers());
        let pointer = |start| Pointer { start, is_register: false };
        let placed = |link: &Link<'_, f32>| match *link {
            Link::Unary(op) => PlacedLink::Unary(op),
            Link::Binary(op, Operand::Scalar(y), swapped) => PlacedLink::Number(op, y, swapped),
            Link::Binary(op, Operand::Slice(y), swapped) => {
                assert!(y.len() >= len, "an operand for each number");
                PlacedLink::Value(op, pointer(y.as_ptr().cast_mut()), swapped)
            }
        };
        let links: Vec<_> = links.iter().map(placed).collect();
        let chains = vec![PlacedChain { from: pointer(from.cast_mut()), links, to: pointer(to) }];
        assert!(chains.iter().all(have_kernels), "operations with kernels");
        Chains { len, chains, slices: PhantomData }
    }

    /// All chains for some numbers, and then for the next. `registers` has [`REGISTER`] numbers for each register.
    ///
    /// # Panics
    /// An operation has no kernel, a slice is not as long as the others, a place does not exist, or an input is written.
    pub fn new(
        inputs: &'a [&'a [f32]],
        outputs: &'a mut [&mut [f32]],
        registers: &'a mut [f32],
        chains: &[PlacedChain<f32, Place>],
    ) -> Self {
        let len = outputs.first().map_or(0, |output| output.len());
        let lengths = inputs.iter().map(|input| input.len()).chain(outputs.iter().map(|output| output.len()));
        assert!(lengths.into_iter().all(|of| of == len), "slices of one length");
        let outputs: Vec<_> = outputs.iter_mut().map(|output| output.as_mut_ptr()).collect();
        let registers: Vec<_> = registers.chunks_exact_mut(REGISTER).map(|register| register.as_mut_ptr()).collect();
        let pointer = |place| match place {
            Place::Input(input) => Pointer { start: inputs[input].as_ptr().cast_mut(), is_register: false },
            Place::Output(output) => Pointer { start: outputs[output], is_register: false },
            Place::Register(register) => Pointer { start: registers[register], is_register: true },
        };
        let placed = |chain: &PlacedChain<f32, Place>| {
            assert!(!matches!(chain.to, Place::Input(_)), "an input is not written");
            assert!(have_kernels(chain), "operations with kernels");
            chain.map(pointer)
        };
        Chains { len, chains: chains.iter().map(placed).collect(), slices: PhantomData }
    }
}

/// Chains one after another on each number.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn run<V: Vector>(chains: Chains<'_>) {
    let (len, mut at) = (chains.len, 0);
    // SAFETY: the caller's; each step lies inside the slices, which are as long, and a register has the numbers of a step.
    unsafe {
        while const { V::UNROLLS } && at + VECTORS * V::LANES <= len {
            for chain in &chains.chains {
                step::<V, VECTORS, true>(at, V::LANES, chain);
            }
            at += VECTORS * V::LANES;
        }
        while at + V::LANES <= len {
            for chain in &chains.chains {
                step::<V, 1, true>(at, V::LANES, chain);
            }
            at += V::LANES;
        }
        if at < len {
            for chain in &chains.chains {
                step::<V, 1, false>(at, len - at, chain);
            }
        }
    }
}

/// A chain on `N` vectors, which hold `len` numbers each.
///
/// # Safety
/// The processor has the instructions of `V`, and the numbers from `at` on lie inside all slices.
#[inline(always)]
unsafe fn step<V: Vector, const N: usize, const WHOLE: bool>(at: usize, len: usize, chain: &PlacedChain<f32, Pointer>) {
    // SAFETY: the caller's.
    unsafe {
        let (from, to) = (chain.from.at(at), chain.to.at(at));
        let mut x = [V::splat(0.0); N];
        for i in 0..N {
            x[i] = read::<V, WHOLE>(from.add(i * V::LANES), len, 0.0);
        }
        macro_rules! of_value { ($op:expr, $y:expr, $swapped:expr; $($Op:ident)*) => {
            match ($op, $swapped) {$(
                (Binary::$Op, false) => zip::<V, _, N, WHOLE>(math::$Op, &mut x, $y.at(at), len),
                (Binary::$Op, true) => zip::<V, _, N, WHOLE>(Swapped(math::$Op), &mut x, $y.at(at), len),
                )*
                (Binary::Pow | Binary::Fmod | Binary::Remainder, _) => {}
            }
        } }
        macro_rules! of_number { ($op:expr, $y:expr, $swapped:expr; $($Op:ident)*) => {
            match ($op, $swapped) {$(
                (Binary::$Op, false) => map(With(math::$Op, $y), &mut x),
                (Binary::$Op, true) => map(With(Swapped(math::$Op), $y), &mut x),
                )*
                (Binary::Pow | Binary::Fmod | Binary::Remainder, _) => {}
            }
        } }
        for link in &chain.links {
            match *link {
                PlacedLink::Value(op, y, swapped) => of_value!(op, y, swapped; Add Sub Mul Div Max Min),
                PlacedLink::Number(op, y, swapped) => of_number!(op, y, swapped; Add Sub Mul Div Max Min),
                PlacedLink::Unary(op) => by_kernel!(op; |f| map(f, &mut x), |f| map_long(f, &mut x), {}),
            }
        }
        for i in 0..N {
            write::<V, WHOLE>(x[i], to.add(i * V::LANES), len);
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
    use super::super::dispatch::run_at;
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
                run_at(level, Chains::of_one(InOut::new(&x, &mut found), &links));
                let mut in_place = x.clone();
                run_at(level, Chains::of_one(InOut::in_place(&mut in_place), &links));
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
