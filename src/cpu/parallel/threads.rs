//! How many threads an operation may use.
//!
//! All models of a program share one pool of threads. The thread that calls an operation works on it itself, helped by up
//! to `n - 1` threads of the pool; small operations it does alone. Several threads that call operations at the same time
//! share the `n` threads: where there are as many callers, each works alone. The threads of the pool are started when they
//! are first needed, and sleep while there is nothing to do.
//!
//! The number `n` is, in this order:
//!
//! 1. inside [`with`]: what was given to it, for operations that the calling thread calls;
//! 2. what [`set`] was called with, for the whole program;
//! 3. the environment variable `CONGRUENT_NUM_THREADS`, read once; what is not a whole number of 1 or more counts as not
//!    set, and a line on the standard error says so;
//! 4. what [`available_parallelism`] says: the cores that the process may use.
//!
//! **Results do not depend on it**, bit for bit. Nor do they depend on the other sequences of a batch, if one has 5 positions
//! or more (25 for weights in blocks): of fewer rows, a product with a weight is summed in another order. Without the feature
//! `threads`, or on a system without threads, every operation runs on the caller's thread, and the number is of no effect.
//!
//! ```
//! use congruent::prelude::*;
//! use congruent::threads;
//! dims! { Rows = 300; Inner = 200; Columns = 100; }
//!
//! threads::set(2);
//! let (x, y) = (Tensor::ones((Rows, Inner)), Tensor::ones((Inner, Columns)));
//! let shared = x.matmul(&y);
//! let alone = threads::with(1, || x.matmul(&y));
//! assert_eq!(shared.to_vec(), alone.to_vec());
//! ```
//!
//! A server that runs a model on each of its own threads has shared the cores already:
//!
//! ```
//! congruent::threads::set(1);
//! ```

use crate::cpu::environment::read;
use std::cell::Cell;
use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

/// For the whole program; zero where none was set.
static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// For this thread; zero where none was set.
    static WITH: Cell<usize> = const { Cell::new(0) };
}

/// A caller and the workers of the pool.
const MAX_THREADS: usize = 256;

fn default() -> usize {
    static DEFAULT: OnceLock<usize> = OnceLock::new();
    *DEFAULT.get_or_init(|| {
        let number = |asked: &str| asked.parse().ok();
        let asked = read("CONGRUENT_NUM_THREADS", number, "a whole number of 1 or more", "all cores are used");
        asked.or_else(|| available_parallelism().ok()).map_or(1, NonZeroUsize::get)
    })
}

/// The number of threads that an operation called here may use, the calling one among them.
///
/// ```
/// use congruent::threads;
/// assert_eq!(threads::with(2, threads::get), 2);
/// ```
pub fn get() -> usize {
    let chosen = [WITH.get(), THREADS.load(Ordering::Relaxed)].into_iter().find(|&threads| threads > 0);
    chosen.unwrap_or_else(default).min(MAX_THREADS)
}

/// Lets operations use this many threads, the calling one among them, from now on and in the whole program.
///
/// Zero takes it back: what the environment says is used again. More than 256 are as 256. Where the system refuses to start
/// a thread, there is one less.
///
/// ```
/// use congruent::threads;
/// threads::set(2);
/// assert_eq!(threads::get(), 2);
/// ```
pub fn set(threads: usize) {
    THREADS.store(threads, Ordering::Relaxed);
}

/// Calls `f`, in which operations that this thread calls may use this many threads, the calling one among them.
///
/// It counts for this thread alone, not for threads that `f` starts. Calls may be nested: the innermost counts. With zero,
/// `f` runs as if outside of every other `with`.
///
/// ```
/// use congruent::threads;
/// threads::set(4);
/// threads::with(1, || {
///     assert_eq!(threads::get(), 1);
///     assert_eq!(threads::with(2, threads::get), 2);
///     assert_eq!(threads::with(0, threads::get), 4);
///     assert_eq!(std::thread::spawn(threads::get).join().unwrap(), 4);
/// });
/// assert_eq!(threads::get(), 4);
/// ```
pub fn with<R>(threads: usize, f: impl FnOnce() -> R) -> R {
    /// Puts the former number back, after a panic too.
    struct Former(usize);
    impl Drop for Former {
        fn drop(&mut self) {
            WITH.set(self.0);
        }
    }
    let _former = Former(WITH.replace(threads));
    f()
}
