//! What ranks send, counted.

use super::communicator::{Combine, Communicator, Numbers};
use std::collections::BTreeMap;
use std::fmt::{self, Debug, Formatter};
use std::sync::{Arc, Mutex, PoisonError};

/// What the ranks have done together so far, as one of them sees it: of each kind, how often, and with how many bytes.
///
/// The bytes of a kind are those that this rank gave: its numbers for an all-reduce or a reduce-scatter, its part for an all-gather,
/// its parts for an all-to-all, the message of a broadcast or of a shift. Of what a rank does with itself alone nothing is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic(BTreeMap<&'static str, [u64; 2]>);

impl Traffic {
    /// How often the ranks did this (`all_reduce`, say), and the bytes of all of it.
    ///
    /// ```
    /// use congruent::mesh::Traffic;
    /// let traffic = Traffic::default().and("all_reduce", 2, 100);
    /// assert_eq!(traffic.of("all_reduce"), [2, 200]);
    /// assert_eq!(traffic.of("broadcast"), [0, 0]);
    /// ```
    pub fn of(&self, kind: &str) -> [u64; 2] {
        self.0.get(kind).copied().unwrap_or_default()
    }

    /// Each kind that there was, how often, and the bytes of all of it.
    ///
    /// ```
    /// use congruent::mesh::Traffic;
    /// let traffic = Traffic::default().and("shift", 1, 8).and("all_reduce", 2, 100);
    /// assert_eq!(traffic.iter().collect::<Vec<_>>(), [("all_reduce", [2, 200]), ("shift", [1, 8])]);
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, [u64; 2])> {
        self.0.iter().map(|(kind, counts)| (*kind, *counts))
    }

    /// Adds so many of a kind, each with so many bytes.
    ///
    /// ```
    /// use congruent::mesh::Traffic;
    /// // What is expected, to be compared with what is counted.
    /// assert_eq!(Traffic::default().and("shift", 1, 8).and("shift", 2, 8).of("shift"), [3, 24]);
    /// ```
    #[must_use]
    pub fn and(mut self, kind: &'static str, times: u64, bytes: u64) -> Self {
        self.add(kind, times, bytes);
        self
    }

    fn add(&mut self, kind: &'static str, times: u64, bytes: u64) {
        if times > 0 {
            let [all, all_bytes] = self.0.entry(kind).or_default();
            (*all, *all_bytes) = (*all + times, *all_bytes + times * bytes);
        }
    }
}

/// Ranks whose [`Traffic`] is counted, with that of all groups that are split off.
///
/// A build with debug assertions has more of it than others: ranks compare what they are about to do.
///
/// ```
/// use congruent::mesh::{Counted, Mesh, OnMesh, Traffic, in_threads};
/// use congruent::prelude::*;
/// use std::sync::Arc;
/// dims! { Data = 2; Batch = 4; Embed = 3; }
/// in_threads(2, |world| {
///     let world = Arc::new(Counted::new(world));
///     let mesh = Mesh::new(world.clone(), (Data,)).unwrap();
///     world.take();
///     let x = Tensor::ones((mesh.shard(Batch, Data), Embed)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
///     x.partial_sum(mesh.shard(Batch, Data)).all_reduce();
///     assert_eq!(world.take().of("all_reduce"), [1, 3 * 4]);
///     assert_eq!(world.take(), Traffic::default());
/// });
/// ```
pub struct Counted {
    ranks: Arc<dyn Communicator>,
    traffic: Arc<Mutex<Traffic>>,
}

impl Counted {
    /// Counts what these ranks do.
    ///
    /// ```
    /// use congruent::mesh::{Combine, Communicator, Counted, Numbers, in_threads};
    /// in_threads(2, |world| {
    ///     let world = Counted::new(world);
    ///     world.all_reduce(Combine::Sum, Numbers::F32(&mut [1.0; 3]));
    ///     assert_eq!(world.take().of("all_reduce"), [1, 3 * 4]);
    /// });
    /// ```
    pub fn new(ranks: Arc<dyn Communicator>) -> Self {
        Counted { ranks, traffic: Arc::default() }
    }

    /// What was done since this was called last.
    ///
    /// ```
    /// use congruent::mesh::{Communicator, Counted, Traffic, in_threads};
    /// in_threads(2, |world| {
    ///     let world = Counted::new(world);
    ///     world.shift(&[0; 8]);
    ///     assert_eq!(world.take(), Traffic::default().and("shift", 1, 8));
    ///     assert_eq!(world.take(), Traffic::default());
    /// });
    /// ```
    pub fn take(&self) -> Traffic {
        std::mem::take(&mut self.traffic.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn count(&self, kind: &'static str, bytes: usize) {
        if self.ranks.ranks() > 1 {
            self.traffic.lock().unwrap_or_else(PoisonError::into_inner).add(kind, 1, bytes as u64);
        }
    }
}

fn bytes(numbers: &Numbers<'_>) -> usize {
    match numbers {
        Numbers::F32(numbers) => size_of_val(&**numbers),
        Numbers::F64(numbers) => size_of_val(&**numbers),
    }
}

impl Communicator for Counted {
    fn rank(&self) -> usize {
        self.ranks.rank()
    }
    fn ranks(&self) -> usize {
        self.ranks.ranks()
    }
    fn all_reduce(&self, combine: Combine, numbers: Numbers<'_>) {
        self.count("all_reduce", bytes(&numbers));
        self.ranks.all_reduce(combine, numbers);
    }
    fn reduce_scatter(&self, numbers: Numbers<'_>) {
        self.count("reduce_scatter", bytes(&numbers));
        self.ranks.reduce_scatter(numbers);
    }
    fn all_gather(&self, part: &[u8]) -> Vec<u8> {
        self.count("all_gather", part.len());
        self.ranks.all_gather(part)
    }
    fn all_to_all(&self, parts: &[u8]) -> Vec<u8> {
        self.count("all_to_all", parts.len());
        self.ranks.all_to_all(parts)
    }
    fn shift(&self, bytes: &[u8]) -> Vec<u8> {
        self.count("shift", bytes.len());
        self.ranks.shift(bytes)
    }
    fn broadcast(&self, root: usize, bytes: &mut [u8]) {
        self.count("broadcast", bytes.len());
        self.ranks.broadcast(root, bytes);
    }
    fn split(&self, group: usize) -> Arc<dyn Communicator> {
        Arc::new(Counted { ranks: self.ranks.split(group), traffic: self.traffic.clone() })
    }
    fn abort(&self, reason: &str) -> ! {
        self.ranks.abort(reason)
    }
}

impl Debug for Counted {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, counted", self.ranks)
    }
}
