//! What writes texts: decoders and their caches, sampling, and weights in blocks. They are one crate, so that what they have in common is
//! compiled once.

mod batches;
mod cache;
mod decoders;
mod quantised;
mod sampling;
mod speculation;
mod text;
