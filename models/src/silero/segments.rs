//! From probabilities to segments of speech.

use super::{Chunk, SAMPLE_RATE};
use congruent::prelude::*;
use std::ops::Range;

/// When speech begins and ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Listening {
    /// Speech begins with a chunk that is at least so likely.
    pub threshold: f32,
    /// Speech may end with a chunk that is less likely than this.
    pub end_threshold: f32,
    /// Speech that is not longer than so many samples is none.
    pub least_speech: usize,
    /// Speech ends in a silence of at least so many samples.
    pub least_silence: usize,
    /// Segments are longer by so many samples at both ends, or by half the silence between two.
    pub margin: usize,
}

impl Default for Listening {
    /// What the package has: thresholds of 0.5 and 0.35, a quarter of a second of speech, 100 ms of silence, 30 ms at each end.
    fn default() -> Self {
        let of_milliseconds = |milliseconds| SAMPLE_RATE / 1000 * milliseconds;
        Listening {
            threshold: 0.5,
            end_threshold: 0.35,
            least_speech: of_milliseconds(250),
            least_silence: of_milliseconds(100),
            margin: of_milliseconds(30),
        }
    }
}

/// The samples in which somebody speaks, of a recording of so many samples, by the probability of each chunk: as
/// `get_speech_timestamps` of the [package](https://github.com/snakers4/silero-vad), of speech as long as it may be.
///
/// ```
/// use congruent_models::silero::{Listening, segments};
/// let mut probabilities = vec![0.1; 40];
/// probabilities[10..20].fill(0.9);
/// // A chunk has 512 samples, and the margin 480.
/// assert_eq!(segments(&probabilities, 40 * 512, &Listening::default()), [10 * 512 - 480..20 * 512 + 480]);
/// ```
pub fn segments(probabilities: &[f32], samples: usize, listening: &Listening) -> Vec<Range<usize>> {
    let Listening { threshold, end_threshold, least_speech, least_silence, margin } = *listening;
    let mut found: Vec<Range<usize>> = Vec::new();
    // Where speech began, and where the silence behind it.
    let (mut began, mut silent) = (None, None);
    let mut speech = |range: Range<usize>| {
        if range.len() > least_speech {
            found.push(range);
        }
    };
    for (chunk, probability) in probabilities.iter().enumerate() {
        let now = chunk * Chunk.size();
        if *probability >= threshold {
            silent = None;
            began.get_or_insert(now);
        } else if *probability < end_threshold
            && let Some(begin) = began
        {
            let end = *silent.get_or_insert(now);
            if now - end >= least_silence {
                speech(begin..end);
                (began, silent) = (None, None);
            }
        }
    }
    if let Some(begin) = began {
        speech(begin..samples.max(begin));
    }
    with_margins(found, samples, margin)
}

/// Segments that are longer at both ends, but do not overlap.
fn with_margins(mut found: Vec<Range<usize>>, samples: usize, margin: usize) -> Vec<Range<usize>> {
    if let Some(first) = found.first_mut() {
        first.start = first.start.saturating_sub(margin);
    }
    for next in 1..found.len() {
        let silence = found[next].start - found[next - 1].end;
        let each = if silence < 2 * margin { silence / 2 } else { margin };
        found[next - 1].end += each;
        found[next].start -= each;
    }
    if let Some(last) = found.last_mut() {
        last.end = (last.end + margin).min(samples);
    }
    found
}
