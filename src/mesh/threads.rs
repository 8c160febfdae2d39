//! Ranks that are threads of one process, for tests and examples.

use super::communicator::{Combine, Communicator, Numbers};
use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{self, AssertUnwindSafe, Location};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

/// Runs the function once for each rank, at the same time, and gives the results in the order of the ranks.
///
/// It is for tests: kernels of all ranks share the processor's cores.
///
/// ```
/// use congruent::mesh::{Combine, Numbers, in_threads};
/// let sums = in_threads(3, |world| {
///     let mut number = [world.rank() as f32];
///     world.all_reduce(Combine::Sum, Numbers::F32(&mut number));
///     number[0]
/// });
/// assert_eq!(sums, [3.0; 3]);
/// ```
///
/// # Panics
/// One of the ranks panicked, or they did not all do the same, so that some would wait for ever: the message says which. Those that
/// wait for it end too.
#[track_caller]
pub fn in_threads<R: Send>(ranks: usize, program: impl Fn(Arc<dyn Communicator>) -> R + Sync) -> Vec<R> {
    assert!(ranks > 0, "no ranks");
    let (place, program, first) = (Location::caller(), &program, &Mutex::new(None::<Box<dyn Any + Send>>));
    let (world, members) = (Arc::new(Meeting { ranks, ..Meeting::default() }), (0..ranks).collect::<Arc<[usize]>>());
    let results: Vec<Option<R>> = thread::scope(|scope| {
        let start = |rank| {
            let (meeting, members) = (world.clone(), members.clone());
            let world = Threads { meeting, rank, members, path: String::new(), steps: AtomicU64::new(0) };
            scope.spawn(move || {
                let meeting = world.meeting.clone();
                panic::catch_unwind(AssertUnwindSafe(|| program(Arc::new(world))))
                    .inspect(|_| meeting.leave(rank))
                    .map_err(|reason| {
                        // The first is the reason of the others, which waited for it.
                        lock(first).get_or_insert(reason);
                        meeting.end();
                    })
                    .ok()
            })
        };
        let threads: Vec<_> = (0..ranks).map(start).collect();
        threads.into_iter().map(|thread| thread.join().expect("panics are caught")).collect()
    });
    if let Some(reason) = lock(first).take() {
        panic::resume_unwind(reason);
    }
    results
        .into_iter()
        .map(|result| result.unwrap_or_else(|| panic!("a rank started at {place} gave nothing")))
        .collect()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where ranks meet: what each has brought to the step that its group is at.
#[derive(Default, Debug)]
struct Meeting {
    ranks: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default, Debug)]
struct State {
    /// By the name of the group and the number of the step: what each rank brings, and how many have taken it.
    steps: BTreeMap<(String, u64), Step>,
    /// The ranks that wait for others, and at what.
    waiting: BTreeMap<usize, String>,
    /// The ranks whose programs are done.
    left: BTreeSet<usize>,
    /// Why nobody comes any more.
    ended: Option<String>,
}

#[derive(Default, Debug)]
struct Step {
    brought: BTreeMap<usize, (String, Vec<u8>)>,
    taken: usize,
}

impl Meeting {
    fn end(&self) {
        lock(&self.state).ended.get_or_insert("another rank ended, for which this one waits".to_owned());
        self.changed.notify_all();
    }

    fn leave(&self, rank: usize) {
        let mut state = lock(&self.state);
        state.left.insert(rank);
        state.end_if_stuck(self.ranks);
        self.changed.notify_all();
    }
}

impl State {
    /// Nobody comes any more where all ranks are done, or wait for others.
    fn end_if_stuck(&mut self, ranks: usize) {
        if !self.waiting.is_empty() && self.waiting.len() + self.left.len() == ranks {
            let waiting = self.waiting.iter().map(|(rank, what)| format!("rank {rank} waits in {what}"));
            let left = self.left.iter().map(|rank| format!("rank {rank} is done"));
            let all = waiting.chain(left).collect::<Vec<_>>().join("; ");
            self.ended.get_or_insert(format!("the ranks do not do the same: {all}"));
        }
    }
}

/// A rank that is a thread.
#[derive(Debug)]
struct Threads {
    meeting: Arc<Meeting>,
    rank: usize,
    /// The ranks of the group, by their numbers among all.
    members: Arc<[usize]>,
    /// The name of the group.
    path: String,
    /// How many steps this rank has begun in the group.
    steps: AtomicU64,
}

