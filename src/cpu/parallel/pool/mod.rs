//! The thread pool.
//!
//! The caller runs items itself, and waits for no worker that has not begun: a worker that wakes late, or whose core is
//! busy, costs the caller nothing but the wake-up call. A worker spins for a while before it sleeps, because to wake it takes
//! longer than many a job.

mod job;
#[cfg(all(test, loom))]
mod models;
mod sync;

use job::{AbortGuard, Job, Slot};
use std::cell::Cell;
use std::sync::OnceLock;
use sync::{Arc, AtomicUsize, Builder, JoinHandle, Ordering, WORKING};

/// The most workers a pool can have.
pub const MAX_WORKERS: usize = if cfg!(all(test, loom)) { 2 } else { 255 };

/// Whether this thread is running items of some job.
pub fn is_working() -> bool {
    WORKING.with(Cell::get)
}

/// Worker threads, started when they are first needed.
pub struct Pool {
    workers: [OnceLock<Option<Worker>>; MAX_WORKERS],
    /// How many threads share a job at the moment.
    callers: AtomicUsize,
}

struct Worker {
    slot: Arc<Slot>,
    thread: JoinHandle<()>,
}

impl Pool {
    #[cfg(not(all(test, loom)))]
    pub const fn new() -> Self {
        Pool { workers: [const { OnceLock::new() }; MAX_WORKERS], callers: AtomicUsize::new(0) }
    }
    #[cfg(all(test, loom))]
    pub fn new() -> Self {
        Pool { workers: [const { OnceLock::new() }; MAX_WORKERS], callers: AtomicUsize::new(0) }
    }

    /// Calls `item` with each number below `count`, on up to `threads` threads, the caller's among them. A thread takes at
    /// least `grain` items at once.
    ///
    /// The callers that share work at the same time count among the `threads`: a caller asks for that many workers fewer.
    /// There is no nested parallelism. If items panic, some are skipped, and the first panic goes on in the caller
    /// when no worker runs an item any more. An item must not wait for another: the caller may run all of them.
    pub fn run(&self, threads: usize, count: usize, grain: usize, item: &(dyn Fn(usize) + Sync)) {
        let threads = threads.min(count.div_ceil(grain.max(1)));
        if threads < 2 || is_working() {
            return (0..count).for_each(item);
        }
        let _guard = Working::new(&self.callers);
        let job = Job::new(threads, count, grain, item);
        self.share(&job, threads);
        job.end();
    }

    /// Works on the job, and returns when no worker does any more.
    fn share(&self, job: &Job<'_>, threads: usize) {
        let workers = &self.workers[..(threads - 1).min(MAX_WORKERS)];
        let wanted = threads.saturating_sub(self.callers.load(Ordering::Relaxed));
        let started = || workers.iter().filter_map(|worker| worker.get()?.as_ref());
        let guard = AbortGuard;
        // First the workers that spin.
        let mut asked = started().filter(|worker| worker.slot.offer(job)).take(wanted).count();
        let others = workers.iter().enumerate();
        let others = others.filter_map(|(number, worker)| worker.get_or_init(|| Worker::start(number)).as_ref());
        asked += others.filter(|worker| worker.slot.offer(job) || worker.wake(job)).take(wanted - asked).count();
        job.work();
        let left = started().filter(|worker| worker.slot.withdraw(job)).count();
        job.wait(asked - left);
        std::mem::forget(guard);
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        for worker in self.workers.iter_mut().filter_map(|worker| worker.take().flatten()) {
            worker.slot.quit();
            worker.thread.thread().unpark();
            // It ends without a panic: those of jobs are caught.
            let _ = worker.thread.join();
        }
    }
}

impl Worker {
    /// None where the system has no more threads.
    fn start(number: usize) -> Option<Self> {
        let slot = Arc::new(Slot::new());
        let theirs = slot.clone();
        let work = move || {
            WORKING.with(|working| working.set(true));
            theirs.run();
        };
        let thread = Builder::new().name(format!("congruent-{}", number + 1)).spawn(work).ok()?;
        Some(Worker { slot, thread })
    }

    /// Gives it the job if it sleeps: whether it does.
    fn wake(&self, job: &Job<'_>) -> bool {
        let woken = self.slot.offer_asleep(job);
        if woken {
            self.thread.thread().unpark();
        }
        woken
    }
}

