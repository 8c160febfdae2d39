//! Vectors of x86-64.

// SAFETY of every block below: whoever calls a function promises that slices are long enough.

/// The transposition of each four lanes, by the instructions of the vector.
macro_rules! transpose_groups {
    ($low:ident, $high:ident, $shuffle:ident) => {
        #[inline(always)]
        unsafe fn transpose_groups([a, b, c, d]: [Self; 4]) -> [Self; 4] {
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
    };
}

/// Methods on each four lanes, by the instructions of the vector.
macro_rules! on_groups {
    ($low:ident, $high:ident, $shuffle:ident; $(fn $name:ident = $put:ident;)*) => {
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

/// The methods that all vectors have in common, by the instructions of each.
macro_rules! lanes_of_x86 {
    (
        $lanes:literal lanes of $element:ty;
        $set:ident, $load:ident, $store:ident, $add:ident, $mul_add:ident, $transpose:ident
    ) => {
        type Element = $element;
        const LANES: usize = $lanes;

        #[inline(always)]
        fn prefetch(from: *const $element) {
            // SAFETY: every processor of the architecture has the instruction, and it reads nothing.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(from.cast()) }
        }
        #[inline(always)]
        unsafe fn transpose_4x4(rows: [&[$element]; 4], factor: $element, to: &mut [$element], stride: usize) {
            // SAFETY: see above.
            unsafe { super::transpose::$transpose(rows, factor, to, stride) }
        }
        #[inline(always)]
        unsafe fn splat(x: $element) -> Self {
            // SAFETY: see above.
            Self(unsafe { $set(x) })
        }
        #[inline(always)]
        unsafe fn load(from: &[$element]) -> Self {
            debug_assert!(from.len() >= $lanes);
            // SAFETY: see above.
            Self(unsafe { $load(from.as_ptr()) })
        }
        #[inline(always)]
        unsafe fn store(self, to: &mut [$element]) {
            debug_assert!(to.len() >= $lanes);
            // SAFETY: see above.
            unsafe { $store(to.as_mut_ptr(), self.0) }
        }
        #[inline(always)]
        unsafe fn add(self, other: Self) -> Self {
            // SAFETY: see above.
            Self(unsafe { $add(self.0, other.0) })
        }
        #[inline(always)]
        unsafe fn accumulate(self, factor: Self, addend: Self) -> Self {
            // SAFETY: see above.
            Self(unsafe { $mul_add(self.0, factor.0, addend.0) })
        }
    };
}

/// The methods that both vectors of `f32` have in common beside those, by the instructions of each.
macro_rules! of_x86 {
    (
        $lanes:literal lanes by $features:literal;
        $broadcast:ident;
        $load_half:ident, $load_quarter:ident;
        $from_f16:ident, $widen_u16:ident, $shift_left:ident, $cast:ident;
        $widen_i8:ident, $to_float:ident;
        $(fn $name:ident($($other:ident),*) = $instruction:ident;)*
    ) => {
        #[target_feature(enable = $features)]
        #[inline(never)]
        unsafe fn call<W: Vector, R: OutlinedKernel>(kernel: R) -> R::Output {
            // SAFETY: this function has the instructions.
            unsafe { kernel.run::<W>() }
        }
        $(#[inline(always)]
        unsafe fn $name(self, $($other: Self),*) -> Self {
            // SAFETY: see above.
            Self(unsafe { $instruction(self.0, $($other.0),*) })
        })*
        #[inline(always)]
        unsafe fn load_f16(from: &[f16]) -> Self {
            debug_assert!(from.len() >= $lanes);
            // SAFETY: see above.
            Self(unsafe { $from_f16($load_half(from.as_ptr().cast())) })
        }
        #[inline(always)]
        unsafe fn load_bf16(from: &[bf16]) -> Self {
            debug_assert!(from.len() >= $lanes);
            // SAFETY: see above.
            Self(unsafe { $cast($shift_left::<16>($widen_u16($load_half(from.as_ptr().cast())))) })
        }
        #[inline(always)]
        unsafe fn splat_f16(x: f16) -> Self {
            // SAFETY: see above.
            Self(unsafe { $broadcast(_mm_cvtph_ps(_mm_cvtsi32_si128(x.to_bits() as i32))) })
        }
        #[inline(always)]
        unsafe fn splat_two_f16(from: &[u8]) -> [Self; 2] {
            debug_assert!(from.len() >= 4);
            // SAFETY: see above.
            unsafe {
                let two = _mm_cvtph_ps(_mm_cvtsi32_si128(from.as_ptr().cast::<i32>().read_unaligned()));
                [Self($broadcast(two)), Self($broadcast(_mm_movehdup_ps(two)))]
            }
        }
        #[inline(always)]
        unsafe fn load_i8(from: &[u8]) -> Self {
            debug_assert!(from.len() >= $lanes);
            // SAFETY: see above.
            Self(unsafe { $to_float($widen_i8($load_quarter(from.as_ptr().cast()))) })
        }
    };
}

#[cfg(feature = "avx512")]
pub mod amx;
mod avx2;
#[cfg(feature = "avx512")]
mod avx512;
mod double;
#[cfg(any(feature = "gguf", test))]
mod integers_256;
#[cfg(all(feature = "avx512", any(feature = "gguf", test)))]
mod integers_512;
#[cfg(feature = "avx512")]
pub mod pairs;
mod transpose;

pub use avx2::Avx2;
#[cfg(feature = "avx512")]
pub use avx512::Avx512;
