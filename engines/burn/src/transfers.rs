//! What goes to a device and comes back.

use std::cell::Cell;

/// How often elements went between a program and devices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transfers {
    /// To a device.
    pub sent: usize,
    /// From a device, which a program waits for.
    pub fetched: usize,
}

thread_local! {
    static COUNTED: Cell<Transfers> = const { Cell::new(Transfers { sent: 0, fetched: 0 }) };
}

/// How often this thread has sent elements to devices and fetched them. Arrays are made of elements and read in one place each,
/// and nothing else fetches any.
pub fn transfers() -> Transfers {
    COUNTED.get()
}

pub(crate) fn sent() {
    COUNTED.set(Transfers { sent: COUNTED.get().sent + 1, ..COUNTED.get() });
}

pub(crate) fn fetched() {
    COUNTED.set(Transfers { fetched: COUNTED.get().fetched + 1, ..COUNTED.get() });
}
