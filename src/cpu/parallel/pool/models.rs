//! Models of the pool, which `loom` runs in every order that their threads may have:
//!
//! ```text
//! RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=2 cargo test -p congruent --lib --release pool::models
//! ```
//!
//! What a caller shares lives as long as the job: [`Shared`] fails a model in which a worker is at it later.

use super::{Pool, Worker};
use loom::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// What items write, each its own.
struct Shared(Vec<UnsafeCell<usize>>);

// SAFETY: `loom` fails a model in which two threads are at one of them.
unsafe impl Sync for Shared {}

impl Shared {
    fn new(count: usize) -> Self {
        Shared((0..count).map(|_| UnsafeCell::new(0)).collect())
    }

    fn add(&self, item: usize) {
        // SAFETY: as above.
        self.0[item].with_mut(|count| unsafe { *count += 1 });
    }

    /// How often each item has run, read by the caller alone.
    fn counts(self) -> Vec<usize> {
        // SAFETY: as above.
        self.0.iter().map(|count| count.with_mut(|count| unsafe { *count })).collect()
    }
}

/// A pool whose workers have been started, and may be awake or asleep.
fn pool(workers: usize) -> Pool {
    let pool = Pool::new();
    for number in 0..workers {
        pool.workers[number].get_or_init(|| Worker::start(number));
    }
    pool
}

fn job(pool: &Pool, threads: usize, items: usize) {
    let shared = Shared::new(items);
    pool.run(threads, items, 1, &|item| shared.add(item));
    assert_eq!(shared.counts(), vec![1; items]);
}

#[test]
fn a_worker_that_is_started_for_a_job_and_ends_with_the_pool() {
    loom::model(|| job(&Pool::new(), 2, 2));
}

#[test]
fn jobs_one_after_another_at_one_address() {
    loom::model(|| {
        let pool = pool(1);
        for items in [2, 2] {
            job(&pool, 2, items);
        }
    });
}

#[test]
fn two_workers() {
    loom::model(|| job(&pool(2), 3, 3));
}

#[test]
fn a_caller_each_for_two_jobs_and_one_worker() {
    loom::model(|| {
        let pool = loom::sync::Arc::new(pool(1));
        let theirs = pool.clone();
        let other = loom::thread::spawn(move || job(&theirs, 3, 2));
        job(&pool, 3, 2);
        other.join().unwrap();
    });
}

/// The payload of a panic, which panics when it is dropped.
struct Bad;

impl Drop for Bad {
    fn drop(&mut self) {
        resume_unwind(Box::new("the destructor of a payload"));
    }
}

/// All items panic, the caller's and the worker's.
#[test]
fn panics() {
    loom::model(|| {
        let pool = pool(1);
        let shared = Shared::new(2);
        let panic = catch_unwind(AssertUnwindSafe(|| {
            pool.run(2, 2, 1, &|item| {
                shared.add(item);
                resume_unwind(Box::new(Bad));
            });
        }));
        let panic = panic.unwrap_err();
        assert!(panic.is::<Bad>());
        std::mem::forget(panic);
        assert!(shared.counts().iter().sum::<usize>() > 0);
        job(&pool, 2, 2);
    });
}
