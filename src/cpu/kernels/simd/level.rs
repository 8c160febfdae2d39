//! Which instructions the kernels use.

use crate::cpu::environment::{read, warn_of_slow_kernels};
use std::sync::OnceLock;

/// A set of instructions. Of x86, those that the features of the crate ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// What every processor has.
    Portable,
    #[cfg(all(target_arch = "x86_64", feature = "avx2"))]
    Avx2,
    #[cfg(all(target_arch = "x86_64", feature = "avx512"))]
    Avx512,
    /// The same, and products of pairs of `bf16`.
    #[cfg(all(target_arch = "x86_64", feature = "avx512"))]
    Avx512Bf16,
    /// The same, and products of `bf16` by the matrix unit.
    #[cfg(all(target_arch = "x86_64", feature = "avx512"))]
    Amx {
        /// And those of `f32`, in parts.
        splits_f32: bool,
    },
    #[cfg(target_arch = "aarch64")]
    Neon,
    /// The same, and products of pairs of `bf16`.
    #[cfg(target_arch = "aarch64")]
    NeonBf16,
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    Simd128,
}

/// Those that this processor has, the best last, by the names that `CONGRUENT_SIMD` gives them.
pub fn levels() -> Vec<(&'static str, Level)> {
    #[allow(unused_mut)]
    let mut levels = vec![("portable", Level::Portable)];
    // Miri runs none but the portable ones.
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        #[cfg(feature = "avx2")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c") {
            levels.push(("avx2", Level::Avx2));
        }
        #[cfg(feature = "avx512")]
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl") {
            levels.push(("avx512", Level::Avx512));
            if is_x86_feature_detected!("avx512bf16") && is_x86_feature_detected!("avx512bw") {
                levels.push(("avx512bf16", Level::Avx512Bf16));
                if super::x86::amx::is_available() {
                    levels.push(("amx", Level::Amx { splits_f32: false }));
                }
            }
        }
    }
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    {
        levels.push(("neon", Level::Neon));
        if std::arch::is_aarch64_feature_detected!("bf16") {
            levels.push(("neonbf16", Level::NeonBf16));
        }
    }
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    levels.push(("simd128", Level::Simd128));
    levels
}

pub fn level() -> Level {
    static CHOSEN: OnceLock<Level> = OnceLock::new();
    *CHOSEN.get_or_init(|| {
        warn_of_slow_kernels();
        let levels = levels();
        let names: Vec<_> = levels.iter().map(|(name, _)| *name).collect();
        let by_name = |asked: &str| levels.iter().find(|(name, _)| *name == asked);
        let best = &levels[levels.len() - 1];
        let expected = format!("one of {}, which this processor has", names.join(", "));
        let level = read("CONGRUENT_SIMD", by_name, &expected, &format!("{} is used", best.0)).unwrap_or(best).1;
        in_parts(level).unwrap_or(level)
    })
}

/// The level that multiplies `f32` in parts, if it is this one and `CONGRUENT_F32_PRODUCTS` asks for it.
fn in_parts(level: Level) -> Option<Level> {
    let splitting = match level {
        #[cfg(all(target_arch = "x86_64", feature = "avx512"))]
        Level::Amx { .. } => Some(Level::Amx { splits_f32: true }),
        _ => None,
    };
    let by_name = |asked: &str| match asked {
        "bf16x3" => splitting.map(Some),
        "f32" => Some(None),
        _ => None,
    };
    let expected = "f32, or bf16x3 where the level of instructions is amx";
    read("CONGRUENT_F32_PRODUCTS", by_name, expected, "f32 is used").flatten()
}

/// Those that this processor has, and that of the matrix unit by its emulator if it has the rest.
#[cfg(test)]
pub fn tested_levels() -> Vec<(&'static str, Level)> {
    #[allow(unused_mut)]
    let mut levels = levels();
    #[cfg(all(target_arch = "x86_64", target_os = "linux", feature = "avx512", not(miri)))]
    if levels.contains(&("avx512", Level::Avx512)) {
        let amx = ("amx", Level::Amx { splits_f32: false });
        if !levels.contains(&amx) {
            super::x86::amx::emulator::install();
            levels.push(amx);
        }
        levels.push(("amx, of f32 too", Level::Amx { splits_f32: true }));
    }
    levels
}
