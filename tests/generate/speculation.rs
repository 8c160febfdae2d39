//! Speculation: whatever is proposed, the text is that of the model alone, or drawn from its distribution.

use congruent::generate::{
    Draft, Event, Finish, Generated, Generation, PromptLookup, Proposer, Read, Request, Rewind, Sampler, Sampling,
    Session, generate,
};
use congruent::prelude::*;
use fastrand::Rng as Random;

dims! { Table = 7; }

/// A model whose next token depends on the last two, and how the logits of a model like it differ.
#[derive(Clone)]
struct Fake {
    read: Vec<Vec<u32>>,
    context: usize,
    /// How far logits are from those of another `Fake`.
    error: f32,
    /// How many tokens were read in each call, and how many were taken back.
    calls: Vec<usize>,
    taken_back: usize,
}

impl Fake {
    fn new(sequences: usize, context: usize, error: f32) -> Self {
        Fake { read: vec![Vec::new(); sequences], context, error, calls: Vec::new(), taken_back: 0 }
    }

    fn logits(&self, read: &[u32]) -> Tensor<(Table,)> {
        let seed = read.iter().rev().take(2).fold(1, |seed, id| seed * 31 + u64::from(*id));
        let [mut random, mut other] = [seed, seed + 1_000_000].map(Random::with_seed);
        Tensor::from_fn((Table,), |_| 3.0 * random.f32() + self.error * other.f32())
    }
}

impl Session for Fake {
    type Vocab = Table;
    fn vocab(&self) -> Table {
        Table
    }
    fn context(&self) -> usize {
        self.context
    }
    fn sequences(&self) -> usize {
        self.read.len()
    }
    fn length(&self, sequence: usize) -> usize {
        self.read[sequence].len()
    }
    fn extend(&mut self, new: &[(usize, &[Index<Table>])]) -> Result<Vec<Tensor<(Table,)>>, Error> {
        Ok(self.extend_each(new, &vec![1; new.len()])?.concat())
    }
}

impl Rewind for Fake {
    fn extend_each(
        &mut self,
        new: &[(usize, &[Index<Table>])],
        last: &[usize],
    ) -> Result<Vec<Vec<Tensor<(Table,)>>>, Error> {
        assert_eq!(new.len(), last.len());
        self.calls.push(new.iter().map(|(_, ids)| ids.len()).sum());
        let of = |(&(sequence, ids), &last): (&(usize, &[Index<Table>]), &usize)| {
            assert!((1..=ids.len()).contains(&last));
            self.read[sequence].extend(ids.iter().map(|id| id.get()));
            let read = &self.read[sequence];
            assert!(read.len() <= self.context);
            (read.len() - last..read.len()).map(|at| self.logits(&read[..=at])).collect()
        };
        Ok(new.iter().zip(last).map(of).collect())
    }
    fn truncate(&mut self, lengths: &[usize]) -> Result<(), Error> {
        assert_eq!(lengths.len(), self.read.len());
        for (read, length) in self.read.iter_mut().zip(lengths) {
            self.taken_back += read.len().saturating_sub(*length);
            read.truncate(*length);
        }
        Ok(())
    }
}

fn ids(ids: &[u32]) -> Vec<Index<Table>> {
    ids.iter().map(|id| Index::new(Table, *id).unwrap()).collect()
}

fn request(random: &mut Random, sampling: Sampling) -> Request<Table> {
    let mut some = |range| ids(&(0..random.usize(range)).map(|_| random.u32(0..7)).collect::<Vec<_>>());
    let (prompt, end) = (some(1..6), some(0..2));
    Request { prompt, end, sampler: Sampler::new(sampling, random.u64(..)).unwrap(), maximum: random.usize(0..24) }
}

