//! Trains a language model of characters.

use congruent::Cpu;

fn main() -> anyhow::Result<()> {
    train::cli::<Cpu<f32>>(std::env::args_os(), common::processor("train"))
}
