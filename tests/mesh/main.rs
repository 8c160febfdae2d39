//! Meshes of ranks, which are threads here. They are one crate, so that what they have in common is compiled once.

mod attention;
mod checkpoint;
mod counted;
#[path = "../common/encoder.rs"]
mod encoder;
mod gradients;
mod losses;
mod models;
#[path = "../common/other.rs"]
mod other;
mod parts;
mod sequence;
mod sequence_decoders;
mod sharded;
mod slopes;
mod stuck;
mod training;
mod vocabulary;
#[path = "../common/written.rs"]
mod written;
