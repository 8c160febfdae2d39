//! Numbers that a model can have.

use crate::{Error, ensure};
use congruent::nn::rotary_frequencies;

/// A size that nothing is calculated from before.
pub fn between(name: &str, size: usize, most: usize) -> Result<usize, Error> {
    ensure!((1..=most).contains(&size), "`{name}` is {size}, and this library takes 1 to {most}");
    Ok(size)
}

/// Of the largest axes, a model has fewer than this.
pub fn bounded(name: &str, size: usize) -> Result<usize, Error> {
    between(name, size, 1 << 32)
}

/// For each pair of elements there is a frequency. They are pairs.
pub fn bounded_head_dim(name: &str, size: usize) -> Result<usize, Error> {
    ensure!(size.is_multiple_of(2), "`{name}` is {size}, which is odd: rotary positions turn pairs of elements");
    between(name, size, 1 << 16)
}

/// Each is asked for by its number.
pub fn bounded_layers(name: &str, layers: usize) -> Result<usize, Error> {
    between(name, layers, 1 << 16)
}

/// A number that is neither negative nor NaN.
pub fn from_zero_on(name: &str, number: f64) -> Result<f64, Error> {
    ensure!(number.is_finite() && number >= 0.0, "`{name}` is {number}, which is no number from 0 on");
    Ok(number)
}

/// How far each pair of a head turns from one position to the next.
pub fn frequencies(base: f64, head_dim: usize) -> Result<Vec<f64>, Error> {
    ensure!(base.is_finite() && base > 0.0, "the base of the positions is {base}, which is not above 0");
    Ok(rotary_frequencies(base, head_dim))
}

/// How wide a head is, where that is not said.
pub fn quotient(embed: usize, heads: usize) -> Result<usize, Error> {
    let divides = heads > 0 && embed.is_multiple_of(heads);
    ensure!(divides, "a width of {embed} cannot be shared by {heads} heads");
    Ok(embed / heads)
}

/// How many of the query heads share a key head.
pub fn shared(heads: usize, key_heads: usize) -> Result<usize, Error> {
    let divides = key_heads > 0 && heads.is_multiple_of(key_heads);
    ensure!(divides, "{key_heads} heads of keys cannot be shared by {heads} heads of queries");
    Ok(heads / key_heads)
}

/// A number that is divided by.
pub fn above_zero(name: &str, number: f64) -> Result<f64, Error> {
    ensure!(number.is_finite() && number > 0.0, "`{name}` is {number}, which is not above 0");
    Ok(number)
}

/// Which layers attend to a window alone, by the list of the kinds of all layers.
pub fn local_layers(kinds: &[String], layers: usize) -> Result<Vec<bool>, Error> {
    let found = kinds.len();
    ensure!(found == layers, "`layer_types` has {found} entries, and there are {layers} layers");
    let is_local = kinds.iter().map(|kind| match kind.as_str() {
        "sliding_attention" => Ok(true),
        "full_attention" => Ok(false),
        other => Err(Error::Config(format!(
            "`layer_types` has `{other}`, and this library knows `full_attention` and `sliding_attention`"
        ))),
    });
    is_local.collect()
}
