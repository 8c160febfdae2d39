#![doc = include_str!("../README.md")]

mod watchdog;

use congruent::mesh::{Combine, Communicator, Numbers};
use mpi::collective::SystemOperation;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator as _, CommunicatorCollectives, Equivalence, Root};
use std::fmt::{self, Debug, Display, Formatter};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{panic, thread};
use watchdog::Waiting;

/// Runs a program as one of the ranks that MPI has started.
///
/// # Errors
/// That of the program, if there is one rank alone. Of several, an error on one ends all.
///
/// # Panics
/// MPI does not start, or has been started before; or, if there is one rank alone, the program does.
pub fn run<R, E: Display>(program: impl FnOnce(Arc<dyn Communicator>) -> Result<R, E>) -> Result<R, E> {
    let (universe, threading) =
        mpi::initialize_with_threading(mpi::Threading::Serialized).expect("MPI is started once in a process");
    assert!(threading >= mpi::Threading::Serialized, "this MPI is for programs of one thread alone");
    let world: Arc<dyn Communicator> = Arc::new(Ranks::new(universe.world()));
    if world.ranks() == 1 {
        return program(world);
    }
    watchdog::start(world.rank());
    let (of_hook, shown) = (world.clone(), panic::take_hook());
    panic::set_hook(Box::new(move |reason| {
        shown(reason);
        of_hook.abort("panicked");
    }));
    let result = program(world.clone()).unwrap_or_else(|error| {
        // An error that all have is told once, by the first.
        thread::sleep(if world.rank() == 0 { Duration::ZERO } else { Duration::from_millis(300) });
        world.abort(&error.to_string())
    });
    // Until all have ended.
    let _waiting = Waiting::new("the end of the program");
    drop(universe);
    Ok(result)
}

/// Some of the ranks of MPI.
struct Ranks(Mutex<SimpleCommunicator>);

// SAFETY: a communicator is a handle, which belongs to no thread. MPI was started for calls of one thread after another, and all
// calls are made while `MPI` is locked.
unsafe impl Send for Ranks {}
// SAFETY: the same.
unsafe impl Sync for Ranks {}

/// Held by whoever calls MPI.
static MPI: Mutex<()> = Mutex::new(());

impl Ranks {
    fn new(communicator: SimpleCommunicator) -> Self {
        Ranks(Mutex::new(communicator))
    }

