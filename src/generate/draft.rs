//! Proposals by a smaller model.

use super::{Proposer, Read, Rewind};
use crate::Error;
use crate::backend::{Backend, Float};
use crate::cpu::Cpu;
use crate::dim::Dense;
use crate::tensor::Index;
use std::iter::zip;
use std::marker::PhantomData;

/// Proposes the tokens of a model that is faster than the one that checks them, and has the same table of tokens: as many sequences
/// of it as the generation has.
///
/// It draws as the request says, so that with `Sampling::GREEDY` it proposes its most likely token. Where a text is longer than its
/// context, it proposes nothing. It keeps what it has read from one generation to the next.
///
/// ```
/// use congruent::generate::{Draft, Generation, Request, Rewind, Sampler, Sampling};
/// use congruent::prelude::*;
///
/// /// What the large model says, with a small one's help: both of the tokens `V`.
/// fn text<V: Dense, Large: Rewind<Vocab = V>, Small: Rewind<Vocab = V>>(
///     large: &mut Large,
///     small: Small,
///     prompt: Vec<Index<V>>,
/// ) -> Result<Vec<Index<V>>, Error> {
///     let sampler = Sampler::new(Sampling::GREEDY, 0)?;
///     let mut draft = Draft::new(small);
///     let request = Request { prompt, sampler, end: vec![], maximum: 100 };
///     let mut generation = Generation::new(large, vec![request])?.speculating(&mut draft, 4);
///     generation.by_ref().try_for_each(|event| event.map(|_| ()))?;
///     Ok(generation.ids(0).to_vec())
/// }
/// ```
#[doc(alias("assistant_model", "draft_model"))]
pub struct Draft<V, M, B: Backend = Cpu<f32>> {
    session: M,
    /// What the session has read of each sequence.
    read: Vec<Vec<Index<V>>>,
    backend: PhantomData<fn() -> B>,
}

impl<V: Dense, M: Rewind<B, Vocab = V>, B: Backend<Elem: Float>> Draft<V, M, B> {
    /// The proposals of this session, which forgets what it has read so far.
    ///
    /// ```
    /// use congruent::generate::{Draft, Proposer, Rewind};
    /// fn proposer<M: Rewind>(small: M) -> impl Proposer<M::Vocab> {
    ///     Draft::new(small)
    /// }
    /// ```
    pub fn new(session: M) -> Self {
        let read = vec![Vec::new(); session.sequences()];
        Draft { session, read, backend: PhantomData }
    }
}

impl<V: Dense, M: Rewind<B, Vocab = V>, B: Backend<Elem: Float>> Proposer<V> for Draft<V, M, B> {
    fn propose(&mut self, texts: &[Read<'_, V>]) -> Result<Vec<Vec<(Index<V>, f64)>>, Error> {
        let Draft { session, read, .. } = self;
        let sequences = session.sequences();
        if let Some(beyond) = texts.iter().map(|text| text.sequence).find(|sequence| *sequence >= sequences) {
            let batch = "the session of the draft".to_owned();
            return Err(Error::SequenceCount { batch, expected: sequences, found: beyond + 1 });
        }
        let mut lengths: Vec<usize> = (0..sequences).map(|sequence| session.length(sequence)).collect();
        let context = session.context();
        let fits = |text: &Read<'_, V>| (1..=context).contains(&text.ids.len());
        let asked: Vec<_> = texts.iter().filter(|text| fits(text)).collect();
        for text in &asked {
            let (read, length) = (&mut read[text.sequence], &mut lengths[text.sequence]);
            let same = zip(&*read, text.ids).take_while(|(x, y)| x == y).count();
            // The next token follows from one that is read now.
            *length = same.min(*length).min(text.ids.len() - 1);
            read.truncate(*length);
        }
        if (0..sequences).any(|sequence| lengths[sequence] < session.length(sequence)) {
            session.truncate(&lengths)?;
        }
        let new: Vec<_> = asked.iter().map(|text| (text.sequence, &text.ids[lengths[text.sequence]..])).collect();
        let logits = if new.is_empty() { Vec::new() } else { session.extend(&new)? };
        if logits.len() != new.len() {
            let batch = "the sequences of the draft".to_owned();
            return Err(Error::SequenceCount { batch, expected: new.len(), found: logits.len() });
        }
        new.iter().for_each(|(sequence, ids)| read[*sequence].extend(*ids));
        let mut logits = logits.iter();
        let proposed = |text: &Read<'_, V>| match fits(text).then(|| logits.next()).flatten() {
            Some(logits) => text.sampling.distribution(logits, text.ids),
            None => Ok(Vec::new()),
        };
        texts.iter().map(proposed).collect()
    }
}
