//! Products of `bf16` by the matrix unit of Intel (AMX), from the fourth generation of Xeon on: an instruction multiplies tiles of 16
//! rows and 16 columns along 32 numbers of the inner dimension.
//!
//! The standard library has no stable functions of these instructions, and an assembler block needs none. Where a processor has no such
//! unit, tests run the same machine code by an emulator.

#[cfg(all(test, target_os = "linux", not(miri)))]
pub mod emulator;
mod parts;
mod product;
#[cfg(all(test, target_os = "linux", not(miri)))]
mod tests;
mod tiles;
mod tiles_of_parts;

pub use parts::{PAIRS_OF_A, PAIRS_OF_B, STEP, multiply_parts, split_panel, split_rows};
pub use product::{multiply_block, padded_terms};
pub use tiles::ROWS as TILE_ROWS;

/// Whether the processor has the unit, and the system gives it to this process: Linux does so when it is asked.
pub fn is_available() -> bool {
    has_instructions() && is_permitted()
}

/// Whether the processor has the instructions for `bf16`, and the system keeps tiles where it changes from one thread to another.
#[cfg(target_os = "linux")]
fn has_instructions() -> bool {
    use std::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};
    /// Of leaf 7, in `edx`: AMX-BF16 and AMX-TILE.
    const INSTRUCTIONS: u32 = 1 << 22 | 1 << 24;
    /// Of XCR0: the configuration of tiles, and tiles.
    const STATE: u64 = 1 << 17 | 1 << 18;
    #[allow(unused_unsafe)] // Later compilers than that of `rust-version` need no such block.
    // SAFETY: every processor of the architecture has the instruction.
    let (leaves, features) = unsafe { (__cpuid(0).eax, __cpuid_count(7, 0).edx) };
    if leaves < 7 || features & INSTRUCTIONS != INSTRUCTIONS {
        return false;
    }
    // SAFETY: a processor with this unit has the instruction, and so has one whose vectors the system keeps, which was asked before.
    unsafe { _xgetbv(0) & STATE == STATE }
}

/// Whether the system keeps tiles for this process. It does not if a thread has a stack for signals that is too small for them.
#[cfg(target_os = "linux")]
fn is_permitted() -> bool {
    const ARCH_REQ_XCOMP_PERM: libc::c_long = 0x1023;
    const XFEATURE_XTILEDATA: libc::c_long = 18;
    // SAFETY: the call reads nothing but these numbers, and systems that do not know it refuse it.
    unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0 }
}

// Other systems are asked in other ways, which nobody has tried.
#[cfg(not(target_os = "linux"))]
fn has_instructions() -> bool {
    false
}
#[cfg(not(target_os = "linux"))]
fn is_permitted() -> bool {
    false
}
