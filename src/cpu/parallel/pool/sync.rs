//! What the pool works and waits with: of the standard library, or of `loom`, which runs a model in every order that its
//! threads may have.

#[cfg(not(all(test, loom)))]
mod used {
    pub use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
    pub use std::sync::{Arc, Mutex};
    pub use std::thread::{Builder, JoinHandle, Thread, current, park};
    use std::time::{Duration, Instant};

    thread_local! {
        /// Whether this thread is at work on a job: what it shares meanwhile it does alone.
        pub static WORKING: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
    }

    /// How long a thread waits in a loop before it sleeps: longer than what lies between two operations of a model, and
    /// too short to be seen in the time that a program takes of the processor.
    pub const SPIN: Duration = Duration::from_micros(100);

    /// A wait in a loop that ends after [`SPIN`]. In between it lets other threads have the processor: the one that is
    /// waited for may need this one.
    pub struct Spin(Instant);

    impl Spin {
        pub fn new() -> Self {
            Spin(Instant::now())
        }

        /// Whether to go on.
        pub fn keep_spinning(&self) -> bool {
            (0..16).for_each(|_| std::hint::spin_loop());
            let elapsed = self.0.elapsed();
            if elapsed > SPIN / 16 {
                std::thread::yield_now();
            }
            elapsed < SPIN
        }
    }
}

#[cfg(all(test, loom))]
mod used {
    pub use loom::sync::atomic::{AtomicPtr, Ordering};
    pub use loom::sync::{Arc, Mutex};
    pub use loom::thread::{Builder, JoinHandle, Thread, current, park};

    loom::thread_local! {
        pub static WORKING: std::cell::Cell<bool> = std::cell::Cell::new(false);
    }

    /// A number whose end `loom` sees: whoever uses it later, or at the same time, fails the model.
    pub struct AtomicUsize(loom::sync::atomic::AtomicUsize);

    impl AtomicUsize {
        pub fn new(value: usize) -> Self {
            AtomicUsize(loom::sync::atomic::AtomicUsize::new(value))
        }
    }

    impl std::ops::Deref for AtomicUsize {
        type Target = loom::sync::atomic::AtomicUsize;
        fn deref(&self) -> &Self::Target {
            &self.0
        }
    }

    impl Drop for AtomicUsize {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                self.0.with_mut(|_| ());
            }
        }
    }

    /// How long a wait takes is not part of a model.
    pub struct Spin;

    impl Spin {
        pub fn new() -> Self {
            Spin
        }

        pub fn keep_spinning(&self) -> bool {
            false
        }
    }
}

pub use used::*;
