//! Token after token.

use super::with_proposer::Speculation;
use super::{Event, Finish, Generated, Request, Sampler, Session};
use crate::Error;
use crate::backend::{Backend, Float};
use crate::cpu::Cpu;
use crate::tensor::Index;
use std::collections::VecDeque;

/// Sequences that go on together, token by token: an iterator over what happens.
///
/// Each sequence ends by itself. It gets the tokens that it would get alone: it has its own sampler, and the
/// others are no part of what the model reads for it.
///
/// ```
/// use congruent::generate::{Event, Finish, Generation, Request, Sampler, Sampling, Session};
/// use congruent::prelude::*;
/// dims! { Vocab = 10; }
///
/// /// Counts up.
/// struct Counter(Vec<usize>);
/// impl Session for Counter {
///     type Vocab = Vocab;
///     fn vocab(&self) -> Vocab {
///         Vocab
///     }
///     fn context(&self) -> usize {
///         100
///     }
///     fn sequences(&self) -> usize {
///         self.0.len()
///     }
///     fn length(&self, sequence: usize) -> usize {
///         self.0[sequence]
///     }
///     fn extend(&mut self, new: &[(usize, &[Index<Vocab>])]) -> Result<Vec<Tensor<(Vocab,)>>, Error> {
///         let logits = new.iter().map(|(sequence, ids)| {
///             self.0[*sequence] += ids.len();
///             let next = ids.last().map_or(0, |id| (id.get() as usize + 1) % 10);
///             Tensor::from_fn((Vocab,), |[id]| if id == next { 1.0 } else { 0.0 })
///         });
///         Ok(logits.collect())
///     }
/// }
///
/// # fn main() -> Result<(), Error> {
/// let request = Request {
///     prompt: vec![Index::new(Vocab, 3)?],
///     sampler: Sampler::new(Sampling::GREEDY, 0)?,
///     end: vec![Index::new(Vocab, 7)?],
///     maximum: 20,
/// };
/// let mut counter = Counter(vec![0]);
/// for event in Generation::new(&mut counter, vec![request])? {
///     match event? {
///         Event::Token { id, .. } => print!("{} ", id.get()),
///         Event::Finished { finish, .. } => assert_eq!(finish, Finish::End),
///     }
/// }
/// // It prints 4 5 6.
/// # Ok(())
/// # }
/// ```
pub struct Generation<'a, M: Session<B>, B: Backend<Elem: Float> = Cpu<f32>> {
    pub(super) session: &'a mut M,
    pub(super) sequences: Vec<Sequence<M::Vocab>>,
    events: VecDeque<Result<Event<M::Vocab>, Error>>,
    pub(super) speculation: Option<Speculation<'a, M, B>>,
}

pub(super) struct Sequence<V> {
    pub(super) ids: Vec<Index<V>>,
    pub(super) sampler: Sampler,
    pub(super) end: Vec<Index<V>>,
    /// How many tokens may still come.
    pub(super) left: usize,
    pub(super) finished: bool,
}

