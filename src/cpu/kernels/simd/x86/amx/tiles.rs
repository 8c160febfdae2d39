//! The instructions of the matrix unit: the configuration of its tiles, and sums of a block of two by two of them.
//!
//! Tiles 0 to 3 are the sums, the two of a row of blocks together; 4 and 5 are rows of `a`, and 6 and 7 columns of `b`.

use std::arch::asm;

/// The rows and columns of a tile of sums, and the pairs of a row of `a`.
pub const SIDE: usize = 16;
/// The most rows of a block of sums.
pub const ROWS: usize = 2 * SIDE;
/// The columns of a block of sums.
pub const COLUMNS: usize = 2 * SIDE;
/// The bytes of a row of a tile.
const ROW_BYTES: usize = SIDE * size_of::<u32>();

/// Sums of a block, row after row.
#[repr(C, align(64))]
pub struct Sums(pub [[f32; COLUMNS]; ROWS]);

/// What `ldtilecfg` reads.
#[repr(C, align(64))]
struct Configuration {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

/// Tiles that are configured for blocks of so many rows.
///
/// They are given back when this is dropped: a processor saves and restores the 8 KiB of tiles only while they are in use, and a core
/// with tiles in use sleeps less deeply.
pub struct Tiles {
    heights: [usize; 2],
}

impl Tiles {
    /// # Safety
    /// The processor has the unit, and the system gives it to this process; at most one value is alive in a thread.
    pub unsafe fn new(rows: usize) -> Self {
        let heights = Self::heights_of(rows);
        // SAFETY: the caller's.
        unsafe { Self::configure(heights) };
        Tiles { heights }
    }

    /// Configures them for blocks of other rows, if they are others.
    pub fn set_rows(&mut self, rows: usize) {
        let heights = Self::heights_of(rows);
        if heights != self.heights {
            // SAFETY: whoever made this value promised the unit.
            unsafe { Self::configure(heights) };
            self.heights = heights;
        }
    }

    /// The rows of the upper and of the lower tiles.
    pub fn heights(&self) -> [usize; 2] {
        self.heights
    }

    fn heights_of(rows: usize) -> [usize; 2] {
        assert!((1..=ROWS).contains(&rows), "a block of one or two tiles");
        [rows.min(SIDE), rows.saturating_sub(SIDE)]
    }

    /// # Safety
    /// The processor has the unit, and the system gives it to this process.
    unsafe fn configure([upper, lower]: [usize; 2]) {
        let rows = [upper, upper, lower, lower, upper, lower, SIDE, SIDE];
        let mut configuration =
            Configuration { palette: 1, start_row: 0, reserved: [0; 14], row_bytes: [0; 16], rows: [0; 16] };
        for (tile, rows) in rows.into_iter().enumerate() {
            // A tile without rows has no columns.
            configuration.row_bytes[tile] = if rows > 0 { ROW_BYTES as u16 } else { 0 };
            configuration.rows[tile] = rows as u8;
        }
        // SAFETY: the caller's; the instruction reads 64 bytes, and clears tiles, which the compiler does not use.
        unsafe {
            asm!(
                "ldtilecfg [{}]", in(reg) &configuration,
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack, preserves_flags, readonly),
            );
        }
    }

    /// Writes the sums of a block over `steps` of 16 pairs: rows of `a` lie `stride` pairs apart, and of `b`, a panel as wide as the
    /// block, one after another. Only as many rows are written as are configured.
    ///
    /// # Safety
    /// The slices of `a` and `b` hold so many pairs.
    pub unsafe fn multiply(&mut self, a: &[u32], stride: usize, b: &[u32], steps: usize, sums: &mut Sums) {
        let [upper, lower] = self.heights;
        debug_assert!(steps > 0 && b.len() >= steps * SIDE * COLUMNS);
        debug_assert!(a.len() >= (upper + lower - 1) * stride + steps * SIDE);
        let (stride, width) = (stride * size_of::<u32>(), COLUMNS * size_of::<f32>());
        // SAFETY: whoever made this value promised the unit, and the caller that there is what is read. What is written is at most as
        // large as the sums. Tiles are not used by the compiler, and none is read here that was not loaded or cleared here.
        unsafe {
            if lower == 0 {
                asm!(
                    "tilezero tmm0",
                    "tilezero tmm1",
                    "2:",
                    "tileloadd tmm4, [{a} + {stride}*1]",
                    "tileloadd tmm6, [{b} + {width}*1]",
                    "tileloadd tmm7, [{b} + {width}*1 + 64]",
                    "tdpbf16ps tmm0, tmm4, tmm6",
                    "tdpbf16ps tmm1, tmm4, tmm7",
                    "add {a}, 64",
                    "add {b}, 2048",
                    "dec {steps}",
                    "jnz 2b",
                    "tilestored [{sums} + {width}*1], tmm0",
                    "tilestored [{sums} + {width}*1 + 64], tmm1",
                    a = inout(reg) a.as_ptr() => _,
                    b = inout(reg) b.as_ptr() => _,
                    steps = inout(reg) steps => _,
                    stride = in(reg) stride, width = in(reg) width, sums = in(reg) sums,
                    out("tmm0") _, out("tmm1") _, out("tmm4") _, out("tmm6") _, out("tmm7") _,
                    options(nostack),
                );
                return;
            }
            asm!(
                "tilezero tmm0",
                "tilezero tmm1",
                "tilezero tmm2",
                "tilezero tmm3",
                "2:",
                "tileloadd tmm4, [{a} + {stride}*1]",
                "tileloadd tmm6, [{b} + {width}*1]",
                "tileloadd tmm7, [{b} + {width}*1 + 64]",
                "tdpbf16ps tmm0, tmm4, tmm6",
                "tdpbf16ps tmm1, tmm4, tmm7",
                "tileloadd tmm5, [{lower} + {stride}*1]",
                "tdpbf16ps tmm2, tmm5, tmm6",
                "tdpbf16ps tmm3, tmm5, tmm7",
                "add {a}, 64",
                "add {lower}, 64",
                "add {b}, 2048",
                "dec {steps}",
                "jnz 2b",
                "tilestored [{sums} + {width}*1], tmm0",
                "tilestored [{sums} + {width}*1 + 64], tmm1",
                "tilestored [{sums} + {width}*1 + 2048], tmm2",
                "tilestored [{sums} + {width}*1 + 2112], tmm3",
                a = inout(reg) a.as_ptr() => _,
                lower = inout(reg) a.as_ptr().byte_add(SIDE * stride) => _,
                b = inout(reg) b.as_ptr() => _,
                steps = inout(reg) steps => _,
                stride = in(reg) stride, width = in(reg) width, sums = in(reg) sums,
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack),
            );
        }
    }
}

impl Drop for Tiles {
    fn drop(&mut self) {
        // SAFETY: whoever made this value promised the unit; the compiler does not use tiles.
        unsafe {
            asm!(
                "tilerelease",
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nomem, nostack, preserves_flags),
            );
        }
    }
}
