//! Products with a matrix that is packed as it is written, such as the columns of an image.

use super::blocked::{Factor, multiply_packed};
use super::dispatch::tile_at;
use super::gemm::TileEpilogue;
use super::level::level;
use super::packed_matrix::PackedMatrix;
use crate::cpu::kernels::cast::typed;
use crate::cpu::kernels::matrix::Matrix;
use crate::cpu::parallel::ColumnsMut;

/// Writes some columns of a row.
pub type RowWriter<'a, T> = &'a (dyn Fn(usize, &mut [T]) + 'a);

typed! { RowWriter }

/// The products of a type that is not widened. They are no generic functions, for the reason of [`Products`](super::Products).
pub trait WrittenProducts: Factor<Wide = Self> {
    /// The product of `a (m, k)` and the columns of `c` of a matrix of `k` rows, of which `row` writes these columns of one.
    ///
    /// # Panics
    /// The matrix does not lie inside its slice.
    fn multiply_written(k: usize, a: Matrix<'_, Self>, row: RowWriter<'_, Self>, c: ColumnsMut<'_, Self>);
}

macro_rules! written { ($($t:ident)*) => {$(
    impl WrittenProducts for $t {
        fn multiply_written(k: usize, a: Matrix<'_, $t>, row: RowWriter<'_, $t>, mut c: ColumnsMut<'_, $t>) {
            let ([_, width], [_, n]) = (tile_at::<$t>(level()), c.size());
            let b = PackedMatrix::of_rows([k, n], c.columns(), width, row);
            multiply_packed(level(), a, &b, &mut c, 0, TileEpilogue::NONE);
        }
    }
)*} }
written! { f32 f64 }