/// What becomes of requests with proposals.
fn speculated<P: Proposer<Table>>(
    session: &mut Fake,
    requests: Vec<Request<Table>>,
    proposer: &mut P,
    most: usize,
) -> Vec<Generated<Table>> {
    let mut generated = vec![Generated { ids: Vec::new(), finish: Finish::Stopped }; requests.len()];
    for event in Generation::new(session, requests).unwrap().speculating(proposer, most) {
        match event.unwrap() {
            Event::Token { sequence, id } => generated[sequence].ids.push(id),
            Event::Finished { sequence, finish } => generated[sequence].finish = finish,
        }
    }
    generated
}

/// Proposers of all kinds: a model that is the same, one like it, one that has nothing to do with it; and the text itself.
fn proposers(sequences: usize, context: usize) -> Vec<Box<dyn Proposer<Table>>> {
    let draft = |error| Box::new(Draft::new(Fake::new(sequences, context, error))) as Box<dyn Proposer<Table>>;
    vec![draft(0.0), draft(1.0), draft(1000.0), Box::new(PromptLookup::new(1..=3).unwrap())]
}

#[test]
fn the_most_likely_text_is_that_of_the_model_alone() {
    let mut random = Random::with_seed(5);
    let penalty = Sampling { repetition_penalty: 1.5, ..Sampling::GREEDY };
    let (mut finishes, mut taken_back, mut ends_inside) = (Vec::new(), 0, 0);
    for round in 0..400 {
        let most = 1 + round % 8;
        // Texts end at their context, often with the draft's before them.
        let [context, of_draft] = [random.usize(6..30), random.usize(3..30)];
        let requests: Vec<_> =
            (0..random.usize(1..4)).map(|_| request(&mut random, [Sampling::GREEDY, penalty][round % 2])).collect();
        let count = requests.len();
        let mut alone = Fake::new(count, context, 0.0);
        let expected = generate(&mut alone, requests.clone()).unwrap();
        for mut proposer in proposers(count, of_draft) {
            let mut session = Fake::new(count, context, 0.0);
            assert_eq!(speculated(&mut session, requests.clone(), &mut proposer, most), expected);
            // What was not accepted is forgotten: the same tokens were read, and no others.
            assert_eq!(session.read, alone.read);
            taken_back += session.taken_back;
            let ended = expected.iter().filter(|generated| generated.finish == Finish::End).count();
            ends_inside += usize::from(ended > 0 && session.taken_back > 0);
        }
        finishes.extend(expected.iter().map(|generated| generated.finish));
    }
    for finish in [Finish::Maximum, Finish::Context, Finish::End] {
        assert!(finishes.iter().filter(|seen| **seen == finish).count() > 50, "{finish:?}");
    }
    assert!(taken_back > 1000 && ends_inside > 50, "{taken_back}, {ends_inside}");
}

#[test]
fn a_draft_that_is_the_model_is_accepted_whole() {
    for most in 1..=8 {
        let request = Request {
            prompt: ids(&[3]),
            sampler: Sampler::new(Sampling::default(), 1).unwrap(),
            end: vec![],
            maximum: 40,
        };
        let mut session = Fake::new(1, 100, 0.0);
        let mut draft = Draft::new(Fake::new(1, 100, 0.0));
        speculated(&mut session, vec![request], &mut draft, most);
        assert_eq!(session.calls.len(), 40usize.div_ceil(most + 1));
        assert_eq!(session.taken_back, 0);
    }
}

/// The probabilities of all texts of three tokens after this one, by the model alone.
fn probabilities(model: &Fake, sampling: Sampling, first: u32) -> Vec<f64> {
    let mut all = vec![0.0; 343];
    let next = |read: &[u32]| sampling.distribution(&model.logits(read), &ids(read)).unwrap();
    for (x, p) in next(&[first]) {
        for (y, q) in next(&[first, x.get()]) {
            for (z, r) in next(&[first, x.get(), y.get()]) {
                all[(x.get() * 49 + y.get() * 7 + z.get()) as usize] = p * q * r;
            }
        }
    }
    all
}