    fn lock(&self) -> (MutexGuard<'static, ()>, MutexGuard<'_, SimpleCommunicator>) {
        let mpi = MPI.lock().unwrap_or_else(PoisonError::into_inner);
        (mpi, self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The communicator, for what waits until the other ranks call the same.
    fn wait(&self, what: impl Into<String>) -> (Waiting, MutexGuard<'static, ()>, MutexGuard<'_, SimpleCommunicator>) {
        let (mpi, communicator) = self.lock();
        (Waiting::new(what), mpi, communicator)
    }
}

/// What one message of MPI, whose counts have 31 bits, takes at most.
const MOST: usize = 1 << 28;

/// The result of a reduction, in place of the numbers.
fn reduce<T: Equivalence + Copy>(communicator: &SimpleCommunicator, numbers: &mut [T], operation: SystemOperation) {
    for numbers in numbers.chunks_mut(MOST) {
        let own = numbers.to_vec();
        communicator.all_reduce_into(&own[..], numbers, operation);
    }
}

/// Numbers in the order of integers, NaN behind all others: what MPI makes of the largest of NaN is not defined.
macro_rules! largest {
    ($communicator:expr, $numbers:expr, $Float:ty, $Integer:ty) => {{
        let in_order = |x: $Float| {
            let bits = if x.is_nan() { <$Float>::NAN.abs() } else { x }.to_bits() as $Integer;
            bits ^ (((bits >> (<$Integer>::BITS - 1)) as $Integer) & <$Integer>::MAX)
        };
        let back =
            |bits: $Integer| <$Float>::from_bits((bits ^ ((bits >> (<$Integer>::BITS - 1)) & <$Integer>::MAX)) as _);
        let mut integers: Vec<$Integer> = $numbers.iter().map(|x| in_order(*x)).collect();
        reduce($communicator, &mut integers, SystemOperation::max());
        $numbers.iter_mut().zip(integers).for_each(|(x, bits)| *x = back(bits));
    }};
}

/// Each rank's own part of the sums, at the beginning.
fn reduce_scatter<T: Equivalence + Copy>(communicator: &SimpleCommunicator, numbers: &mut [T]) {
    let ranks = communicator.size() as usize;
    let length = numbers.len() / ranks;
    if length > MOST {
        reduce(communicator, numbers, SystemOperation::sum());
        let own = communicator.rank() as usize * length;
        return numbers.copy_within(own..own + length, 0);
    }
    let all = numbers.to_vec();
    communicator.reduce_scatter_block_into(&all[..], &mut numbers[..length], SystemOperation::sum());
}

impl Communicator for Ranks {
    fn rank(&self) -> usize {
        self.lock().1.rank() as usize
    }
    fn ranks(&self) -> usize {
        self.lock().1.size() as usize
    }
    fn all_reduce(&self, combine: Combine, numbers: Numbers<'_>) {
        let (_waiting, _mpi, communicator) = self.wait(format!("the {combine:?} of all"));
        match (combine, numbers) {
            (Combine::Sum, Numbers::F32(numbers)) => reduce(&communicator, numbers, SystemOperation::sum()),
            (Combine::Sum, Numbers::F64(numbers)) => reduce(&communicator, numbers, SystemOperation::sum()),
            (Combine::Max, Numbers::F32(numbers)) => largest!(&communicator, numbers, f32, i32),
            (Combine::Max, Numbers::F64(numbers)) => largest!(&communicator, numbers, f64, i64),
            (combine, numbers) => panic!("MPI does not know {combine:?} of {numbers:?}"),
        }
    }
    fn reduce_scatter(&self, numbers: Numbers<'_>) {
        let (_waiting, _mpi, communicator) = self.wait("parts of sums");
        match numbers {
            Numbers::F32(numbers) => reduce_scatter(&communicator, numbers),
            Numbers::F64(numbers) => reduce_scatter(&communicator, numbers),
            numbers => panic!("MPI does not know sums of {numbers:?}"),
        }
    }
    fn all_gather(&self, part: &[u8]) -> Vec<u8> {
        let (_waiting, _mpi, communicator) = self.wait("the parts of all");
        let ranks = communicator.size() as usize;
        let mut all = vec![0; part.len() * ranks];
        let most = MOST / ranks;
        for (i, piece) in part.chunks(most).enumerate() {
            let mut found = vec![0; piece.len() * ranks];
            communicator.all_gather_into(piece, &mut found[..]);
            for (rank, found) in found.chunks_exact(piece.len()).enumerate() {
                all[rank * part.len() + i * most..][..piece.len()].copy_from_slice(found);
            }
        }
        all
    }
    fn all_to_all(&self, parts: &[u8]) -> Vec<u8> {
        let (_waiting, _mpi, communicator) = self.wait("an exchange of parts");
        let ranks = communicator.size() as usize;
        let (length, most) = (parts.len() / ranks, MOST / ranks);
        let mut all = vec![0; parts.len()];
        for start in (0..length).step_by(most) {
            let piece = most.min(length - start);
            let sent: Vec<u8> = (0..ranks).flat_map(|rank| &parts[rank * length + start..][..piece]).copied().collect();
            let mut found = vec![0; piece * ranks];
            communicator.all_to_all_into(&sent[..], &mut found[..]);
            for (rank, found) in found.chunks_exact(piece).enumerate() {
                all[rank * length + start..][..piece].copy_from_slice(found);
            }
        }
        all
    }
    fn shift(&self, bytes: &[u8]) -> Vec<u8> {
        let (_waiting, _mpi, communicator) = self.wait("what the rank before has");
        let (rank, ranks) = (communicator.rank(), communicator.size());
        let [next, before] =
            [rank + 1, rank + ranks - 1].map(|other| communicator.process_at_rank(other.rem_euclid(ranks)));
        let mut found = vec![0; bytes.len()];
        for (sent, found) in bytes.chunks(MOST).zip(found.chunks_mut(MOST)) {
            mpi::point_to_point::send_receive_into(sent, &next, found, &before);
        }
        found
    }
    fn broadcast(&self, root: usize, bytes: &mut [u8]) {
        let (_waiting, _mpi, communicator) = self.wait("a broadcast");
        let root = communicator.process_at_rank(root as i32);
        bytes.chunks_mut(MOST).for_each(|bytes| root.broadcast_into(bytes));
    }
    fn split(&self, group: usize) -> Arc<dyn Communicator> {
        let (_waiting, _mpi, communicator) = self.wait("a division into groups");
        let color = mpi::topology::Color::with_value(group as i32);
        let part = communicator.split_by_color(color).expect("each rank has a color");
        Arc::new(Ranks::new(part))
    }
    fn abort(&self, reason: &str) -> ! {
        // Without the lock, which another thread of this rank may hold: nothing goes on after this.
        let world = SimpleCommunicator::world();
        eprintln!("rank {} of {} ends all: {reason}", world.rank(), world.size());
        world.abort(1)
    }
}

impl Debug for Ranks {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "rank {} of {} of MPI", self.rank(), self.ranks())
    }
}
