//! Parallel loops. Results do not depend on the number of threads.

use super::threads;
use std::sync::atomic::{AtomicPtr, Ordering};

/// Less work than this, in elementary operations, runs on one thread.
const MIN_PARALLEL_WORK: usize = 1 << 16;

/// The work that each thread from the third on needs: it may have to be woken.
const MIN_WORK_PER_EXTRA_THREAD: usize = 1 << 18;

/// The work that a thread takes at a time, at least.
const MIN_WORK_PER_GRAIN: usize = MIN_PARALLEL_WORK / 8;

/// Calls `f` once with each index below `count`. `work` is what one call costs, in elementary operations.
///
/// Scheduling is dynamic, so that calls may cost more or less than said.
pub fn for_each(count: usize, work: usize, f: impl Fn(usize) + Sync) {
    spread(count, work, &f);
}

/// As [`for_each`]: compiled once, and not in each program for each of its loops.
fn spread(count: usize, work: usize, f: &(dyn Fn(usize) + Sync)) {
    let work = work.max(1);
    let total = count.saturating_mul(work);
    if count < 2 || total < MIN_PARALLEL_WORK {
        return (0..count).for_each(f);
    }
    let threads = cores().min((total / MIN_WORK_PER_EXTRA_THREAD).max(2));
    share(threads, count, (MIN_WORK_PER_GRAIN / work).max(1), f);
}

/// Calls `f` on up to `threads` threads, each of which takes at least `grain` indices at a time.
#[cfg(all(feature = "threads", not(all(test, loom))))]
fn share(threads: usize, count: usize, grain: usize, f: &(dyn Fn(usize) + Sync)) {
    static POOL: super::pool::Pool = super::pool::Pool::new();
    POOL.run(threads, count, grain, f);
}
// A pool of `loom` lives only in a model.
#[cfg(any(not(feature = "threads"), all(test, loom)))]
fn share(_threads: usize, count: usize, _grain: usize, f: &(dyn Fn(usize) + Sync)) {
    (0..count).for_each(f);
}

/// Calls `f` with the index of each chunk of `out` and the chunk. `work` is what one chunk costs, in elementary operations.
pub fn for_each_chunk<T: Send>(out: &mut [T], chunk: usize, work: usize, f: impl Fn(usize, &mut [T]) + Sync) {
    if chunk == 0 {
        return;
    }
    // Any thread may have the pointer, as the elements may be sent to it.
    let (len, elements) = (out.len(), AtomicPtr::new(out.as_mut_ptr()));
    for_each(len.div_ceil(chunk), work, |i| {
        let (first, elements) = (i * chunk, elements.load(Ordering::Relaxed));
        // SAFETY: the chunk lies in `out`, which is borrowed until all calls have returned. Each index comes once, and
        // no two chunks overlap.
        let part = unsafe { std::slice::from_raw_parts_mut(elements.add(first), chunk.min(len - first)) };
        f(i, part);
    });
}

/// How many threads there are to share work that begins here.
pub fn cores() -> usize {
    // Miri would wait at the end for the threads of a pool that is never dropped.
    #[cfg(all(feature = "threads", not(miri), not(all(test, loom))))]
    return if super::pool::is_working() { 1 } else { threads::get() };
    #[cfg(any(not(feature = "threads"), miri, all(test, loom)))]
    return threads::get().min(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chunk_is_seen_once() {
        let sizes = [(0, 3), (1, 3), (7, 3), (64, 64), (50, 1), (1000, 7)];
        let (most, sizes) = if cfg!(miri) { (1, &sizes[..3]) } else { (4, &sizes[..]) };
        let threads_and_sizes =
            (1..=most).flat_map(|threads| sizes.iter().map(move |&(len, chunk)| (threads, len, chunk)));
        for (threads, len, chunk) in threads_and_sizes {
            threads::with(threads, || {
                let mut out = vec![0; len];
                for_each_chunk(&mut out, chunk, MIN_PARALLEL_WORK, |i, part| part.iter_mut().for_each(|x| *x += i + 1));
                assert!(out.iter().enumerate().all(|(at, &x)| x == at / chunk + 1));
            });
        }
    }

    #[test]
    fn small_work_stays_on_the_thread_of_the_caller() {
        let caller = std::thread::current().id();
        threads::with(4, || {
            for_each(100, MIN_PARALLEL_WORK / 101, |_| assert_eq!(std::thread::current().id(), caller))
        });
    }
}
