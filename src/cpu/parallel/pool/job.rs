//! How a caller and its helpers share a job: where it is handed over, and when it may go.
//!
//! A job lives on its caller's stack, and helpers hold its address, so the caller must not leave before they have.
//! Nothing unwinds in between: panics of pieces are caught, and their payloads are kept until the job is over, since they
//! may panic when they are dropped. [`Stay`] holds it to that.
//!
//! What a seat holds says whose turn it is. A caller puts its job where a seat is free or asleep, and may take it back; a
//! helper that replaces the job by `BUSY` works on it, and the caller waits until `done` counts it. The address stands for
//! the job: two jobs that are there at the same time have different ones, and a job is in no seat when its caller leaves,
//! so that the next one at the same address is not taken for it.

use super::sync::{AtomicPtr, AtomicUsize, Mutex, Ordering, Spin, Thread, current, park};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;
use std::sync::PoisonError;

type Payload = Box<dyn Any + Send>;

/// Pieces of work, and who takes part in them. It lives on the caller's stack.
pub struct Job<'a> {
    piece: &'a (dyn Fn(usize) + Sync),
    count: usize,
    /// The fewest pieces that are taken at once.
    grain: usize,
    threads: usize,
    /// The first piece that nobody has taken.
    next: AtomicUsize,
    /// The panics of pieces, as they came.
    panics: Mutex<Vec<Payload>>,
    caller: Thread,
    /// Twice the number of helpers that are done; odd while the caller sleeps.
    done: AtomicUsize,
}

impl<'a> Job<'a> {
    pub fn new(threads: usize, count: usize, grain: usize, piece: &'a (dyn Fn(usize) + Sync)) -> Self {
        Job {
            piece,
            count,
            grain: grain.max(1),
            threads,
            next: AtomicUsize::new(0),
            panics: Mutex::new(Vec::new()),
            caller: current(),
            done: AtomicUsize::new(0),
        }
    }

    /// Works on pieces until all are taken, or one panics. It does not unwind.
    pub fn work(&self) {
        let result = catch_unwind(AssertUnwindSafe(|| {
            while let Some((first, last)) = self.take() {
                (first..last).for_each(self.piece);
            }
        }));
        if let Err(panic) = result {
            self.next.store(self.count, Ordering::Relaxed);
            self.panics.lock().unwrap_or_else(PoisonError::into_inner).push(panic);
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
    pub fn wait(&self, helpers: usize) {
        let is_done = || self.done.load(Ordering::Acquire) / 2 == helpers;
        let spin = Spin::new();
        while !is_done() && spin.turn() {}
        if !is_done() {
            self.done.fetch_or(1, Ordering::Relaxed);
            while !is_done() {
                park();
            }
        }
    }

    /// After the last helper has left: goes on with the first panic, if there was one.
    pub fn end(self) {
        let mut panics = self.panics.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter();
        if let Some(first) = panics.next() {
            panics.for_each(discard);
            resume_unwind(first);
        }
    }
}

/// While helpers may be at work on a job, its caller stays: to unwind from here ends the process.
pub struct Stay;

impl Drop for Stay {
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

/// What a helper is asked to do: a job, or one of the states below, whose addresses no job has.
// Two cache lines, which some processors fetch together: seats do not slow each other.
#[repr(align(128))]
pub struct Seat(AtomicPtr<Job<'static>>);

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

impl Seat {
    pub fn new() -> Self {
        Seat(AtomicPtr::new(state(FREE)))
    }

    /// Takes the job if the helper waits for one in its loop: whether it does.
    pub fn give(&self, job: &Job<'_>) -> bool {
        self.replace(state(FREE), erase(job)).is_some()
    }

    /// Takes the job if the helper sleeps: whether it does. Then it has to be woken.
    pub fn give_asleep(&self, job: &Job<'_>) -> bool {
        self.replace(state(ASLEEP), erase(job)).is_some()
    }

    /// Gives the job back: whether the helper has it and has not begun.
    pub fn leave(&self, job: &Job<'_>) -> bool {
        self.replace(erase(job), state(FREE)).is_some()
    }

    /// Whether it was `from`, and is `to` now: then what it was, which may be a later job than the one at `from` was.
    fn replace(&self, from: *mut Job<'static>, to: *mut Job<'static>) -> Option<*const Job<'static>> {
        self.0.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed).ok().map(<*mut _>::cast_const)
    }

    /// Asks the helper to end. No job may be in its seat, nor be put there later.
    pub fn quit(&self) {
        self.0.swap(state(QUIT), Ordering::AcqRel);
    }

    /// What the helper's thread does.
    pub fn help(&self) {
        while let Some(job) = self.next() {
            // SAFETY: the caller leaves the job where it is until it is taken back, which it no longer can be, or `done`
            // counts this helper. What runs until then does not unwind.
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
                    park();
                    spin = Spin::new();
                }
                QUIT => return None,
                _ => {
                    // What was found may have been taken back meanwhile, and be gone.
                    if let Some(job) = self.replace(found, state(BUSY)) {
                        return Some(job);
                    }
                }
            }
        }
    }
}
