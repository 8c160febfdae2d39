//! Threads that help a caller with the pieces of a job.
//!
//! The caller is one of the threads that work, and waits for no helper that has not begun: an idle helper that wakes
//! late, or a processor that is busy elsewhere, costs the caller nothing but the call for help. A helper waits for the
//! next job in a loop for [`SPIN`], because to wake it from sleep takes longer than many a job; then it sleeps.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

/// How long a thread waits in a loop before it sleeps: longer than what lies between two operations of a model, and too
/// short to be seen in the time that a program takes of the processor.
const SPIN: Duration = Duration::from_micros(100);

/// The most helpers a pool can have.
pub const MAX_HELPERS: usize = 255;

thread_local! {
    /// Whether this thread is at work on a job: what it shares meanwhile it does alone.
    static WORKING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is at work on a job of some pool.
pub fn is_working() -> bool {
    WORKING.get()
}

/// Helpers, started when they are first needed.
pub struct Pool {
    helpers: [OnceLock<Option<Helper>>; MAX_HELPERS],
    /// How many threads share a job at the moment.
    callers: AtomicUsize,
}

struct Helper {
    seat: Arc<Seat>,
    thread: JoinHandle<()>,
}

/// What a helper is asked to do: a job, or one of the states below, whose addresses no job has.
///
/// Callers put a job where it is `free` or `asleep` and may take it back; the helper replaces the job by `busy`.
// Two cache lines, which some processors fetch together: seats do not slow each other.
#[repr(align(128))]
struct Seat(AtomicPtr<Job<'static>>);

const FREE: usize = 0;
const ASLEEP: usize = 1;
const BUSY: usize = 2;
const QUIT: usize = 3;

/// The job without its lifetime: whoever reads it has to know that it is still there.
fn erase(job: &Job<'_>) -> *mut Job<'static> {
    ptr::from_ref(job).cast_mut().cast()
}

/// A state in place of a job.
fn state(state: usize) -> *mut Job<'static> {
    ptr::without_provenance_mut(state)
}

/// Pieces of work, and who takes part in them. It lives on the caller's stack.
struct Job<'a> {
    piece: &'a (dyn Fn(usize) + Sync),
    count: usize,
    /// The fewest pieces that are taken at once.
    grain: usize,
    threads: usize,
    /// The first piece that nobody has taken.
    next: AtomicUsize,
    /// The first panic of a piece.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    caller: Thread,
    /// Twice the number of helpers that are done; odd while the caller sleeps.
    done: AtomicUsize,
}

impl Job<'_> {
    /// Works on pieces until all are taken, or one panics.
    fn work(&self) {
        let result = catch_unwind(AssertUnwindSafe(|| {
            while let Some((first, last)) = self.take() {
                (first..last).for_each(self.piece);
            }
        }));
        if let Err(panic) = result {
            self.next.store(self.count, Ordering::Relaxed);
            self.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(panic);
        }
    }

    /// The next pieces for one thread: many at first, and fewer the nearer the end is, so that the threads end together.
    fn take(&self) -> Option<(usize, usize)> {
        let last = |first| {
            let left: usize = self.count - first;
            first + (left / (4 * self.threads)).max(self.grain).min(left)
        };
        let next = |first| (first < self.count).then(|| last(first));
        let first = self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok()?;
        Some((first, last(first)))
    }

    /// Waits until so many helpers are done.
    fn wait(&self, helpers: usize) {
        let is_done = || self.done.load(Ordering::Acquire) / 2 == helpers;
        let spin = Spin::new();
        while !is_done() && spin.turn() {}
        if !is_done() {
            self.done.fetch_or(1, Ordering::Relaxed);
            while !is_done() {
                thread::park();
            }
        }
    }
}

impl Pool {
    pub const fn new() -> Self {
        Pool { helpers: [const { OnceLock::new() }; MAX_HELPERS], callers: AtomicUsize::new(0) }
    }

