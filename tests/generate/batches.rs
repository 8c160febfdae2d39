//! Sampling against the definitions, text cut anywhere, and generation in batches against one by one.

use congruent::backend::Float;
use congruent::generate::{Event, Finish, Generated, Generation, Request, Sampler, Sampling, Session, generate};
use congruent::prelude::*;
use fastrand::Rng as Random;

dims! { Table = 23; }

/// A model whose next token is likely to be a function of the sum and the number of those it has read.
struct Fake {
    read: Vec<Vec<u32>>,
    context: usize,
    /// How many sequences were read in each call.
    calls: Vec<usize>,
}

impl Fake {
    fn new(sequences: usize, context: usize) -> Self {
        Fake { read: vec![Vec::new(); sequences], context, calls: Vec::new() }
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
        self.calls.push(new.len());
        let logits = new.iter().map(|(sequence, ids)| {
            assert!(!ids.is_empty());
            let read = &mut self.read[*sequence];
            read.extend(ids.iter().map(|id| id.get()));
            assert!(read.len() <= self.context);
            let seed = read.iter().fold(read.len() as u64, |seed, id| seed.wrapping_mul(31) + u64::from(*id));
            let mut random = Random::with_seed(seed);
            Tensor::from_fn((Table,), |_| 4.0 * random.f32())
        });
        Ok(logits.collect())
    }
}

fn ids(ids: &[u32]) -> Vec<Index<Table>> {
    ids.iter().map(|id| Index::new(Table, *id).unwrap()).collect()
}

fn requests(random: &mut Random, count: usize) -> Vec<Request<Table>> {
    let request = |_| {
        let prompt: Vec<u32> = (0..random.usize(1..9)).map(|_| random.u32(0..23)).collect();
        let end: Vec<u32> = (0..random.usize(0..3)).map(|_| random.u32(0..23)).collect();
        let sampling = [Sampling::GREEDY, Sampling { top_p: 0.9, repetition_penalty: 1.2, ..Sampling::default() }];
        let sampler = Sampler::new(sampling[random.usize(0..2)], random.u64(..)).unwrap();
        Request { prompt: ids(&prompt), sampler, end: ids(&end), maximum: random.usize(0..30) }
    };
    (0..count).map(request).collect()
}

#[test]
fn a_batch_gives_what_its_sequences_give_alone() {
    let mut random = Random::with_seed(3);
    let mut seen = Vec::new();
    for _ in 0..300 {
        let requests = {
            let count = random.usize(0..6);
            requests(&mut random, count)
        };
        let context = random.usize(8..40);
        let mut batch = Fake::new(requests.len(), context);
        let together = generate(&mut batch, requests.clone()).unwrap();
        let alone: Vec<Generated<Table>> = requests
            .iter()
            .map(|request| generate(&mut Fake::new(1, context), vec![request.clone()]).unwrap().remove(0))
            .collect();
        assert_eq!(together, alone);
        // Who has finished is not read again.
        assert!(batch.calls.is_sorted_by(|x, y| x >= y));
        for (request, generated) in requests.iter().zip(&together) {
            seen.push(generated.finish);
            assert!(generated.ids.iter().all(|id| !request.end.contains(id)));
            let (count, length) = (generated.ids.len(), request.prompt.len() + generated.ids.len());
            match generated.finish {
                Finish::Maximum => assert_eq!(count, request.maximum),
                Finish::Context => assert!(length == context && count < request.maximum),
                Finish::End => assert!(count < request.maximum && length < context),
                Finish::Stopped => unreachable!(),
            }
        }
    }
    for finish in [Finish::Maximum, Finish::Context, Finish::End] {
        assert!(seen.iter().filter(|seen| **seen == finish).count() > 50, "{finish:?}");
    }
}

#[test]
fn greedy_generation_is_the_loop_written_out() {
    let request =
        Request { prompt: ids(&[3, 1]), sampler: Sampler::new(Sampling::GREEDY, 0).unwrap(), end: vec![], maximum: 9 };
    let generated = generate(&mut Fake::new(1, 100), vec![request]).unwrap();
    let mut sequence = ids(&[3, 1]);
    for _ in 0..9 {
        let logits = Fake::new(1, 100).extend(&[(0, &sequence)]).unwrap().remove(0).to_vec();
        let best = (0..23).max_by(|x, y| logits[*x].total_cmp(&logits[*y])).unwrap();
        sequence.extend(ids(&[best as u32]));
    }
    assert_eq!(generated[0].ids, sequence[2..]);
}

