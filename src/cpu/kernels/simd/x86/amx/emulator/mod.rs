//! The matrix unit in software, for tests on processors that have none: what raises the signal of an illegal instruction is decoded
//! where it stands, done on tiles of the thread, and stepped over. So the machine code that runs is that of processors with the unit.
//!
//! After the Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2: encodings, faults, and what is calculated. Where a
//! processor would fault, the process ends with a line that says why.

mod decode;
mod execute;
mod tests;

use std::cell::UnsafeCell;
use std::mem::zeroed;
use std::ptr::null_mut;
use std::sync::Once;

use decode::Registers;
use execute::Unit;

thread_local! {
    static UNIT: UnsafeCell<Unit> = const { UnsafeCell::new(Unit::NEW) };
}

/// Has illegal instructions of this process emulated, if they are those of the unit.
pub fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // SAFETY: zeros are a valid action; the handler has the signature that the flag asks for. It runs on the stack of the thread,
        // which has more room than that for signals.
        let installed = unsafe {
            let mut action: libc::sigaction = zeroed();
            let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) = emulate;
            action.sa_sigaction = handler as usize;
            action.sa_flags = libc::SA_SIGINFO;
            libc::sigaction(libc::SIGILL, &action, null_mut())
        };
        assert_eq!(installed, 0, "a handler of illegal instructions");
    });
}

/// Whether this thread has configured tiles that it has not given back.
pub fn has_tiles() -> bool {
    // SAFETY: no other reference to the value of this thread is alive: the handler returns before anything else runs.
    UNIT.with(|unit| unsafe { (*unit.get()).is_configured() })
}

extern "C" fn emulate(_: libc::c_int, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the system gives the context of the thread that faulted, whose next instruction is the one that did; it can be read. The
    // thread stands still, so nothing else uses its tiles. What instructions read and write is theirs to answer for.
    unsafe {
        let context = &mut *context.cast::<libc::ucontext_t>();
        let registers = &mut context.uc_mcontext.gregs;
        let mut done = false;
        // Those that follow are done at once, as a signal takes longer.
        while let Some((instruction, length)) = decode::decode(&Registers::new(registers)) {
            if let Err(fault) = UNIT.with(|unit| (*unit.get()).execute(instruction)) {
                eprintln!("{instruction:x?} faults: {fault}");
                std::process::abort();
            }
            registers[libc::REG_RIP as usize] += length as i64;
            done = true;
        }
        if !done {
            // Not ours: the next time it ends the process, as it would have.
            libc::signal(libc::SIGILL, libc::SIG_DFL);
        }
    }
}
