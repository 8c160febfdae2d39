//! Whether operations are recorded, so that gradients can be calculated of them.

use std::cell::Cell;

thread_local! {
    static RECORDING: Cell<bool> = const { Cell::new(true) };
}

/// Whether this thread records operations on tracked tensors: it does, except inside [`no_grad`].
///
/// ```
/// use congruent::{backend::is_recording, no_grad};
/// assert!(is_recording() && !no_grad(is_recording));
/// ```
pub fn is_recording() -> bool {
    RECORDING.get()
}

/// Calls `f`, in which this thread records nothing: results do not depend on tracked tensors.
///
/// ```
/// use congruent::prelude::*;
/// dims! { Embed = 3; }
/// let weight = Tensor::ones((Embed,)).tracked();
/// let y = congruent::no_grad(|| weight.square());
/// assert!(weight.is_tracked() && !y.is_tracked());
/// ```
pub fn no_grad<R>(f: impl FnOnce() -> R) -> R {
    with_recording(false, f)
}

/// Calls `f`, in which this thread records, whether it does outside or not.
pub(crate) fn recorded<R>(f: impl FnOnce() -> R) -> R {
    with_recording(true, f)
}

fn with_recording<R>(is_recording: bool, f: impl FnOnce() -> R) -> R {
    /// Records as before, after a panic too.
    struct Former(bool);
    impl Drop for Former {
        fn drop(&mut self) {
            RECORDING.set(self.0);
        }
    }
    let _former = Former(RECORDING.replace(is_recording));
    f()
}
