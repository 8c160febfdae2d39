//! Ctrl-C where something has to be put in order first.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};

/// While there is one, Ctrl-C is noted, and only the second ends the program at once.
pub struct Interrupt(());

static LISTENING: AtomicUsize = AtomicUsize::new(0);
static CAME: AtomicBool = AtomicBool::new(false);

impl Interrupt {
    /// Notes Ctrl-C from now on.
    ///
    /// # Errors
    /// The system does not let it be noted, or somebody else in this process notes it.
    pub fn listen() -> anyhow::Result<Self> {
        // A process has one handler.
        static IS_SET: Mutex<bool> = Mutex::new(false);
        let mut is_set = IS_SET.lock().unwrap_or_else(PoisonError::into_inner);
        if !*is_set {
            ctrlc::set_handler(|| {
                if LISTENING.load(SeqCst) == 0 || CAME.swap(true, SeqCst) {
                    std::process::exit(130);
                }
            })?;
            *is_set = true;
        }
        if LISTENING.fetch_add(1, SeqCst) == 0 {
            CAME.store(false, SeqCst);
        }
        Ok(Interrupt(()))
    }

    /// Whether it came.
    pub fn came(&self) -> bool {
        CAME.load(SeqCst)
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        LISTENING.fetch_sub(1, SeqCst);
    }
}
