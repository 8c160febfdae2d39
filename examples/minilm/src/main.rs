//! Embeds texts and prints how similar they are.

use congruent::Cpu;

fn main() -> anyhow::Result<()> {
    minilm::cli::<Cpu<f32>>(std::env::args_os(), common::processor("minilm"))
}
