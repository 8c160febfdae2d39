//! A function for each kernel and set of instructions.
//!
//! The compiler takes each module by itself, several at once: with all kernels in one, the library took a quarter longer.

pub use {dispatch_rows::*, of_attention::*, of_elements::*, of_matrices::*, of_planes::*};

/// A safe function for each kernel: it takes the level first, and calls the kernel with that level's vector.
///
/// A kernel is `#[inline(always)]` down to the instructions, and hands no vector to a closure: a function of its own
/// would be compiled without the instructions of the level, and call each of them.
macro_rules! kernels { ($(
    fn $name:ident $(<$F:ident: $Bound:ident>)? ($($argument:ident: $type:ty),*) $(-> $result:ty)?
        = $module:ident::$kernel:ident;
)*) => {$(
    pub fn $name $(<$F: $Bound>)? (level: Level, $($argument: $type),*) $(-> $result)? {
        #[cfg(all(target_arch = "x86_64", feature = "avx2"))]
        #[target_feature(enable = "avx2,fma,f16c")]
        unsafe fn avx2 $(<$F: $Bound>)? ($($argument: $type),*) $(-> $result)? {
            // SAFETY: this function has the instructions.
            unsafe { $module::$kernel::<crate::cpu::kernels::simd::x86::Avx2 $(, $F)?>($($argument),*) }
        }
        #[cfg(all(target_arch = "x86_64", feature = "avx512"))]
        #[target_feature(enable = "avx512f,avx512vl")]
        unsafe fn avx512 $(<$F: $Bound>)? ($($argument: $type),*) $(-> $result)? {
            // SAFETY: this function has the instructions.
            unsafe { $module::$kernel::<crate::cpu::kernels::simd::x86::Avx512 $(, $F)?>($($argument),*) }
        }
        match level {
            // SAFETY: plain numbers need no instructions.
            Level::Portable => unsafe { $module::$kernel::<crate::cpu::kernels::simd::portable::Portable $(, $F)?>($($argument),*) },
            // SAFETY: a level is chosen only where the processor has its instructions.
            #[cfg(all(target_arch = "x86_64", feature = "avx2"))]
            Level::Avx2 => unsafe { avx2 $(::<$F>)? ($($argument),*) },
            // SAFETY: as above.
            #[cfg(all(target_arch = "x86_64", feature = "avx512"))]
            Level::Avx512 | Level::Avx512Bf16 | Level::Amx { .. } => unsafe { avx512 $(::<$F>)? ($($argument),*) },
            // SAFETY: every processor of the architecture has the instructions.
            #[cfg(target_arch = "aarch64")]
            Level::Neon | Level::NeonBf16 => unsafe { $module::$kernel::<crate::cpu::kernels::simd::neon::Neon $(, $F)?>($($argument),*) },
            // SAFETY: the program was compiled with the instructions.
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Level::Simd128 => unsafe { $module::$kernel::<crate::cpu::kernels::simd::wasm::Simd128 $(, $F)?>($($argument),*) },
        }
    }
)*} }