    /// Calls `piece` with each number below `count`, on up to `threads` threads, the caller's among them. A thread takes at
    /// least `grain` pieces at once.
    ///
    /// The callers that share work at the same time count among the `threads`: a caller asks for that many helpers fewer.
    /// Within a piece nothing is shared again. If a piece panics, some pieces are skipped, and the panic goes on in the
    /// caller. A piece must not wait for another: the caller may come to do all of them.
    pub fn run(&self, threads: usize, count: usize, grain: usize, piece: &(dyn Fn(usize) + Sync)) {
        let threads = threads.min(count.div_ceil(grain.max(1)));
        if threads < 2 || is_working() {
            return (0..count).for_each(piece);
        }
        let _guard = Working::new(&self.callers);
        let job = Job {
            piece,
            count,
            grain: grain.max(1),
            threads,
            next: AtomicUsize::new(0),
            panic: Mutex::new(None),
            caller: thread::current(),
            done: AtomicUsize::new(0),
        };
        let helpers = &self.helpers[..(threads - 1).min(MAX_HELPERS)];
        let wanted = threads.saturating_sub(self.callers.load(Ordering::Relaxed));
        let started = || helpers.iter().filter_map(|helper| helper.get()?.as_ref());
        // First those that need not be woken.
        let mut asked = started().filter(|helper| helper.give(&job)).take(wanted).count();
        let others = helpers.iter().enumerate();
        let others = others.filter_map(|(number, helper)| helper.get_or_init(|| Helper::start(number)).as_ref());
        asked += others.filter(|helper| helper.give(&job) || helper.wake(&job)).take(wanted - asked).count();
        job.work();
        let left = started().filter(|helper| helper.leave(&job)).count();
        job.wait(asked - left);
        if let Some(panic) = job.panic.into_inner().unwrap_or_else(PoisonError::into_inner) {
            resume_unwind(panic);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        for helper in self.helpers.iter_mut().filter_map(|helper| helper.take().flatten()) {
            helper.seat.0.store(state(QUIT), Ordering::Relaxed);
            helper.thread.thread().unpark();
            // It ends without a panic: those of jobs are caught.
            let _ = helper.thread.join();
        }
    }
}

impl Helper {
    /// None where the system has no more threads.
    fn start(number: usize) -> Option<Self> {
        let seat = Arc::new(Seat(AtomicPtr::new(state(FREE))));
        let theirs = seat.clone();
        let thread = thread::Builder::new().name(format!("congruent-{}", number + 1));
        Some(Helper { seat, thread: thread.spawn(move || theirs.help()).ok()? })
    }

    /// Gives it the job if it waits for one in its loop: whether it does.
    fn give(&self, job: &Job<'_>) -> bool {
        self.seat.replace(state(FREE), erase(job))
    }

    /// Gives it the job if it sleeps: whether it does.
    fn wake(&self, job: &Job<'_>) -> bool {
        let woken = self.seat.replace(state(ASLEEP), erase(job));
        if woken {
            self.thread.thread().unpark();
        }
        woken
    }

    /// Takes the job back: whether the helper has it and has not begun.
    fn leave(&self, job: &Job<'_>) -> bool {
        self.seat.replace(erase(job), state(FREE))
    }
}

impl Seat {
    /// Whether it was `from`, and is `to` now.
    fn replace(&self, from: *mut Job<'static>, to: *mut Job<'static>) -> bool {
        self.0.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// What the helper's thread does.
    fn help(&self) {
        WORKING.set(true);
        while let Some(job) = self.next() {
            // SAFETY: the caller leaves the job where it is until it is taken back, which it no longer can be, or `done`
            // counts this helper.
            unsafe { (*job).work() };
            // SAFETY: as above.
            let caller = unsafe { (*job).caller.clone() };
            // Before the caller goes on, so that it finds this helper for its next job.
            self.0.store(state(FREE), Ordering::Relaxed);
            // SAFETY: as above. The last use of the job: from here on it may be gone.
            let before = unsafe { (*job).done.fetch_add(2, Ordering::AcqRel) };
            if before % 2 == 1 {
                caller.unpark();
            }
        }
    }

    /// The next job, which from now on cannot be taken back; none at the end.
    fn next(&self) -> Option<*const Job<'static>> {
        let mut spin = Spin::new();
        loop {
            let found = self.0.load(Ordering::Relaxed);
            match found.addr() {
                FREE if spin.turn() => {}
                FREE => _ = self.replace(found, state(ASLEEP)),
                ASLEEP => {
                    thread::park();
                    spin = Spin::new();
                }
                QUIT => return None,
                _ if self.replace(found, state(BUSY)) => return Some(found),
                _ => {} // It was taken back.
            }
        }
    }
}

/// The caller's part in a job, until dropped.
struct Working<'a>(&'a AtomicUsize);