/// Pearson's statistic of counts, where cells of less than five expected are one; and its degrees of freedom.
fn chi_square(counts: &[f64], probabilities: &[f64]) -> (f64, f64) {
    let total: f64 = counts.iter().sum();
    let (mut cells, mut rest) = (Vec::new(), (0.0, 0.0));
    for (count, probability) in counts.iter().zip(probabilities) {
        let expected = total * probability;
        if expected == 0.0 {
            assert_eq!(*count, 0.0, "a text that cannot be");
        } else if expected < 5.0 {
            rest = (rest.0 + count, rest.1 + expected);
        } else {
            cells.push((*count, expected));
        }
    }
    cells.extend((rest.1 >= 5.0).then_some(rest));
    (cells.iter().map(|(count, expected)| (count - expected).powi(2) / expected).sum(), (cells.len() - 1) as f64)
}

#[test]
fn drawn_texts_have_the_distribution_of_the_model() {
    const TEXTS: u64 = 20_000;
    let model = Fake::new(1, 10, 0.0);
    let samplings = [Sampling::default(), Sampling { top_p: 0.8, temperature: 0.7, ..Sampling::default() }];
    for sampling in samplings {
        let expected = probabilities(&model, sampling, 2);
        for (number, most) in [(0, 2), (1, 1), (1, 4), (2, 2), (3, 3)] {
            // Prompt lookup finds something in each text, as the prompt repeats.
            let mut counts = vec![0.0; 343];
            let mut proposer = proposers(1, 10).swap_remove(number);
            for seed in 0..TEXTS {
                let sampler = Sampler::new(sampling, seed).unwrap();
                let prompt = ids(if number == 3 { &[2, 5, 1, 2] } else { &[2] });
                let request = Request { prompt, sampler, end: vec![], maximum: 3 };
                let text = speculated(&mut model.clone(), vec![request], &mut proposer, most).remove(0).ids;
                counts[text.iter().fold(0, |cell, id| cell * 7 + id.get() as usize)] += 1.0;
            }
            let expected = if number == 3 { of_prompt(&model, sampling) } else { expected.clone() };
            let (statistic, freedom) = chi_square(&counts, &expected);
            // Five standard deviations above the mean: less than one in 10 000 for any fixed seed, and the seeds are fixed.
            let bound = freedom + 5.0 * (2.0 * freedom).sqrt();
            assert!(statistic < bound, "proposer {number}, {most} tokens: {statistic} of {freedom}");
            // Another model's texts would be seen.
            let other = probabilities(&Fake::new(1, 10, 1.0), Sampling::default(), 2);
            let others: Vec<f64> = other.iter().map(|p| p * TEXTS as f64).collect();
            if sampling == Sampling::default() && number != 3 {
                assert!(chi_square(&others, &expected).0 > 4.0 * bound);
            }
        }
    }
}

/// As [`probabilities`], after the prompt `5 1 2`.
fn of_prompt(model: &Fake, sampling: Sampling) -> Vec<f64> {
    let mut all = vec![0.0; 343];
    let next = |read: &[u32]| sampling.distribution(&model.logits(read), &ids(read)).unwrap();
    for (x, p) in next(&[1, 2]) {
        for (y, q) in next(&[2, x.get()]) {
            for (z, r) in next(&[x.get(), y.get()]) {
                all[(x.get() * 49 + y.get() * 7 + z.get()) as usize] = p * q * r;
            }
        }
    }
    all
}