impl<'a, M: Session<B>, B: Backend<Elem: Float>> Generation<'a, M, B> {
    /// Begins with one request for each sequence of the session. The model is first asked when the first event is.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::generate::Generation;
    /// # use congruent::generate::{Request, Sampler, Sampling, Session};
    /// dims! { Vocab = 10; }
    /// # /// Counts up.
    /// # struct Counter(Vec<usize>);
    /// # impl Session for Counter {
    /// #     type Vocab = Vocab;
    /// #     fn vocab(&self) -> Vocab {
    /// #         Vocab
    /// #     }
    /// #     fn context(&self) -> usize {
    /// #         100
    /// #     }
    /// #     fn sequences(&self) -> usize {
    /// #         self.0.len()
    /// #     }
    /// #     fn length(&self, sequence: usize) -> usize {
    /// #         self.0[sequence]
    /// #     }
    /// #     fn extend(&mut self, new: &[(usize, &[Index<Vocab>])]) -> Result<Vec<Tensor<(Vocab,)>>, Error> {
    /// #         let logits = new.iter().map(|(sequence, ids)| {
    /// #             self.0[*sequence] += ids.len();
    /// #             let next = ids.last().map_or(0, |id| (id.get() as usize + 1) % 10);
    /// #             Tensor::from_fn((Vocab,), |[id]| if id == next { 1.0 } else { 0.0 })
    /// #         });
    /// #         Ok(logits.collect())
    /// #     }
    /// # }
    /// # let (sampler, end) = (Sampler::new(Sampling::GREEDY, 0)?, vec![]);
    /// let request = Request { prompt: vec![Index::new(Vocab, 3)?], sampler, end, maximum: 2 };
    /// // A session of one sequence that counts up.
    /// let mut session = Counter(vec![0]);
    /// assert_eq!(Generation::new(&mut session, vec![request.clone()])?.count(), 3);
    /// assert!(Generation::new(&mut session, vec![request; 2]).is_err());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// There are not as many requests as sequences; a prompt has no token that the session has not read, or more tokens
    /// than the context.
    pub fn new(session: &'a mut M, requests: Vec<Request<M::Vocab>>) -> Result<Self, Error> {
        if requests.len() != session.sequences() {
            let (batch, expected) = ("the session".to_owned(), session.sequences());
            return Err(Error::SequenceCount { batch, expected, found: requests.len() });
        }
        let mut generation = Generation { session, sequences: Vec::new(), events: VecDeque::new(), speculation: None };
        for (sequence, request) in requests.into_iter().enumerate() {
            let (length, context) = (request.prompt.len(), generation.session.context());
            if length <= generation.session.length(sequence) {
                return Err(Error::NothingToRead { sequence });
            }
            if length > context {
                let dimension = "the context".to_owned();
                return Err(Error::SequenceTooLong { sequence, length, dimension, size: context });
            }
            let Request { prompt, sampler, end, maximum } = request;
            generation.sequences.push(Sequence { ids: prompt, sampler, end, left: maximum, finished: false });
            generation.check_length(sequence);
        }
        Ok(generation)
    }

    /// Ends a sequence, as when its text has come to a stop string.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::generate::{Event, Finish, Generation};
    /// # use congruent::generate::{Request, Sampler, Sampling, Session};
    /// dims! { Vocab = 10; }
    /// # /// Counts up.
    /// # struct Counter(Vec<usize>);
    /// # impl Session for Counter {
    /// #     type Vocab = Vocab;
    /// #     fn vocab(&self) -> Vocab {
    /// #         Vocab
    /// #     }
    /// #     fn context(&self) -> usize {
    /// #         100
    /// #     }
    /// #     fn sequences(&self) -> usize {
    /// #         self.0.len()
    /// #     }
    /// #     fn length(&self, sequence: usize) -> usize {
    /// #         self.0[sequence]
    /// #     }
    /// #     fn extend(&mut self, new: &[(usize, &[Index<Vocab>])]) -> Result<Vec<Tensor<(Vocab,)>>, Error> {
    /// #         let logits = new.iter().map(|(sequence, ids)| {
    /// #             self.0[*sequence] += ids.len();
    /// #             let next = ids.last().map_or(0, |id| (id.get() as usize + 1) % 10);
    /// #             Tensor::from_fn((Vocab,), |[id]| if id == next { 1.0 } else { 0.0 })
    /// #         });
    /// #         Ok(logits.collect())
    /// #     }
    /// # }
    /// # let (sampler, end) = (Sampler::new(Sampling::GREEDY, 0)?, vec![]);
    /// let request = Request { prompt: vec![Index::new(Vocab, 3)?], sampler, end, maximum: 20 };
    /// let mut session = Counter(vec![0]);
    /// let mut generation = Generation::new(&mut session, vec![request])?;
    /// generation.next().unwrap()?;
    /// generation.stop(0);
    /// assert_eq!(generation.next().unwrap()?, Event::Finished { sequence: 0, finish: Finish::Stopped });
    /// # Ok::<(), Error>(())
    /// ```
    pub fn stop(&mut self, sequence: usize) {
        let is_token = |event: &Result<_, _>| matches!(event, Ok(Event::Token { sequence: of, .. }) if *of == sequence);
        let is_end =
            |event: &Result<_, _>| matches!(event, Ok(Event::Finished { sequence: of, .. }) if *of == sequence);
        // Tokens that were drawn with those of other sequences, or with more of its own, come after the stop, and so does its end.
        let after = self.events.iter().filter(|event| is_token(event)).count();
        if let (1.., Some(state)) = (after, self.sequences.get_mut(sequence)) {
            state.ids.truncate(state.ids.len() - after);
            state.finished = false;
            self.events.retain(|event| !is_token(event) && !is_end(event));
        }
        self.finish(sequence, Finish::Stopped);
        if let Err(error) = self.forget_beyond(sequence) {
            self.fail(error);
        }
    }

