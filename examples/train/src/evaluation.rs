//! How well a model predicts a text.

use anyhow::ensure;
use congruent::backend::Backend;
use congruent::nn::cross_entropy;
use congruent::no_grad;
use congruent::prelude::*;
use speak::Model;
use std::ops::Range;

dims! {
    /// The windows that are read together.
    Batch;
    /// The characters of a window.
    Seq;
}

/// The model reads from `start` on, and predicts the characters from `first` up to, not including, `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Window {
    pub start: usize,
    pub first: usize,
    pub end: usize,
}

/// Windows of `length` characters at most in which every position of `range` is predicted once, each from half a window
/// before it, or more, where the text has so much.
pub fn windows(range: Range<usize>, length: usize) -> Vec<Window> {
    let half = length.div_ceil(2).max(1);
    // What the last is predicted from is read as well, the last itself is not.
    let predicted = (length + 1).saturating_sub(half).max(1);
    let firsts = range.clone().step_by(predicted);
    let window =
        |first: usize| Window { start: first.saturating_sub(half), first, end: (first + predicted).min(range.end) };
    firsts.map(window).collect()
}

/// The loss of each character of `range`, in nats, in their order. The model sees at most `length` characters at once, and
/// what stands before the range.
///
/// # Errors
/// The range has the first character of the text, which nothing predicts, or is not in the text; the windows are longer than
/// the model reads.
pub fn losses<V: Dense, B: Backend<Elem = f32>>(
    model: &Model<V, B>,
    text: &[Index<V>],
    range: Range<usize>,
    length: usize,
) -> anyhow::Result<Vec<f32>> {
    ensure!(range.start > 0, "nothing stands before the first character of a text");
    ensure!(range.end <= text.len(), "the text ends after {} characters, and not after {}", text.len(), range.end);
    /// How many windows are read together.
    const TOGETHER: usize = 16;
    let windows = windows(range, length);
    // All of one batch are of one form; those at both ends of the text may be of others.
    let form = |window: &Window| (window.first - window.start, window.end - window.first);
    let mut losses = Vec::new();
    for alike in windows.chunk_by(|one, other| form(one) == form(other)) {
        for together in alike.chunks(TOGETHER) {
            let (before, predicted) = form(&together[0]);
            bind!(batch: Batch = together.len(), seq: Seq = before + predicted - 1);
            let from = |offset: usize| {
                let parts = together.iter().flat_map(|window| &text[window.start + offset..][..seq.size()]);
                Ok::<_, Error>(Cpu::from_vec((batch, seq), parts.copied().collect())?.to_engine::<B>(&model.device()))
            };
            let (read, targets) = (from(0)?, from(1)?);
            let logits = no_grad(|| model.logits(&read))?;
            let all = no_grad(|| cross_entropy(&logits, &targets)).to_vec();
            losses.extend(all.chunks(seq.size()).flat_map(|row| &row[before - 1..]));
        }
    }
    Ok(losses)
}

/// The mean of [`losses`].
///
/// # Errors
/// As of `losses`; the range is empty.
pub fn mean_loss<V: Dense, B: Backend<Elem = f32>>(
    model: &Model<V, B>,
    text: &[Index<V>],
    range: Range<usize>,
    length: usize,
) -> anyhow::Result<f64> {
    ensure!(!range.is_empty(), "there is no text to predict");
    let losses = losses(model, text, range, length)?;
    Ok(losses.iter().map(|loss| f64::from(*loss)).sum::<f64>() / losses.len() as f64)
}
