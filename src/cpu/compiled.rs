//! The operations on `f32`, compiled with the library. A generic function is compiled again in each program that uses it, unless it is
//! `inline(never)` and was compiled before; for these that took some 6 s of a core.

use super::Cpu;
use crate::backend::Backend;

/// The addresses of the operations.
#[doc(hidden)]
#[inline(never)]
pub fn compiled() -> impl Sized {
    macro_rules! addresses { ($($operation:ident)*) => { [$(<Cpu<f32> as Backend>::$operation as *const ()),*] } }
    addresses! {
        from_bytes from_blocks permute reshape narrow broadcast concat update_slice gather pick take_along put_along
        scatter_add unary binary binary_scalar scalar_binary fused compare compare_scalar select reduce mean_variance
        scan linear_recurrence argmax argsort top_k softmax log_softmax cross_entropy masked_softmax matmul linear
        windows convolution transposed_convolution layer_norm rms_norm rotate attention_weights attention
    }
}