#[test]
fn a_stop_takes_back_what_was_accepted_after_it() {
    // At the last token it ends by itself.
    for after in 0..11 {
        let greedy = Sampler::new(Sampling::GREEDY, 0).unwrap();
        let request = |prompt| Request { prompt, sampler: greedy.clone(), end: vec![], maximum: 12 };
        let (mut session, mut draft) = (Fake::new(2, 100, 0.0), Draft::new(Fake::new(2, 100, 0.0)));
        let mut generation = Generation::new(&mut session, vec![request(ids(&[1])), request(ids(&[2]))]).unwrap();
        let alone = generate(&mut Fake::new(1, 100, 0.0), vec![request(ids(&[1]))]).unwrap().remove(0).ids;
        generation = generation.speculating(&mut draft, 4);
        let (mut tokens, mut finished) = (Vec::new(), Vec::new());
        while let Some(event) = generation.next() {
            match event.unwrap() {
                Event::Token { sequence: 0, id } => tokens.push(id),
                Event::Token { .. } => {}
                Event::Finished { sequence, finish } => finished.push((sequence, finish)),
            }
            if tokens.len() == after + 1 {
                generation.stop(0);
            }
        }
        assert_eq!((tokens, generation.ids(0)[1..].to_vec()), (alone[..=after].to_vec(), alone[..=after].to_vec()));
        assert_eq!(generation.ids(1).len(), 13);
        finished.sort_by_key(|(sequence, _)| *sequence);
        assert_eq!(finished, [(0, Finish::Stopped), (1, Finish::Maximum)]);
        // What it has read is the beginning of the text.
        assert!(session.read[0].len() <= after + 2);
    }
}

/// A proposer with fewer distributions than texts, and one that fails.
struct Wrong(Result<(), Error>);
impl Proposer<Table> for Wrong {
    fn propose(&mut self, _: &[Read<'_, Table>]) -> Result<Vec<Vec<(Index<Table>, f64)>>, Error> {
        self.0.clone().map(|()| Vec::new())
    }
}

#[test]
fn what_a_proposer_finds_wrong_ends_the_generation() {
    let failure = Error::NothingToRead { sequence: 9 };
    for (said, message) in [
        (Ok(()), "`the texts that tokens are proposed for` holds 1 sequences, found 0"),
        (Err(failure), "sequence 9 has no token that is still to be read, and the next follows from one"),
    ] {
        let greedy = Sampler::new(Sampling::GREEDY, 0).unwrap();
        let request = Request { prompt: ids(&[1]), sampler: greedy, end: vec![], maximum: 5 };
        let (mut session, mut wrong) = (Fake::new(1, 100, 0.0), Wrong(said));
        let mut generation = Generation::new(&mut session, vec![request]).unwrap().speculating(&mut wrong, 4);
        assert_eq!(generation.next().unwrap().unwrap_err().to_string(), message);
        assert!(generation.next().is_none());
    }
    // A draft of fewer sequences.
    let greedy = Sampler::new(Sampling::GREEDY, 0).unwrap();
    let request = Request { prompt: ids(&[1]), sampler: greedy, end: vec![], maximum: 5 };
    let (mut session, mut draft) = (Fake::new(2, 100, 0.0), Draft::new(Fake::new(1, 100, 0.0)));
    let mut generation =
        Generation::new(&mut session, vec![request.clone(), request]).unwrap().speculating(&mut draft, 4);
    let error = generation.next().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "`the session of the draft` holds 1 sequences, found 2");
}

#[test]
fn a_draft_goes_on_with_another_text() {
    let greedy = Sampler::new(Sampling::GREEDY, 0).unwrap();
    let request = |prompt| Request { prompt: ids(prompt), sampler: greedy.clone(), end: vec![], maximum: 9 };
    let mut draft = Draft::new(Fake::new(1, 100, 0.0));
    for prompt in [&[1, 2, 3][..], &[1, 2, 3, 4, 5, 6], &[6, 6], &[1]] {
        let alone = generate(&mut Fake::new(1, 100, 0.0), vec![request(prompt)]).unwrap();
        let mut session = Fake::new(1, 100, 0.0);
        assert_eq!(speculated(&mut session, vec![request(prompt)], &mut draft, 4), alone);
        // It proposes what the model says, whatever it has read before.
        assert_eq!(session.calls.len(), 2);
    }
}
