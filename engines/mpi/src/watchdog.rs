//! What ends a rank that waits for others which do not come.

use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};
use std::{env, thread};

/// What this rank waits for, and since when.
static WAITING: Mutex<Option<(Instant, String)>> = Mutex::new(None);

fn waiting() -> MutexGuard<'static, Option<(Instant, String)>> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// That this rank waits, as long as the value lives.
pub struct Waiting;

impl Waiting {
    pub fn new(what: impl Into<String>) -> Self {
        *waiting() = Some((Instant::now(), what.into()));
        Waiting
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        *waiting() = None;
    }
}

/// How long a rank waits: `CONGRUENT_MPI_TIMEOUT` seconds, else ten minutes.
///
/// # Panics
/// The variable is no number of seconds.
fn limit() -> Duration {
    match env::var("CONGRUENT_MPI_TIMEOUT") {
        Ok(seconds) => match seconds.parse() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => panic!("CONGRUENT_MPI_TIMEOUT is `{seconds}`, expected a number of seconds"),
        },
        Err(_) => Duration::from_secs(600),
    }
}

/// Ends this process at once: MPI may be called by one thread alone, and that one waits, so that what MPI does at the end of a
/// process could wait for it.
pub fn end() -> ! {
    // SAFETY: nothing runs after this.
    unsafe { libc::_exit(1) }
}

/// Begins to watch, once in a process.
pub fn start(rank: usize) {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let limit = limit();
        thread::spawn(move || {
            loop {
                thread::sleep(limit.min(Duration::from_secs(5)) / 5);
                if let Some((since, what)) = &*waiting()
                    && since.elapsed() > limit
                {
                    // One after another: `mpirun` ends the others once one has ended, and may hang if many end at the same moment.
                    thread::sleep(Duration::from_millis(300) * rank.min(10) as u32);
                    eprintln!("rank {rank} ends all: it waited {} s for the others in {what}", limit.as_secs());
                    end();
                }
            }
        });
    });
}