mod of_elements {
    use super::super::chain::Chains;
    use super::super::level::Level;
    use super::super::math::{Function, Operation};
    use super::super::narrow::Narrow;
    use super::super::{chain, map, narrow};
    use crate::cpu::kernels::in_out::InOut;
    use std::mem::MaybeUninit;
    kernels! {
        fn map_at<F: Function>(f: F, x: InOut<'_, f32>) = map::map;
        fn zip_at<F: Operation>(f: F, x: InOut<'_, f32>, y: &[f32]) = map::zip;
        fn run_at(chains: Chains<'_>) = chain::run;
        fn widen_at<T: Narrow>(from: &[T], to: &mut [MaybeUninit<f32>]) = narrow::widen;
        fn round_at<T: Narrow>(from: &[f32], to: &mut [T]) = narrow::round;
    }
}

mod dispatch_rows {
    use super::super::level::Level;
    use super::super::{backward, norm, reduce, reduce_columns, softmax};
    use crate::backend::Reduce;
    use crate::cpu::kernels::in_out::InOut;
    use crate::cpu::kernels::plain::ColumnSum;
    kernels! {
        fn softmax_at(x: InOut<'_, f32>, size: usize) = softmax::softmax;
        fn log_softmax_at(x: InOut<'_, f32>, size: usize) = softmax::log_softmax;
        fn log_sums_at(x: &[f32], size: usize, out: &mut [[f32; 2]]) = softmax::log_sums;
        fn reduce_at(op: Reduce, x: &[f32], size: usize, out: &mut [f32]) = reduce::reduce;
        fn mean_variance_at(x: &[f32], size: usize, out: &mut [[f32; 2]]) = reduce::mean_variance;
        fn add_rows_at(x: &[f32], size: [usize; 2], summand: ColumnSum<'_, f32>, sums: &mut [f32]) = reduce_columns::add_rows;
        fn norm_at(
            x: InOut<'_, f32>,
            weight: &[f32],
            bias: Option<&[f32]>,
            epsilon: f32,
            centered: bool
        ) = norm::norm;
        fn softmax_backward_at(y: &[f32], gradient: &mut [f32], size: usize) = backward::softmax;
        fn norm_backward_at(
            inputs: [&[f32]; 3],
            epsilon: f32,
            centered: bool,
            grad_x: &mut [f32],
            grad_parameters: &mut [f32]
        ) = backward::norm;
    }
}

mod of_matrices {
    use super::super::format::BlockDecoder;
    use super::super::gemm::{Block, BlockOfRows, RowsOfB, TileEpilogue};
    use super::super::level::Level;
    use super::super::narrow::Narrow;
    use super::super::small_gemm::StaticSizes;
    use super::super::wide_number::Wide;
    use super::super::{blocks, few_rows, gemm, gemv, pack, small_gemm};
    use crate::cpu::kernels::matrix::Matrix;
    use crate::cpu::parallel::ColumnsMut;
    kernels! {
        fn tile_at<S: Wide>() -> [usize; 2] = gemm::tile;
        fn panels_at<S: Wide>(b: Matrix<'_, S>, size: [usize; 2], to: &mut [S]) = pack::panels;
        fn rows_at<S: Wide>(b: Matrix<'_, S>, size: [usize; 2], to: &mut [S]) = pack::rows;
        fn tiles_at<S: Wide>(a: Matrix<'_, S>, size: [usize; 2], to: &mut [S]) = pack::tiles;
        fn multiply_block_at<S: Wide>(
            a: BlockOfRows<'_, S>,
            b: &[S],
            rows: RowsOfB<'_>,
            c: &mut ColumnsMut<'_, S>,
            block: &Block,
            epilogue: TileEpilogue<'_, S>
        ) = gemm::multiply_block;
        fn multiply_small_at<S: Wide>(size: [usize; 3], a: Matrix<'_, S>, b: Matrix<'_, S>, c: &mut [S])
            = small_gemm::multiply_small;
        fn multiply_static_at<S: StaticSizes>(a: &[f32], b: &[f32], c: &mut [f32]) = small_gemm::multiply_static;
        fn multiply_vector_at(a: Matrix<'_, f32>, x: &[f32], out: &mut [f32]) = gemv::multiply;
        fn multiply_few_rows_at<S: Wide>(k: usize, a: Matrix<'_, S>, b: Matrix<'_, S>, c: &mut ColumnsMut<'_, S>)
            = few_rows::multiply;
        fn multiply_few_narrow_rows_at<T: Narrow>(
            k: usize,
            a: Matrix<'_, f32>,
            b: Matrix<'_, T>,
            c: &mut ColumnsMut<'_, f32>
        ) = few_rows::multiply_narrow;
        fn dot_blocks<F: BlockDecoder>(x: &[f32], k: usize, bytes: &[u8], out: &mut [f32]) = blocks::dot;
        fn unpack_blocks<F: BlockDecoder>(bytes: &[u8], out: &mut [f32]) = blocks::unpack;
    }
}

mod of_planes {
    use super::super::level::Level;
    use super::super::shifted;
    kernels! {
        fn add_shifted_at(from: &[f32], rows: [usize; 2], offsets: &[usize], weights: &[f32], out: &mut [f32]) = shifted::add;
        fn shifted_dots_at(x: &[f32], from: &[f32], offsets: &[usize], sums: &mut [f32]) = shifted::dots;
    }
}

mod of_attention {
    use super::super::attention::{self, Block, NarrowedRows};
    use super::super::level::Level;
    kernels! {
        fn attend_at(block: &Block<'_, f32>, out: &mut [f32]) -> bool = attention::attend;
        fn widen_rows_at(from: NarrowedRows<'_>, size: [usize; 2], to: &mut [f32]) = attention::widen_rows;
    }
}