    /// Every token of a sequence, with those of its prompt and those whose event is still to come.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::generate::Generation;
    /// # use congruent::generate::{Request, Sampler, Sampling, Session};
    /// dims! { Vocab = 10; }
    /// # /// Counts up.
    /// # struct Counter(Vec<usize>);
    /// # impl Session for Counter {
    /// #     type Vocab = Vocab;
    /// #     fn vocab(&self) -> Vocab {
    /// #         Vocab
    /// #     }
    /// #     fn context(&self) -> usize {
    /// #         100
    /// #     }
    /// #     fn sequences(&self) -> usize {
    /// #         self.0.len()
    /// #     }
    /// #     fn length(&self, sequence: usize) -> usize {
    /// #         self.0[sequence]
    /// #     }
    /// #     fn extend(&mut self, new: &[(usize, &[Index<Vocab>])]) -> Result<Vec<Tensor<(Vocab,)>>, Error> {
    /// #         let logits = new.iter().map(|(sequence, ids)| {
    /// #             self.0[*sequence] += ids.len();
    /// #             let next = ids.last().map_or(0, |id| (id.get() as usize + 1) % 10);
    /// #             Tensor::from_fn((Vocab,), |[id]| if id == next { 1.0 } else { 0.0 })
    /// #         });
    /// #         Ok(logits.collect())
    /// #     }
    /// # }
    /// # let (sampler, end) = (Sampler::new(Sampling::GREEDY, 0)?, vec![]);
    /// let request = Request { prompt: vec![Index::new(Vocab, 3)?], sampler, end, maximum: 20 };
    /// let mut session = Counter(vec![0]);
    /// let mut generation = Generation::new(&mut session, vec![request])?;
    /// generation.next().unwrap()?;
    /// assert_eq!(generation.ids(0).iter().map(|id| id.get()).collect::<Vec<_>>(), [3, 4]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn ids(&self, sequence: usize) -> &[Index<M::Vocab>] {
        self.sequences.get(sequence).map_or(&[], |sequence| &sequence.ids)
    }

    fn finish(&mut self, sequence: usize, finish: Finish) {
        match self.sequences.get_mut(sequence) {
            Some(state) if !state.finished => state.finished = true,
            _ => return,
        }
        self.events.push_back(Ok(Event::Finished { sequence, finish }));
    }

    /// The last event.
    fn fail(&mut self, error: Error) {
        self.sequences.iter_mut().for_each(|sequence| sequence.finished = true);
        self.events.clear();
        self.events.push_back(Err(error));
    }

    /// Ends a sequence that must not get longer.
    fn check_length(&mut self, sequence: usize) {
        let Sequence { ids, left, .. } = &self.sequences[sequence];
        if *left == 0 {
            self.finish(sequence, Finish::Maximum);
        } else if ids.len() >= self.session.context() {
            self.finish(sequence, Finish::Context);
        }
    }

    /// The next token of every sequence that goes on.
    fn step(&mut self) -> Result<(), Error> {
        let session = &*self.session;
        let live = self.sequences.iter().enumerate().filter(|(_, sequence)| !sequence.finished);
        let new: Vec<_> = live.map(|(i, sequence)| (i, &sequence.ids[session.length(i)..])).collect();
        let numbers: Vec<usize> = new.iter().map(|(i, _)| *i).collect();
        if new.is_empty() {
            return Ok(());
        }
        let logits = self.session.extend(&new)?;
        if logits.len() != numbers.len() {
            let batch = "the sequences that go on".to_owned();
            return Err(Error::SequenceCount { batch, expected: numbers.len(), found: logits.len() });
        }
        for (i, logits) in numbers.into_iter().zip(&logits) {
            let sequence = &mut self.sequences[i];
            let id = sequence.sampler.sample(logits, &sequence.ids)?;
            self.take(i, id);
        }
        Ok(())
    }

    /// Goes on with a token, which may be the end.
    pub(super) fn take(&mut self, sequence: usize, id: Index<M::Vocab>) {
        let state = &mut self.sequences[sequence];
        if state.end.contains(&id) {
            return self.finish(sequence, Finish::End);
        }
        state.ids.push(id);
        state.left -= 1;
        self.events.push_back(Ok(Event::Token { sequence, id }));
        self.check_length(sequence);
    }
}