#[test]
fn a_sequence_stops_when_it_is_told_to() {
    let mut random = Random::with_seed(4);
    let request = |seed| Request {
        prompt: ids(&[1, 2]),
        sampler: Sampler::new(Sampling::default(), seed).unwrap(),
        end: vec![],
        maximum: 12,
    };
    let alone = generate(&mut Fake::new(1, 100), vec![request(1)]).unwrap().remove(0).ids;
    for _ in 0..50 {
        let mut fake = Fake::new(3, 100);
        let mut generation = Generation::new(&mut fake, vec![request(0), request(1), request(2)]).unwrap();
        let (stopped, after) = ([0, 2][random.usize(0..2)], random.usize(0..12));
        let mut tokens = vec![Vec::new(); 3];
        let mut finished = Vec::new();
        let mut count = 0;
        while let Some(event) = generation.next() {
            match event.unwrap() {
                Event::Token { sequence, id } => tokens[sequence].push(id),
                Event::Finished { sequence, finish } => finished.push((sequence, finish)),
            }
            if count == after {
                generation.stop(stopped);
                generation.stop(stopped);
                assert_eq!(generation.ids(stopped)[2..], tokens[stopped]);
            }
            count += 1;
        }
        assert_eq!(tokens[1], alone);
        assert_eq!(generation.ids(1)[2..], alone);
        finished.sort_by_key(|(sequence, _)| *sequence);
        let expected: Vec<_> =
            (0..3).map(|i| (i, if i == stopped { Finish::Stopped } else { Finish::Maximum })).collect();
        assert_eq!(finished, expected);
    }
}

#[test]
fn a_session_goes_on_from_what_it_has_read() {
    let greedy = || Sampler::new(Sampling::GREEDY, 0).unwrap();
    let request = |prompt: Vec<Index<Table>>| Request { prompt, sampler: greedy(), end: vec![], maximum: 5 };
    let mut session = Fake::new(1, 100);
    let first = generate(&mut session, vec![request(ids(&[4, 5, 6]))]).unwrap().remove(0).ids;
    // The last token was drawn and not read.
    assert_eq!(session.length(0), 7);
    let prompt = [ids(&[4, 5, 6]), first, ids(&[8, 9])].concat();
    let second = generate(&mut session, vec![request(prompt.clone())]).unwrap();
    assert_eq!(second, generate(&mut Fake::new(1, 100), vec![request(prompt)]).unwrap());
}

#[test]
fn requests_that_do_not_fit_are_errors() {
    let greedy = Sampler::new(Sampling::GREEDY, 0).unwrap();
    let request = |length| Request { prompt: ids(&vec![1; length]), sampler: greedy.clone(), end: vec![], maximum: 5 };
    let error = |lengths: &[usize]| {
        let requests = lengths.iter().map(|length| request(*length)).collect();
        Generation::new(&mut Fake::new(2, 10), requests).err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert_eq!(error(&[1]), "`the session` holds 2 sequences, found 1");
    assert_eq!(error(&[1, 0]), "sequence 1 has no token that is still to be read, and the next follows from one");
    assert_eq!(error(&[11, 1]), "sequence 0 has length 11, and `the context` has room for 10");
    assert_eq!(error(&[10, 1]), "");
    let full = generate(&mut Fake::new(2, 10), vec![request(10), request(9)]).unwrap();
    assert_eq!((full[0].ids.len(), full[0].finish), (0, Finish::Context));
    assert_eq!((full[1].ids.len(), full[1].finish), (1, Finish::Context));
}

type Logits<B> = Result<Vec<Tensor<(Table,), B>>, Error>;

/// The model, with logits of its own.
struct Other<B: Backend>(Fake, fn(&mut Fake, &[(usize, &[Index<Table>])]) -> Logits<B>);
impl<B: Backend<Elem: Float>> Session<B> for Other<B> {
    type Vocab = Table;
    fn vocab(&self) -> Table {
        Table
    }
    fn context(&self) -> usize {
        self.0.context()
    }
    fn sequences(&self) -> usize {
        self.0.sequences()
    }
    fn length(&self, sequence: usize) -> usize {
        self.0.length(sequence)
    }
    fn extend(&mut self, new: &[(usize, &[Index<Table>])]) -> Logits<B> {
        (self.1)(&mut self.0, new)
    }
}

/// In double precision.
fn wide(model: &mut Fake, new: &[(usize, &[Index<Table>])]) -> Logits<Cpu<f64>> {
    Ok(model.extend(new)?.into_iter().map(|logits| logits.cast()).collect())
}

/// None of its second call.
fn failing(model: &mut Fake, new: &[(usize, &[Index<Table>])]) -> Logits<Cpu<f32>> {
    if model.calls.len() == 1 {
        return Ok(vec![Tensor::full((Table,), f32::NAN)]);
    }
    model.extend(new)
}

#[test]
fn logits_of_another_backend_choose_alike() {
    let mut random = Random::with_seed(3);
    let requests = requests(&mut random, 4);
    let alike = generate(&mut Fake::new(4, 40), requests.clone()).unwrap();
    assert_eq!(generate(&mut Other(Fake::new(4, 40), wide), requests).unwrap(), alike);
    assert!(alike.iter().any(|generated| !generated.ids.is_empty()));
}

#[test]
fn an_error_is_the_last_event() {
    let sampler = Sampler::new(Sampling::GREEDY, 0).unwrap();
    let request = Request { prompt: ids(&[1]), sampler, end: vec![], maximum: 5 };
    let mut model = Other(Fake::new(1, 10), failing);
    let events: Vec<_> = Generation::new(&mut model, vec![request]).unwrap().collect();
    assert_eq!(events.len(), 2);
    assert!(matches!(events[0], Ok(Event::Token { .. })));
    assert!(matches!(events[1], Err(Error::NoDistribution { .. })));
}