impl<'a> Working<'a> {
    fn new(callers: &'a AtomicUsize) -> Self {
        callers.fetch_add(1, Ordering::Relaxed);
        WORKING.set(true);
        Working(callers)
    }
}

impl Drop for Working<'_> {
    fn drop(&mut self) {
        WORKING.set(false);
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A wait in a loop that ends after [`SPIN`]. In between it lets other threads have the processor: the one that is waited
/// for may need this one.
struct Spin(Instant);

impl Spin {
    fn new() -> Self {
        Spin(Instant::now())
    }

    /// Whether to go on.
    fn turn(&self) -> bool {
        (0..16).for_each(|_| std::hint::spin_loop());
        let elapsed = self.0.elapsed();
        if elapsed > SPIN / 16 {
            thread::yield_now();
        }
        elapsed < SPIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often each piece has run.
    fn counts(count: usize) -> Vec<AtomicUsize> {
        (0..count).map(|_| AtomicUsize::new(0)).collect()
    }

    fn count(counts: &[AtomicUsize]) -> impl Fn(usize) + Sync {
        |i| _ = counts[i].fetch_add(1, Ordering::Relaxed)
    }

    fn each_was_seen(counts: &[AtomicUsize], times: usize) -> bool {
        counts.iter().all(|count| count.load(Ordering::Relaxed) == times)
    }

    #[test]
    fn every_piece_runs_once() {
        let pool = Pool::new();
        for threads in 0..5 {
            for pieces in if cfg!(miri) { vec![0, 1, 5] } else { vec![0, 1, 2, 3, 7, 100, 10_000] } {
                for grain in [0, 1, 3] {
                    let seen = counts(pieces);
                    pool.run(threads, pieces, grain, &count(&seen));
                    assert!(each_was_seen(&seen, 1), "{pieces} pieces on {threads} threads, {grain} at once");
                }
            }
        }
    }

    #[test]
    fn helpers_take_part() {
        let pool = Pool::new();
        let names = Mutex::new(std::collections::BTreeSet::new());
        // A helper may come too late for one job, not for all of them.
        while names.lock().unwrap().len() < 3 {
            pool.run(3, 3, 1, &|_| {
                names.lock().unwrap().insert(thread::current().name().unwrap().to_owned());
                thread::sleep(Duration::from_millis(1));
            });
        }
        let names = names.into_inner().unwrap();
        assert!(["congruent-1", "congruent-2"].iter().all(|&name| names.contains(name)), "{names:?}");
    }

    #[test]
    fn a_panic_goes_on_in_the_caller_and_the_pool_works_afterwards() {
        let pool = Pool::new();
        for bad in 0..3 {
            let panic = catch_unwind(AssertUnwindSafe(|| {
                pool.run(3, 20, 1, &|i| {
                    if i % 3 == bad {
                        resume_unwind(Box::new("bad")); // Prints no message.
                    }
                });
            }));
            assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"bad"));
            assert!(!is_working());
            let seen = counts(20);
            pool.run(3, 20, 1, &count(&seen));
            assert!(each_was_seen(&seen, 1));
        }
    }

    #[test]
    fn what_a_piece_shares_it_does_alone() {
        let pool = Pool::new();
        let seen = counts(12);
        pool.run(3, 4, 1, &|i| {
            let here = thread::current().id();
            pool.run(3, 3, 1, &|j| {
                assert_eq!(thread::current().id(), here);
                count(&seen)(i * 3 + j);
            });
        });
        assert!(each_was_seen(&seen, 1));
    }

    #[test]
    fn many_callers_share_at_once() {
        let pool = Pool::new();
        let (callers, times) = if cfg!(miri) { (2, 2) } else { (8, 2000) };
        thread::scope(|scope| {
            for caller in 0..callers {
                let pool = &pool;
                scope.spawn(move || {
                    let seen = counts(10);
                    for time in 0..times {
                        // Some find their helpers asleep.
                        if time % 100 == caller {
                            thread::sleep(2 * SPIN);
                        }
                        pool.run(1 + (caller + time) % 4, 10, 1, &count(&seen));
                    }
                    assert!(each_was_seen(&seen, times));
                });
            }
        });
    }

    #[test]
    fn more_threads_than_a_pool_can_have_are_as_many_as_it_can() {
        let pool = Pool::new();
        let seen = counts(4);
        pool.run(if cfg!(miri) { 4 } else { usize::MAX }, 4, 1, &count(&seen));
        assert!(each_was_seen(&seen, 1));
    }
}
