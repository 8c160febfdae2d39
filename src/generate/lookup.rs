//! Proposals without a model.

use super::{Proposer, Read};
use crate::Error;
use crate::dim::Dim;
use crate::tensor::Index;
use std::ops::RangeInclusive;

/// Proposes what came after the same tokens before in the text, the longest possible number of them; of several places the last.
///
/// It costs next to nothing, and is good where a text repeats itself: answers that quote the question, code that is changed, lists
/// and tables. It is the prompt lookup of Hugging Face (`prompt_lookup_num_tokens`), which Saxena proposed, and by its principle
/// inference with reference ([Yang et al. 2023](https://arxiv.org/abs/2304.04487)).
///
/// ```
/// use congruent::generate::{PromptLookup, Proposer, Read, Sampling};
/// use congruent::prelude::*;
/// dims! { Vocab = 10; }
/// let ids = [7, 1, 2, 3, 4, 1, 2].map(|id| Index::new(Vocab, id).unwrap());
/// let text = Read { sequence: 0, ids: &ids, sampling: &Sampling::GREEDY };
/// let proposed = PromptLookup::new(1..=3)?.propose(&[text])?;
/// assert_eq!((proposed[0][0].0.get(), proposed[0][0].1), (3, 1.0));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
#[doc(alias("prompt_lookup_num_tokens", "ngram"))]
pub struct PromptLookup {
    tokens: RangeInclusive<usize>,
}

impl PromptLookup {
    /// Looks for the last tokens of a text, so many of them at least and at most.
    ///
    /// ```
    /// use congruent::generate::PromptLookup;
    /// assert!(PromptLookup::new(2..=4).is_ok());
    /// let error = PromptLookup::new(0..=4).unwrap_err();
    /// assert_eq!(error.to_string(), "`tokens` is 0..=4, expected a range of numbers from 1 on");
    /// ```
    ///
    /// # Errors
    /// The range is empty, or begins with 0.
    pub fn new(tokens: RangeInclusive<usize>) -> Result<Self, Error> {
        if tokens.is_empty() || *tokens.start() == 0 {
            let (expected, found) = ("a range of numbers from 1 on", format!("{tokens:?}"));
            return Err(Error::Setting { setting: "tokens", expected, found });
        }
        Ok(PromptLookup { tokens })
    }

    fn next<V: Dim>(&self, ids: &[Index<V>]) -> Option<Index<V>> {
        let (least, most) = (*self.tokens.start(), (*self.tokens.end()).min(ids.len().saturating_sub(1)));
        let mut best = None;
        for end in (1..ids.len()).rev() {
            let same = ids[..end].iter().rev().zip(ids.iter().rev()).take(most).take_while(|(x, y)| x == y).count();
            if same >= least && best.is_none_or(|(longest, _)| same > longest) {
                best = Some((same, ids[end]));
            }
            if same == most {
                break;
            }
        }
        best.map(|(_, id)| id)
    }
}

impl<V: Dim> Proposer<V> for PromptLookup {
    fn propose(&mut self, texts: &[Read<'_, V>]) -> Result<Vec<Vec<(Index<V>, f64)>>, Error> {
        let proposed = |text: &Read<'_, V>| self.next(text.ids).map(|id| (id, 1.0)).into_iter().collect();
        Ok(texts.iter().map(proposed).collect())
    }
}
