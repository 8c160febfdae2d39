//! An engine on [burn](https://burn.dev): typed tensors on the processors that burn runs on, chosen at run time.

mod array;
mod attention;
mod backend;
mod device;
mod elementwise;
mod failure;
mod gradient;
mod layout;
mod product;
mod reduce;
mod rows;
mod transfers;

pub use array::Array;
pub use backend::{Burn, BurnEngine};
#[cfg(feature = "vulkan")]
pub use device::Adapter;
pub use device::{Device, NoDevice};
pub use gradient::Gradients;
pub use transfers::{Transfers, transfers};