/// The caller's part in a job, until dropped.
struct Working<'a>(&'a AtomicUsize);

impl<'a> Working<'a> {
    fn new(callers: &'a AtomicUsize) -> Self {
        callers.fetch_add(1, Ordering::Relaxed);
        WORKING.with(|working| working.set(true));
        Working(callers)
    }
}

impl Drop for Working<'_> {
    fn drop(&mut self) {
        WORKING.with(|working| working.set(false));
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
    use std::sync::Mutex;
    use std::thread;
    use std::time::{Duration, Instant};

    /// How often each item has run.
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
    fn every_item_runs_once() {
        let pool = Pool::new();
        for threads in 0..5 {
            for items in if cfg!(miri) { vec![0, 1, 5] } else { vec![0, 1, 2, 3, 7, 100, 10_000] } {
                for grain in [0, 1, 3] {
                    let seen = counts(items);
                    pool.run(threads, items, grain, &count(&seen));
                    assert!(each_was_seen(&seen, 1), "{items} items on {threads} threads, {grain} at once");
                }
            }
        }
    }

    #[test]
    fn workers_take_part() {
        workers_take_part_in(&Pool::new());
    }

    fn workers_take_part_in(pool: &Pool) {
        let names = Mutex::new(std::collections::BTreeSet::new());
        // A worker may come too late for one job, not for all of them.
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

    /// The payload of a panic, which panics when it is dropped. It has no size, so that nothing leaks where it is forgotten.
    struct Bad<const TURN: usize>;

    impl<const TURN: usize> Drop for Bad<TURN> {
        fn drop(&mut self) {
            if !thread::panicking() {
                resume_unwind(Box::new(()));
            }
        }
    }

    /// Waits, but not for ever: a worker may not come.
    fn wait(until: impl Fn() -> bool) -> bool {
        let start = Instant::now();
        while !until() && start.elapsed() < Duration::from_millis(200) {
            thread::yield_now();
        }
        until()
    }

    #[test]
    #[cfg_attr(miri, ignore)] // Three threads are to be at work at once, for which Miri is too slow.
    fn a_payload_that_panics_when_dropped_leaves_no_worker_behind() {
        let pool = Pool::new();
        // The workers and the caller, in the order in which they panic; who is third is still at work then.
        const ORDERS: [[&str; 2]; 3] = [["1", "caller"], ["caller", "1"], ["1", "2"]];
        for [first, second] in ORDERS {
            let mut tries = 0..100;
            let complete = || {
                let (panicked, working) = (AtomicUsize::new(0), AtomicUsize::new(0));
                let panic = catch_unwind(AssertUnwindSafe(|| {
                    pool.run(3, 3, 1, &|_| {
                        working.fetch_add(1, Ordering::SeqCst);
                        wait(|| working.load(Ordering::SeqCst) == 3);
                        let name =
                            thread::current().name().and_then(|name| name.strip_prefix("congruent-")).map(String::from);
                        let keep_spinning = match name.as_deref().unwrap_or("caller") {
                            name if name == first => 0,
                            name if name == second => 1,
                            _ => 2,
                        };
                        wait(|| panicked.load(Ordering::SeqCst) == keep_spinning);
                        // The one before is to have ended its part.
                        thread::sleep(Duration::from_millis(if keep_spinning > 0 { 5 } else { 0 }));
                        panicked.fetch_add(1, Ordering::SeqCst);
                        match keep_spinning {
                            0 => resume_unwind(Box::new(Bad::<0>)),
                            1 => resume_unwind(Box::new(Bad::<1>)),
                            _ => working.store(4, Ordering::SeqCst),
                        }
                    });
                }));
                let working = working.load(Ordering::SeqCst);
                let all = panicked.load(Ordering::SeqCst) == 3;
                assert!(!all || working == 4, "the caller left while a worker was at work");
                // Where a worker did not come, there may be no panic.
                let Err(panic) = panic else { return false };
                assert!(!all || panic.is::<Bad<0>>());
                std::mem::forget(panic);
                all
            };
            assert!(tries.any(|_| complete()), "no worker came");
        }
        // All workers are still there.
        workers_take_part_in(&pool);
    }

    #[test]
    fn what_a_item_shares_it_does_alone() {
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
                        // Some find their workers asleep.
                        if time % 100 == caller {
                            thread::sleep(2 * super::sync::SPIN);
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
