//! What ranks say to each other.

use std::fmt::Debug;
use std::sync::Arc;

/// How numbers of several ranks become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Combine {
    /// Their sum.
    Sum,
    /// The largest; NaN if one is.
    Max,
}

/// Numbers that ranks put together.
#[derive(Debug)]
#[non_exhaustive]
pub enum Numbers<'a> {
    /// Of 32 bits.
    F32(&'a mut [f32]),
    /// Of 64 bits.
    F64(&'a mut [f64]),
}

/// Some processes that speak to each other, as MPI has it: each calls the same functions in the same order.
///
/// `congruent-mpi` has those of MPI; [`Alone`](super::Alone) is one rank, and [`in_threads`](super::in_threads) runs several in
/// one process, for tests. A function that cannot do what it should ends all ranks.
pub trait Communicator: Debug + Send + Sync {
    /// Which of the ranks this one is, counted from 0.
    fn rank(&self) -> usize;
    /// How many ranks there are.
    fn ranks(&self) -> usize;
    /// Puts the numbers of all ranks together; each rank gets the same.
    fn all_reduce(&self, combine: Combine, numbers: Numbers<'_>);
    /// The sums of all ranks; each rank gets its own of as many parts as there are ranks, at the beginning of the numbers. What is
    /// behind is left undetermined.
    fn reduce_scatter(&self, mut numbers: Numbers<'_>) {
        fn own<T: Copy>(numbers: &mut [T], rank: usize, ranks: usize) {
            let length = numbers.len() / ranks;
            numbers.copy_within(rank * length..(rank + 1) * length, 0);
        }
        let again = match &mut numbers {
            Numbers::F32(numbers) => Numbers::F32(numbers),
            Numbers::F64(numbers) => Numbers::F64(numbers),
        };
        self.all_reduce(Combine::Sum, again);
        match numbers {
            Numbers::F32(numbers) => own(numbers, self.rank(), self.ranks()),
            Numbers::F64(numbers) => own(numbers, self.rank(), self.ranks()),
        }
    }
    /// The bytes of each rank, one after another; all give equally many.
    fn all_gather(&self, part: &[u8]) -> Vec<u8>;
    /// Of as many parts as there are ranks, one for each, those that the ranks have for this one.
    fn all_to_all(&self, parts: &[u8]) -> Vec<u8>;
    /// The bytes of the rank before this one, for those that go to the next: from the last rank they go to the first. All give
    /// equally many.
    fn shift(&self, bytes: &[u8]) -> Vec<u8> {
        let before = (self.rank() + self.ranks() - 1) % self.ranks();
        self.all_gather(bytes)[before * bytes.len()..][..bytes.len()].to_vec()
    }
    /// The bytes of the rank `root`, on each rank; all give equally many.
    fn broadcast(&self, root: usize, bytes: &mut [u8]);
    /// Those of the ranks that say the same `group`, in their order.
    fn split(&self, group: usize) -> Arc<dyn Communicator>;
    /// Ends all ranks, with a message that says which one ended them, and why.
    fn abort(&self, reason: &str) -> !;
}

/// One rank, which has nobody to speak to: the same program without MPI.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl Communicator for Alone {
    fn rank(&self) -> usize {
        0
    }
    fn ranks(&self) -> usize {
        1
    }
    fn all_reduce(&self, _: Combine, _: Numbers<'_>) {}
    fn all_gather(&self, part: &[u8]) -> Vec<u8> {
        part.to_vec()
    }
    fn all_to_all(&self, parts: &[u8]) -> Vec<u8> {
        parts.to_vec()
    }
    fn broadcast(&self, _: usize, _: &mut [u8]) {}
    fn split(&self, _: usize) -> Arc<dyn Communicator> {
        Arc::new(Alone)
    }
    fn abort(&self, reason: &str) -> ! {
        panic!("{reason}")
    }
}
