//! Kernels in vectors of the processor, chosen at run time.
//!
//! In layers, after the manner of the `memchr` crate: what a kernel needs of a vector ([`vector`], products [`lanes`] and [`terms`]), functions of a vector
//! ([`math`]), the kernels over any vector ([`map`](mod@map), [`reduce`](mod@reduce), [`softmax`](mod@softmax), [`reduce_columns`], [`narrow`],
//! [`gemm`], [`attention`]), one function for each kernel and set of instructions ([`dispatch`]), and the safe functions of this module,
//! which choose among them.
//! `CONGRUENT_SIMD` forces a choice: `portable`, `avx2`, `avx512`, `avx512bf16`, `amx`, `neon` or `neonbf16`; what the processor lacks is not chosen.
//! `CONGRUENT_ACTIVATIONS` is `f32`, `i16` or `i8`: what is multiplied by quantised weights is rounded to so many bits, or not at all.
//! `CONGRUENT_F32_PRODUCTS=bf16x3` has the level `amx` multiply `f32` by the matrix unit, in parts.
//! WebAssembly cannot be asked: a program has the level `simd128` if it was compiled with it.

// Over arrays of vectors, iterators keep the compiler from using registers.
#![allow(clippy::needless_range_loop)]
// What quantised weights are read with.
#![cfg_attr(not(feature = "gguf"), allow(dead_code))]

mod attention;
mod backward;
mod block_sizes;
mod blocked;
mod blocks;
mod chain;
mod dispatch;
mod elementwise;
mod few_rows;
mod format;
mod four_columns;
mod gemm;
mod gemv;
mod implicit_gemm;
#[cfg(any(all(feature = "gguf", feature = "avx2", target_arch = "x86_64"), test))]
mod integers;
mod lanes;
mod level;
mod linear_blocks;
mod map;
mod math;
mod matmul;
mod narrow;
#[cfg(target_arch = "aarch64")]
mod neon;
mod norm;
mod pack;
mod packed_matrix;
mod pair;
#[cfg(any(all(target_arch = "x86_64", feature = "avx512"), target_arch = "aarch64"))]
mod pair_packing;
#[cfg(any(all(target_arch = "x86_64", feature = "avx512"), target_arch = "aarch64"))]
mod pairs;
#[cfg(all(target_arch = "x86_64", feature = "avx512"))]
mod parts;
mod planes;
mod portable;
mod quantised;
mod reduce;
mod reduce_columns;
mod rounding;
mod rows;
mod shifted;
mod small_gemm;
mod softmax;
mod static_sizes;
mod terms;
mod vector;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;
mod weight_cache;
mod wide_number;
mod widen;
#[cfg(all(target_arch = "x86_64", feature = "avx2"))]
mod x86;

pub use attention::{Bias, Block, FEW_KEYS, Narrowed, NarrowedRows, PairInputs, ValidKeys};
pub use elementwise::{binary, chain, chains, times_derivative, unary};
#[cfg(test)]
pub use format::tests as format_tests;
pub use gemm::RowRuns;
pub use implicit_gemm::{ImplicitProducts, READ_BEYOND};
pub use linear_blocks::linear_blocks;
pub use matmul::{Products, prepare};
pub use narrow::Narrow;
pub use planes::{add_shifted, shifted_dots};
pub use quantised::{has_kernels, unpack};
pub use rows::{
    add_rows, attend, attend_pairs, has_pairs, log_softmax, log_sums, mean_variance, norm, norm_backward, reduce,
    softmax, softmax_backward,
};
pub use small_gemm::StaticSizes;
pub use static_sizes::{multiply_dynamic, multiply_static};
pub use widen::{round, widen, widen_rows};

#[cfg(test)]
mod product_tests;
#[cfg(test)]
mod tests;