impl Threads {
    /// What all ranks brought to this step, in their order.
    #[track_caller]
    fn exchange(&self, what: String, bytes: &[u8]) -> Vec<Vec<u8>> {
        let key = (self.path.clone(), self.steps.fetch_add(1, Ordering::Relaxed) + 1);
        let mut state = lock(&self.meeting.state);
        let brought = &mut state.steps.entry(key.clone()).or_default().brought;
        brought.insert(self.rank, (what.clone(), bytes.to_vec()));
        if brought.len() == self.ranks() {
            // They wait no longer, though they may not know it yet.
            self.members.iter().for_each(|member| drop(state.waiting.remove(member)));
        } else {
            state.waiting.insert(self.members[self.rank], what.clone());
            state.end_if_stuck(self.meeting.ranks);
        }
        self.meeting.changed.notify_all();
        while state.steps[&key].brought.len() < self.ranks() {
            if let Some(reason) = &state.ended {
                panic!("{reason}");
            }
            state = self.meeting.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let step = state.steps.get_mut(&key).expect("all have come, and not all have gone");
        let other = step.brought.iter().find(|(_, (other, _))| *other != what);
        let disagreement =
            other.map(|(rank, (other, _))| format!("rank {} is at {what}, rank {rank} at {other}", self.rank));
        let all = step.brought.values().map(|(_, bytes)| bytes.clone()).collect();
        step.taken += 1;
        if step.taken == self.ranks() {
            state.steps.remove(&key);
        }
        drop(state);
        if let Some(disagreement) = disagreement {
            panic!("the ranks do not do the same: {disagreement}");
        }
        all
    }
}

impl Communicator for Threads {
    fn rank(&self) -> usize {
        self.rank
    }
    fn ranks(&self) -> usize {
        self.members.len()
    }
    fn all_reduce(&self, combine: Combine, numbers: Numbers<'_>) {
        macro_rules! reduce {
            ($numbers:expr, $T:ty) => {{
                let numbers: &mut [$T] = $numbers;
                let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_ne_bytes()).collect();
                let what = format!("{combine:?} of {} numbers of {} bits", numbers.len(), 8 * size_of::<$T>());
                for (rank, bytes) in self.exchange(what, &bytes).iter().enumerate() {
                    let others = bytes
                        .chunks_exact(size_of::<$T>())
                        .map(|x| <$T>::from_ne_bytes(x.try_into().expect("a number")));
                    for (number, other) in numbers.iter_mut().zip(others) {
                        *number = match combine {
                            _ if rank == 0 => other,
                            Combine::Sum => *number + other,
                            Combine::Max if number.is_nan() || *number > other => *number,
                            Combine::Max => other,
                        };
                    }
                }
            }};
        }
        match numbers {
            Numbers::F32(numbers) => reduce!(numbers, f32),
            Numbers::F64(numbers) => reduce!(numbers, f64),
        }
    }
    fn all_gather(&self, part: &[u8]) -> Vec<u8> {
        self.exchange(format!("a gathering of {} bytes", part.len()), part).concat()
    }
    fn all_to_all(&self, parts: &[u8]) -> Vec<u8> {
        let length = parts.len() / self.ranks();
        let all = self.exchange(format!("an exchange of {} bytes", parts.len()), parts);
        all.iter().flat_map(|parts| &parts[self.rank * length..(self.rank + 1) * length]).copied().collect()
    }
    fn shift(&self, bytes: &[u8]) -> Vec<u8> {
        let mut all = self.exchange(format!("a shift of {} bytes", bytes.len()), bytes);
        all.swap_remove((self.rank + self.ranks() - 1) % self.ranks())
    }
    fn broadcast(&self, root: usize, bytes: &mut [u8]) {
        let all = self.exchange(format!("a broadcast of {} bytes of rank {root}", bytes.len()), bytes);
        bytes.copy_from_slice(&all[root]);
    }
    fn split(&self, group: usize) -> Arc<dyn Communicator> {
        let groups = self.exchange("a division into groups".to_owned(), &group.to_ne_bytes());
        let is_of = |other: &&Vec<u8>| ***other == group.to_ne_bytes();
        let rank = groups[..self.rank].iter().filter(is_of).count();
        let members = self.members.iter().zip(&groups).filter(|(_, group)| is_of(group)).map(|(member, _)| *member);
        // A group has its own steps; groups of one division have different names.
        let path = format!("{}/{}.{group}", self.path, self.steps.load(Ordering::Relaxed));
        let (meeting, members) = (self.meeting.clone(), members.collect());
        Arc::new(Threads { meeting, rank, members, path, steps: AtomicU64::new(0) })
    }
    fn abort(&self, reason: &str) -> ! {
        // The others end when this reason is known: else theirs could be the first.
        panic!("rank {}: {reason}", self.rank)
    }
}