impl<M: Session<B>, B: Backend<Elem: Float>> Iterator for Generation<'_, M, B> {
    type Item = Result<Event<M::Vocab>, Error>;

    /// The next event. After an error there is none.
    fn next(&mut self) -> Option<Self::Item> {
        let step = if self.speculation.is_some() { Self::speculate } else { Self::step };
        if self.events.is_empty()
            && let Err(error) = step(self)
        {
            self.fail(error);
        }
        self.events.pop_front()
    }
}

/// All tokens of every request, when the last sequence has ended.
///
/// ```
/// # use congruent::prelude::*;
/// use congruent::generate::{Finish, generate};
/// # use congruent::generate::{Request, Sampler, Sampling, Session};
/// dims! { Vocab = 10; }
/// # /// Counts up.
/// # struct Counter(Vec<usize>);
/// # impl Session for Counter {
/// #     type Vocab = Vocab;
/// #     fn vocab(&self) -> Vocab {
/// #         Vocab
/// #     }
/// #     fn context(&self) -> usize {
/// #         100
/// #     }
/// #     fn sequences(&self) -> usize {
/// #         self.0.len()
/// #     }
/// #     fn length(&self, sequence: usize) -> usize {
/// #         self.0[sequence]
/// #     }
/// #     fn extend(&mut self, new: &[(usize, &[Index<Vocab>])]) -> Result<Vec<Tensor<(Vocab,)>>, Error> {
/// #         let logits = new.iter().map(|(sequence, ids)| {
/// #             self.0[*sequence] += ids.len();
/// #             let next = ids.last().map_or(0, |id| (id.get() as usize + 1) % 10);
/// #             Tensor::from_fn((Vocab,), |[id]| if id == next { 1.0 } else { 0.0 })
/// #         });
/// #         Ok(logits.collect())
/// #     }
/// # }
/// # let (sampler, end) = (Sampler::new(Sampling::GREEDY, 0)?, vec![]);
/// let request = Request { prompt: vec![Index::new(Vocab, 3)?], sampler, end, maximum: 2 };
/// // A session of one sequence that counts up.
/// let generated = generate(&mut Counter(vec![0]), vec![request])?;
/// assert_eq!(generated[0].ids.iter().map(|id| id.get()).collect::<Vec<_>>(), [4, 5]);
/// assert_eq!(generated[0].finish, Finish::Maximum);
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// Those of [`Generation::new`]; the model's, and logits that are no distribution.
pub fn generate<M: Session<B>, B: Backend<Elem: Float>>(
    session: &mut M,
    requests: Vec<Request<M::Vocab>>,
) -> Result<Vec<Generated<M::Vocab>>, Error> {
    let mut generated: Vec<_> =
        requests.iter().map(|_| Generated { ids: Vec::new(), finish: Finish::Stopped }).collect();
    for event in Generation::new(session, requests)? {
        match event? {
            Event::Token { sequence, id } => generated[sequence].ids.push(id),
            Event::Finished { sequence, finish } => generated[sequence].finish = finish,
        }
    }
    Ok(generated)
}
