//! [MTCNN](https://arxiv.org/abs/1604.02878), typed end to end: a picture in, and the faces in it out.
//!
//! ```sh
//! cargo run --release -p see -- picture.jpg --draw faces.png
//! ```

mod cli;
mod draw;
mod files;
mod picture;

pub use cli::cli;
pub use draw::draw;
pub use files::{find_or_fetch, load};
pub use picture::{read, seen};
