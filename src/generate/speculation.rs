//! Tokens that are proposed, and checked many at a time.

use super::sampler::no_distribution;
use super::with_proposer::{Logits, Speculation};
use super::{Generation, Proposer, Read, Rewind, Sampler, Session};
use crate::Error;
use crate::backend::{Backend, Float};
use crate::dim::Dim;
use crate::tensor::Index;
use std::iter::zip;

/// Tokens, and the probability of each.
type Distribution<V> = Vec<(Index<V>, f64)>;

/// A sequence with what is proposed for it.
struct Drafted<V> {
    sequence: usize,
    /// Those of the sequence and those proposed.
    ids: Vec<Index<V>>,
    /// What each of these was drawn from.
    from: Vec<Distribution<V>>,
    /// How many more may be proposed.
    left: usize,
}

impl<'a, M: Session<B>, B: Backend<Elem: Float>> Generation<'a, M, B> {
    /// The same with proposals: for each sequence up to so many tokens are proposed, and the session reads all of them in one pass.
    /// Those that it accepts are part of the text, with one more, which is its own; the rest is taken back
    /// ([Leviathan et al. 2023](https://arxiv.org/abs/2211.17192), [Chen et al. 2023](https://arxiv.org/abs/2302.01318)).
    ///
    /// The text is that of the session alone, whatever is proposed. With the most likely token of each step it is token for token the
    /// same, as far as the session gives a token the same logits whether it reads it alone or with others: on the processor products
    /// do, and sums of attention may round differently, which shows where two tokens are as likely as one another but for rounding.
    /// With drawn tokens its distribution is the same, and the random numbers are others: a proposed token of probability `p` by the
    /// session and `q` by the proposer is accepted with `min(1, p / q)`, else one is drawn in proportion to `max(0, p - q)`.
    ///
    /// It is faster where reading a few tokens takes about as long as reading one, as long as the weights have to come from memory, and
    /// where most proposals are accepted.
    ///
    /// ```
    /// use congruent::generate::{Generation, PromptLookup, Request, Rewind, Sampler, Sampling, Session};
    /// use congruent::prelude::*;
    /// dims! { Vocab = 5; }
    ///
    /// /// Counts up, again and again; and how often it was asked.
    /// #[derive(Default)]
    /// struct Counter { read: usize, asked: usize }
    /// impl Session for Counter {
    ///     type Vocab = Vocab;
    ///     fn vocab(&self) -> Vocab {
    ///         Vocab
    ///     }
    ///     fn context(&self) -> usize {
    ///         100
    ///     }
    ///     fn sequences(&self) -> usize {
    ///         1
    ///     }
    ///     fn length(&self, _: usize) -> usize {
    ///         self.read
    ///     }
    ///     fn extend(&mut self, new: &[(usize, &[Index<Vocab>])]) -> Result<Vec<Tensor<(Vocab,)>>, Error> {
    ///         Ok(self.extend_each(new, &[1])?.concat())
    ///     }
    /// }
    /// impl Rewind for Counter {
    ///     fn extend_each(
    ///         &mut self,
    ///         new: &[(usize, &[Index<Vocab>])],
    ///         last: &[usize],
    ///     ) -> Result<Vec<Vec<Tensor<(Vocab,)>>>, Error> {
    ///         let after = |id: &Index<Vocab>| (id.get() as usize + 1) % 5;
    ///         let logits = |id| Tensor::from_fn((Vocab,), |[i]| if i == after(id) { 1.0 } else { 0.0 });
    ///         let ids = new[0].1;
    ///         (self.read, self.asked) = (self.read + ids.len(), self.asked + 1);
    ///         Ok(vec![ids[ids.len() - last[0]..].iter().map(logits).collect()])
    ///     }
    ///     fn truncate(&mut self, lengths: &[usize]) -> Result<(), Error> {
    ///         self.read = self.read.min(lengths[0]);
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let sampler = Sampler::new(Sampling::GREEDY, 0)?;
    /// let request = Request { prompt: vec![Index::new(Vocab, 0)?], sampler, end: vec![], maximum: 20 };
    /// let (mut counter, mut lookup) = (Counter::default(), PromptLookup::new(1..=3)?);
    /// let mut generation = Generation::new(&mut counter, vec![request])?.speculating(&mut lookup, 4);
    /// assert_eq!(generation.by_ref().count(), 21);
    /// assert_eq!(generation.ids(0).iter().map(|id| id.get()).collect::<Vec<_>>(), [0, 1, 2, 3, 4].repeat(5)[..21]);
    /// // Of 20 tokens the first five came alone; what follows has been there before.
    /// assert_eq!(counter.asked, 8);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias("assisted_generation", "speculative_decoding"))]
    pub fn speculating<P: Proposer<M::Vocab>>(mut self, proposer: &'a mut P, most: usize) -> Self
    where
        M: Rewind<B>,
    {
        let (extend_each, truncate) = (M::extend_each, M::truncate);
        self.speculation = Some(Speculation { proposer, most, extend_each, truncate });
        self
    }

    /// Some next tokens of every sequence that goes on.
    pub(super) fn speculate(&mut self) -> Result<(), Error> {
        let Some(&mut Speculation { extend_each, truncate, .. }) = self.speculation.as_mut() else { return Ok(()) };
        let drafted = self.drafted()?;
        if drafted.is_empty() {
            return Ok(());
        }
        let session = &*self.session;
        let new = drafted.iter().map(|Drafted { sequence, ids, .. }| (*sequence, &ids[session.length(*sequence)..]));
        let (new, last): (Vec<_>, Vec<_>) = zip(new, drafted.iter().map(|drafted| drafted.from.len() + 1)).unzip();
        let logits = extend_each(self.session, &new, &last)?;
        if !logits.iter().map(Vec::len).eq(last.iter().copied()) {
            let batch = "the tokens that are checked".to_owned();
            let (expected, found) = (last.iter().sum(), logits.iter().map(Vec::len).sum());
            return Err(Error::SequenceCount { batch, expected, found });
        }
        let mut lengths: Vec<usize> = (0..self.sequences.len()).map(|i| self.session.length(i)).collect();
        for (Drafted { sequence, ids, from, .. }, logits) in zip(&drafted, &logits) {
            lengths[*sequence] = self.check(*sequence, ids, from, logits)?;
        }
        if (0..lengths.len()).any(|i| lengths[i] < self.session.length(i)) {
            truncate(self.session, &lengths)?;
        }
        Ok(())
    }

    /// Every sequence that goes on, with the tokens that are proposed for it: none that would have no room.
    fn drafted(&mut self) -> Result<Vec<Drafted<M::Vocab>>, Error> {
        let Generation { session, sequences, speculation: Some(speculation), .. } = self else { return Ok(Vec::new()) };
        let live = sequences.iter().enumerate().filter(|(_, sequence)| !sequence.finished);
        let mut drafted: Vec<_> = live
            .map(|(i, sequence)| {
                // One more comes from the session itself.
                let room = sequence.left.min(session.context() - sequence.ids.len()).saturating_sub(1);
                let (ids, left) = (sequence.ids.clone(), speculation.most.min(room));
                Drafted { sequence: i, ids, from: Vec::new(), left }
            })
            .collect();
        loop {
            let mut open: Vec<_> = drafted.iter_mut().filter(|drafted| drafted.left > 0).collect();
            if open.is_empty() {
                return Ok(drafted);
            }
            let text = |drafted: &&mut Drafted<M::Vocab>| drafted.sequence;
            let texts: Vec<_> = zip(open.iter().map(text), &open)
                .map(|(sequence, drafted)| Read {
                    sequence,
                    ids: &drafted.ids,
                    sampling: sequences[sequence].sampler.sampling(),
                })
                .collect();
            let proposed = speculation.proposer.propose(&texts)?;
            if proposed.len() != open.len() {
                let batch = "the texts that tokens are proposed for".to_owned();
                return Err(Error::SequenceCount { batch, expected: open.len(), found: proposed.len() });
            }
            for (drafted, from) in zip(&mut open, proposed) {
                let sequence = &mut sequences[drafted.sequence];
                let Some(id) = sequence.sampler.draw(&from) else {
                    drafted.left = 0;
                    continue;
                };
                drafted.ids.push(id);
                drafted.from.push(from);
                drafted.left = if sequence.end.contains(&id) { 0 } else { drafted.left - 1 };
            }
        }
    }

    /// Takes the proposed tokens that are accepted, and one more. Gives how many of those read are part of the text.
    fn check(
        &mut self,
        sequence: usize,
        ids: &[Index<M::Vocab>],
        from: &[Distribution<M::Vocab>],
        logits: &[Logits<M, B>],
    ) -> Result<usize, Error> {
        let start = ids.len() - from.len();
        for (at, logits) in logits.iter().enumerate() {
            let state = &mut self.sequences[sequence];
            let target = state.sampler.sampling().distribution(logits, &state.ids)?;
            let proposed = from.get(at).map(|from| (ids[start + at], from));
            let (id, accepted) = choose(&mut state.sampler, &target, proposed)?;
            self.take(sequence, id);
            if !accepted || self.sequences[sequence].finished {
                break;
            }
        }
        Ok(zip(ids, &self.sequences[sequence].ids).take_while(|(x, y)| x == y).count())
    }

    /// Takes back what the session has read of a sequence beyond its tokens.
    pub(super) fn forget_beyond(&mut self, sequence: usize) -> Result<(), Error> {
        let (Some(speculation), Some(state)) = (&self.speculation, self.sequences.get(sequence)) else { return Ok(()) };
        let mut lengths: Vec<usize> = (0..self.sequences.len()).map(|i| self.session.length(i)).collect();
        if lengths[sequence] <= state.ids.len() {
            return Ok(());
        }
        lengths[sequence] = state.ids.len();
        (speculation.truncate)(self.session, &lengths)
    }
}

/// The next token by `target`, and whether it is the one that was proposed. Its distribution is `target`, whatever the other is that
/// the proposed one was drawn from.
fn choose<V: Dim>(
    sampler: &mut Sampler,
    target: &[(Index<V>, f64)],
    proposed: Option<(Index<V>, &Distribution<V>)>,
) -> Result<(Index<V>, bool), Error> {
    let none = || no_distribution::<V>("no token is left".to_owned());
    let Some((id, from)) = proposed else { return Ok((sampler.draw(target).ok_or_else(none)?, false)) };
    let of_id = |distribution: &[(Index<V>, f64)]| {
        distribution.iter().find(|(other, _)| *other == id).map_or(0.0, |(_, probability)| *probability)
    };
    if sampler.happens(of_id(target) / of_id(from)) {
        return Ok((id, true));
    }
    let rest = remainder(target, from);
    // Of two distributions that are alike but for rounding, nothing is left.
    let rest = if rest.is_empty() { target } else { &rest };
    Ok((sampler.draw(rest).ok_or_else(none)?, false))
}

/// What `target` has more than the other, as a distribution: in the order of its ids, in which it comes.
fn remainder<V: Dim>(target: &[(Index<V>, f64)], from: &[(Index<V>, f64)]) -> Distribution<V> {
    let mut from: Vec<_> = from.iter().map(|(id, probability)| (id.get(), *probability)).collect();
    from.sort_unstable_by_key(|(id, _)| *id);
    let mut from = from.into_iter().peekable();
    let more = target.iter().filter_map(|&(id, probability)| {
        while from.next_if(|(other, _)| *other < id.get()).is_some() {}
        let other = from.next_if(|(other, _)| *other == id.get()).map_or(0.0, |(_, probability)| probability);
        (probability > other).then_some((id, probability - other))
    });
    let mut rest: Distribution<V> = more.collect();
    let total: f64 = rest.iter().map(|(_, more)| more).sum();
    rest.iter_mut().for_each(|(_, more)| *more /= total);
    rest
}
