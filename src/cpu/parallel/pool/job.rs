//! The protocol by which a caller and workers share a job: how it is handed over, and when its memory may be freed.
//!
//! A job lives on its caller's stack, and workers hold its address, so the caller must not return before they are done.
//! Nothing unwinds in between: panics of items are caught, and their payloads are kept until the job is over, since they
//! may panic when they are dropped. [`AbortGuard`] holds it to that.
//!
//! A slot is a mailbox of one entry for each worker. A caller puts its job into slots that are free or asleep, and may take
//! it back; a worker that replaces the job by `BUSY` runs it, and the caller waits until `done` counts it. A job is
//! identified by its address: jobs that are alive at the same time have different ones, and a job is in no slot when its
//! caller returns, so that the next one at the same address is not mistaken for it.

use super::sync::{AtomicPtr, AtomicUsize, Mutex, Ordering, Spin, Thread, current, park};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;
use std::sync::PoisonError;

type Payload = Box<dyn Any + Send>;

/// Work items, and the state of their execution. It lives on the caller's stack.
pub struct Job<'a> {
    item: &'a (dyn Fn(usize) + Sync),
    count: usize,
    /// The fewest items that are taken at once.
    grain: usize,
    threads: usize,
    /// The next item to be taken.
    next: AtomicUsize,
    /// The panics of items, as they came.
    panics: Mutex<Vec<Payload>>,
    caller: Thread,
    /// Twice the number of workers that are done; odd while the caller sleeps.
    done: AtomicUsize,
}

impl<'a> Job<'a> {
    pub fn new(threads: usize, count: usize, grain: usize, item: &'a (dyn Fn(usize) + Sync)) -> Self {
        Job {
            item,
            count,
            grain: grain.max(1),
            threads,
            next: AtomicUsize::new(0),
            panics: Mutex::new(Vec::new()),
            caller: current(),
            done: AtomicUsize::new(0),
        }
    }

    /// Runs items until all are taken or one panics. It does not unwind.
    pub fn work(&self) {
        let result = catch_unwind(AssertUnwindSafe(|| {
            while let Some((first, last)) = self.take() {
                (first..last).for_each(self.item);
            }
        }));
        if let Err(panic) = result {
            self.next.store(self.count, Ordering::Relaxed);
            self.panics.lock().unwrap_or_else(PoisonError::into_inner).push(panic);
        }
    }

    /// The next items for one thread: guided scheduling, in which chunks become smaller towards the end, so that all threads
    /// finish at about the same time.
    fn take(&self) -> Option<(usize, usize)> {
        let last = |first| {
            let left: usize = self.count - first;
            first + (left / (4 * self.threads)).max(self.grain).min(left)
        };
        let next = |first| (first < self.count).then(|| last(first));
        let first = self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok()?;
        Some((first, last(first)))
    }

    /// Waits until so many workers are done.
    pub fn wait(&self, workers: usize) {
        let is_done = || self.done.load(Ordering::Acquire) / 2 == workers;
        // A system that has no threads may have no clock either.
        if is_done() {
            return;
        }
        let spin = Spin::new();
        while !is_done() && spin.keep_spinning() {}
        if !is_done() {
            self.done.fetch_or(1, Ordering::Relaxed);
            while !is_done() {
                park();
            }
        }
    }

    /// After the last worker is done: resumes the first panic, if there was one.
    pub fn end(self) {
        let mut panics = self.panics.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter();
        if let Some(first) = panics.next() {
            panics.for_each(discard);
            resume_unwind(first);
        }
    }
}

/// Aborts the process if the caller unwinds while workers may still use its job.
pub struct AbortGuard;

impl Drop for AbortGuard {
    fn drop(&mut self) {
        std::process::abort();
    }
}

/// Drops the payload of a panic that nobody will see, and does not unwind if it panics again.
fn discard(payload: Payload) {
    if let Err(next) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        // Its destructor may panic as well, and so on.
        std::mem::forget(next);
    }
}

/// The mailbox of a worker: a job, or one of the states below, whose addresses no job has.
// Two cache lines, which some processors fetch together: no false sharing between slots.
#[repr(align(128))]
pub struct Slot(AtomicPtr<Job<'static>>);

const FREE: usize = 0;
const ASLEEP: usize = 1;
const BUSY: usize = 2;
const QUIT: usize = 3;

/// The job without its lifetime: readers have to know that it is still alive.
fn erase_lifetime(job: &Job<'_>) -> *mut Job<'static> {
    ptr::from_ref(job).cast_mut().cast()
}

/// A state in place of a job.
fn state(state: usize) -> *mut Job<'static> {
    ptr::without_provenance_mut(state)
}

impl Slot {
    pub fn new() -> Self {
        Slot(AtomicPtr::new(state(FREE)))
    }

    /// Offers the job to a worker that spins: whether it has it now.
    pub fn offer(&self, job: &Job<'_>) -> bool {
        self.replace(state(FREE), erase_lifetime(job)).is_some()
    }

    /// Offers the job to a worker that sleeps: whether it has it now. Then it has to be woken.
    pub fn offer_asleep(&self, job: &Job<'_>) -> bool {
        self.replace(state(ASLEEP), erase_lifetime(job)).is_some()
    }

    /// Takes the job back: whether the worker had it and has not begun.
    pub fn withdraw(&self, job: &Job<'_>) -> bool {
        self.replace(erase_lifetime(job), state(FREE)).is_some()
    }

    /// Whether it was `from`, and is `to` now: then what it was, which may be a later job than the one at `from` was.
    fn replace(&self, from: *mut Job<'static>, to: *mut Job<'static>) -> Option<*const Job<'static>> {
        self.0.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed).ok().map(<*mut _>::cast_const)
    }

    /// Asks the worker to end. No job may be in its slot, nor be put there later.
    pub fn quit(&self) {
        self.0.swap(state(QUIT), Ordering::AcqRel);
    }

    /// The main loop of the worker's thread.
    pub fn run(&self) {
        while let Some(job) = self.next() {
            // SAFETY: the caller keeps the job alive until it is taken back, which it no longer can be, or `done`
            // counts this worker. What runs until then does not unwind.
            unsafe { (*job).work() };
            // SAFETY: as above.
            let caller = unsafe { (*job).caller.clone() };
            // Before the caller goes on, so that it finds this worker for its next job.
            self.0.store(state(FREE), Ordering::Relaxed);
            // SAFETY: as above. The last use of the job: from here on it may be freed.
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
                FREE if spin.keep_spinning() => {}
                FREE => _ = self.replace(found, state(ASLEEP)),
                ASLEEP => {
                    park();
                    spin = Spin::new();
                }
                QUIT => return None,
                _ => {
                    // What was found may have been taken back meanwhile, and be freed.
                    if let Some(job) = self.replace(found, state(BUSY)) {
                        return Some(job);
                    }
                }
            }
        }
    }
}
