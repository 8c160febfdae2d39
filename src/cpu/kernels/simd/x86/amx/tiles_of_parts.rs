//! Sums of a block of products in parts: five passes over the small products in a step, and one over those of the first parts.

use super::parts::{PAIRS_OF_A, PAIRS_OF_B};
use super::tiles::{COLUMNS, SIDE, Sums, Tiles};
use std::arch::asm;

/// Code for blocks of two tiles above each other, or of one. `{a}` and `{b}` are at a step, whose first, second and third parts lie 64
/// bytes apart in a row of `a`, and 2048 in a panel of `b`.
macro_rules! products_of_parts { (
    $load_third:literal, $load_second:literal, $load_first:literal, $dots:literal;
    $clear:literal, $store:literal, $forward:literal, $back:literal; $($operands:tt)*
) => {
    asm!(
        "tilezero tmm0",
        "tilezero tmm1",
        $clear,
        "mov {left}, {steps}",
        "2:",
        $load_third,
        "tileloadd tmm6, [{b} + {width}*1]",
        "tileloadd tmm7, [{b} + {width}*1 + 64]",
        $dots,
        $load_second,
        $dots,
        "tileloadd tmm6, [{b} + {width}*1 + 2048]",
        "tileloadd tmm7, [{b} + {width}*1 + 2112]",
        $dots,
        $load_first,
        $dots,
        "tileloadd tmm6, [{b} + {width}*1 + 4096]",
        "tileloadd tmm7, [{b} + {width}*1 + 4160]",
        $dots,
        $forward,
        "add {b}, 6144",
        "dec {left}",
        "jnz 2b",
        $back,
        "sub {b}, {bytes_of_b}",
        "3:",
        $load_first,
        "tileloadd tmm6, [{b} + {width}*1]",
        "tileloadd tmm7, [{b} + {width}*1 + 64]",
        $dots,
        $forward,
        "add {b}, 6144",
        "dec {steps}",
        "jnz 3b",
        "tilestored [{sums} + {width}*1], tmm0",
        "tilestored [{sums} + {width}*1 + 64], tmm1",
        $store,
        left = out(reg) _,
        out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
        out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
        $($operands)*
        options(nostack),
    )
} }

impl Tiles {
    /// As [`multiply`](Self::multiply), of [parts](super::parts).
    ///
    /// # Safety
    /// As there.
    pub unsafe fn multiply_parts(&mut self, a: &[u32], stride: usize, b: &[u32], steps: usize, sums: &mut Sums) {
        const { assert!(PAIRS_OF_A * 4 == 192 && PAIRS_OF_B * 4 == 6144 && COLUMNS * SIDE * 4 == 2048) };
        let [upper, lower] = self.heights();
        debug_assert!(steps > 0 && b.len() >= steps * PAIRS_OF_B);
        debug_assert!(a.len() >= (upper + lower - 1) * stride + steps * PAIRS_OF_A);
        let (stride, width) = (stride * size_of::<u32>(), COLUMNS * size_of::<f32>());
        // SAFETY: as of `multiply`.
        unsafe {
            if lower == 0 {
                products_of_parts! {
                    "tileloadd tmm4, [{a} + {stride}*1 + 128]",
                    "tileloadd tmm4, [{a} + {stride}*1 + 64]",
                    "tileloadd tmm4, [{a} + {stride}*1]",
                    "tdpbf16ps tmm0, tmm4, tmm6\ntdpbf16ps tmm1, tmm4, tmm7";
                    "", "", "add {a}, 192", "sub {a}, {bytes_of_a}";
                    a = inout(reg) a.as_ptr() => _,
                    b = inout(reg) b.as_ptr() => _,
                    steps = inout(reg) steps => _,
                    bytes_of_a = in(reg) steps * 192, bytes_of_b = in(reg) steps * 6144,
                    stride = in(reg) stride, width = in(reg) width, sums = in(reg) sums,
                };
                return;
            }
            products_of_parts! {
                "tileloadd tmm4, [{a} + {stride}*1 + 128]\ntileloadd tmm5, [{lower} + {stride}*1 + 128]",
                "tileloadd tmm4, [{a} + {stride}*1 + 64]\ntileloadd tmm5, [{lower} + {stride}*1 + 64]",
                "tileloadd tmm4, [{a} + {stride}*1]\ntileloadd tmm5, [{lower} + {stride}*1]",
                "tdpbf16ps tmm0, tmm4, tmm6\ntdpbf16ps tmm1, tmm4, tmm7\n\
                 tdpbf16ps tmm2, tmm5, tmm6\ntdpbf16ps tmm3, tmm5, tmm7";
                "tilezero tmm2\ntilezero tmm3",
                "tilestored [{sums} + {width}*1 + 2048], tmm2\ntilestored [{sums} + {width}*1 + 2112], tmm3",
                "add {a}, 192\nadd {lower}, 192", "sub {a}, {bytes_of_a}\nsub {lower}, {bytes_of_a}";
                a = inout(reg) a.as_ptr() => _,
                lower = inout(reg) a.as_ptr().byte_add(SIDE * stride) => _,
                b = inout(reg) b.as_ptr() => _,
                steps = inout(reg) steps => _,
                bytes_of_a = in(reg) steps * 192, bytes_of_b = in(reg) steps * 6144,
                    stride = in(reg) stride, width = in(reg) width, sums = in(reg) sums,
            };
        }
    }
}
