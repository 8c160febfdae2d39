//! A communicator that counts the numbers that go through it.

use congruent::mesh::{Combine, Communicator, Numbers};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The ranks, and what goes through them from now on.
pub fn counted(ranks: Arc<dyn Communicator>) -> (Arc<dyn Communicator>, Arc<Counts>) {
    let counts = Arc::new(Counts::default());
    (Arc::new(Counted { inner: ranks, counts: counts.clone() }), counts)
}

#[derive(Debug)]
struct Counted {
    inner: Arc<dyn Communicator>,
    counts: Arc<Counts>,
}

/// What went through a communicator: by each kind, how many numbers a rank gave.
#[derive(Debug, Default)]
pub struct Counts {
    reduced: AtomicUsize,
    scattered: AtomicUsize,
    shifted: AtomicUsize,
    gathered: AtomicUsize,
}

impl Counts {
    /// What was reduced, scattered, shifted and gathered since the last time: numbers of four bytes. Where ranks agree on what they
    /// do, as they do in debug builds, each says eight bytes, which is not counted.
    pub fn take(&self) -> [usize; 4] {
        [&self.reduced, &self.scattered, &self.shifted, &self.gathered].map(|count| count.swap(0, Ordering::Relaxed))
    }
}

fn count(numbers: &Numbers<'_>) -> usize {
    match numbers {
        Numbers::F32(numbers) => numbers.len(),
        other => panic!("{other:?}"),
    }
}

impl Communicator for Counted {
    fn rank(&self) -> usize {
        self.inner.rank()
    }
    fn ranks(&self) -> usize {
        self.inner.ranks()
    }
    fn all_reduce(&self, combine: Combine, numbers: Numbers<'_>) {
        self.counts.reduced.fetch_add(count(&numbers), Ordering::Relaxed);
        self.inner.all_reduce(combine, numbers);
    }
    fn reduce_scatter(&self, numbers: Numbers<'_>) {
        self.counts.scattered.fetch_add(count(&numbers), Ordering::Relaxed);
        self.inner.reduce_scatter(numbers);
    }
    fn all_gather(&self, part: &[u8]) -> Vec<u8> {
        if part.len() != 8 {
            self.counts.gathered.fetch_add(part.len() / 4, Ordering::Relaxed);
        }
        self.inner.all_gather(part)
    }
    fn all_to_all(&self, parts: &[u8]) -> Vec<u8> {
        self.inner.all_to_all(parts)
    }
    fn shift(&self, bytes: &[u8]) -> Vec<u8> {
        self.counts.shifted.fetch_add(bytes.len() / 4, Ordering::Relaxed);
        self.inner.shift(bytes)
    }
    fn broadcast(&self, root: usize, bytes: &mut [u8]) {
        self.inner.broadcast(root, bytes);
    }
    fn split(&self, group: usize) -> Arc<dyn Communicator> {
        Arc::new(Counted { inner: self.inner.split(group), counts: self.counts.clone() })
    }
    fn abort(&self, reason: &str) -> ! {
        self.inner.abort(reason)
    }
}
