//! Vectors of x86-64.

// SAFETY of every block below: whoever calls a function promises that slices are long enough.

/// Methods on each four lanes, by the instructions of the vector.
macro_rules! on_fours {
    ($low:ident, $high:ident, $shuffle:ident; $(fn $name:ident = $put:ident;)*) => {
        #[inline(always)]
        unsafe fn turn_fours([a, b, c, d]: [Self; 4]) -> [Self; 4] {
            // SAFETY: see above.
            unsafe {
                let (ab, cd) = ($low(a.0, b.0), $low(c.0, d.0));
                let (ab_end, cd_end) = ($high(a.0, b.0), $high(c.0, d.0));
                [
                    Self($shuffle::<0b01_00_01_00>(ab, cd)),
                    Self($shuffle::<0b11_10_11_10>(ab, cd)),
                    Self($shuffle::<0b01_00_01_00>(ab_end, cd_end)),
                    Self($shuffle::<0b11_10_11_10>(ab_end, cd_end)),
                ]
            }
        }
        $(#[inline(always)]
        unsafe fn $name([a, b, c, d]: [Self; 4]) -> Self {
            // SAFETY: see above.
            unsafe {
                let ab = $put($low(a.0, b.0), $high(a.0, b.0));
                let cd = $put($low(c.0, d.0), $high(c.0, d.0));
                Self($put($shuffle::<0b01_00_01_00>(ab, cd), $shuffle::<0b11_10_11_10>(ab, cd)))
            }
        })*
    };
}

/// The halves of a vector put together.
macro_rules! fold_256 {
    ($vector:expr, $put:ident) => {{
        let (vector, mut four) = ($vector, [0.0; 4]);
        let folded = $put(_mm256_castps256_ps128(vector), _mm256_extractf128_ps::<1>(vector));
        _mm_storeu_ps(four.as_mut_ptr(), folded);
        four
    }};
}

/// Methods that are one instruction each.
macro_rules! by_instruction { ($Vector:ident: $(fn $name:ident($($other:ident),*) = $instruction:ident;)*) => {$(
    #[inline(always)]
    unsafe fn $name(self, $($other: Self),*) -> Self {
        // SAFETY: see above.
        $Vector(unsafe { $instruction(self.0, $($other.0),*) })
    }
)*} }

/// Methods that are those of the architecture.
macro_rules! of_x86 {
    () => {
        #[inline(always)]
        fn prefetch(from: *const f32) {
            // SAFETY: every processor of the architecture has the instruction, and it reads nothing.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(from.cast()) }
        }
        #[inline(always)]
        unsafe fn turn(rows: [&[f32]; 4], factor: f32, to: &mut [f32], stride: usize) {
            // SAFETY: see above.
            unsafe { super::turn::turn(rows, factor, to, stride) }
        }
    };
}

mod avx2;
mod avx512;
mod turn;

pub use avx2::Avx2;
pub use avx512::Avx512;
