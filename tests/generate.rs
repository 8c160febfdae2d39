//! Sampling against the definitions, text cut anywhere, and generation in batches against one by one.

use congruent::generate::{
    Event, Finish, Generated, Generation, Request, Sampler, Sampling, Session, TextStream, generate,
};
use congruent::prelude::*;
use fastrand::Rng as Random;

dims! { Vocab; Table = 23; }

/// What Hugging Face's processors leave, by their definitions: all in one order, sorted ascending, with minus infinity for what is
/// removed. Of equals at the edge of top-p, those with the larger ids are removed first.
fn naive(sampling: &Sampling, logits: &[f32], sequence: &[u32]) -> Vec<f64> {
    let mut scores: Vec<f64> = logits.iter().map(|x| f64::from(*x)).collect();
    for (id, score) in scores.iter_mut().enumerate() {
        if sequence.contains(&(id as u32)) {
            let penalty = f64::from(sampling.repetition_penalty);
            *score = if *score < 0.0 { *score * penalty } else { *score / penalty };
        }
    }
    scores.iter_mut().for_each(|score| *score /= f64::from(sampling.temperature));
    if let Some(k) = sampling.top_k {
        let mut sorted = scores.clone();
        sorted.sort_by(|x, y| y.partial_cmp(x).unwrap());
        let least = sorted[k.min(sorted.len()) - 1];
        scores.iter_mut().filter(|score| **score < least).for_each(|score| *score = f64::NEG_INFINITY);
    }
    if sampling.top_p < 1.0 {
        let mut order: Vec<usize> = (0..scores.len()).rev().collect();
        order.sort_by(|x, y| scores[*x].partial_cmp(&scores[*y]).unwrap());
        let probabilities = softmax(&scores);
        let mut sum = 0.0;
        for id in &order[..order.len() - 1] {
            sum += probabilities[*id];
            if sum <= 1.0 - f64::from(sampling.top_p) {
                scores[*id] = f64::NEG_INFINITY;
            }
        }
    }
    softmax(&scores)
}

fn softmax(scores: &[f64]) -> Vec<f64> {
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = scores.iter().map(|score| (score - largest).exp()).collect();
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}

/// The probability of every id.
fn distribution(sampling: &Sampling, logits: &[f32], sequence: &[u32]) -> Result<Vec<f64>, Error> {
    Vocab::with(logits.len(), |vocab| {
        let logits = Tensor::from_vec((vocab,), logits.to_vec())?;
        let sequence = sequence.iter().map(|id| Index::new(vocab, *id)).collect::<Result<Vec<_>, _>>()?;
        let mut probabilities = vec![0.0; vocab.size()];
        let mut last = None;
        for (id, probability) in sampling.distribution(&logits, &sequence)? {
            assert!(last < Some(id.get()), "in the order of their ids");
            last = Some(id.get());
            probabilities[id.get() as usize] = probability;
        }
        Ok(probabilities)
    })
}

#[test]
fn the_distribution_is_the_one_of_the_definitions() {
    let mut random = Random::with_seed(1);
    for _ in 0..5000 {
        let size = random.usize(1..40);
        let spread = [0.1, 2.0, 20.0][random.usize(0..3)];
        let mut logits: Vec<f32> = (0..size).map(|_| (random.f32() - 0.5) * spread).collect();
        if random.bool() {
            // Equals.
            logits.iter_mut().for_each(|logit| *logit = logit.round());
        }
        let sequence: Vec<u32> = (0..random.usize(0..2 * size)).map(|_| random.u32(0..size as u32)).collect();
        let sampling = Sampling {
            temperature: [1.0, 0.5, 1.7][random.usize(0..3)],
            top_k: [None, Some(1), Some(random.usize(1..50))][random.usize(0..3)],
            top_p: [1.0, 0.05 + 0.9 * random.f32()][random.usize(0..2)],
            repetition_penalty: [1.0, 1.3, 0.8][random.usize(0..3)],
        };
        let (found, expected) =
            (distribution(&sampling, &logits, &sequence).unwrap(), naive(&sampling, &logits, &sequence));
        // The penalty is in single precision, as there: 1e-6 of logits up to 10, which are exponents.
        for (id, (x, y)) in found.iter().zip(&expected).enumerate() {
            assert!((x - y).abs() < 1e-5, "{sampling:?} {logits:?} {sequence:?} {id}: {found:?} {expected:?}");
        }
        assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}

#[test]
fn known_distributions() {
    let logits: Vec<f32> = [0.5f32, 0.3, 0.15, 0.05].iter().map(|p| p.ln()).collect();
    let check = |sampling: Sampling, sequence: &[u32], expected: [f64; 4]| {
        let found = distribution(&sampling, &logits, sequence).unwrap();
        assert!(found.iter().zip(expected).all(|(x, y)| (x - y).abs() < 1e-6), "{sampling:?}: {found:?}");
    };
    let all = Sampling::default();
    check(all, &[], [0.5, 0.3, 0.15, 0.05]);
    check(Sampling::GREEDY, &[], [1.0, 0.0, 0.0, 0.0]);
    check(Sampling { top_k: Some(2), ..all }, &[], [0.625, 0.375, 0.0, 0.0]);
    check(Sampling { top_k: Some(9), ..all }, &[], [0.5, 0.3, 0.15, 0.05]);
    check(Sampling { top_p: 0.4, ..all }, &[], [1.0, 0.0, 0.0, 0.0]);
    check(Sampling { top_p: 0.6, ..all }, &[], [0.625, 0.375, 0.0, 0.0]);
    check(Sampling { top_p: 1e-30, ..all }, &[], [1.0, 0.0, 0.0, 0.0]);
    // Top-p sees what top-k has left, at the temperature.
    check(Sampling { top_k: Some(2), top_p: 0.62, ..all }, &[], [1.0, 0.0, 0.0, 0.0]);
    let squares = 0.25 + 0.09 + 0.0225 + 0.0025;
    check(Sampling { temperature: 0.5, ..all }, &[], [0.25, 0.09, 0.0225, 0.0025].map(|x| x / squares));
    check(Sampling { temperature: 0.5, top_p: 0.68, ..all }, &[], [1.0, 0.0, 0.0, 0.0]);
    // Logits below zero are multiplied, so that their probabilities are squared.
    check(Sampling { repetition_penalty: 2.0, ..all }, &[0, 0, 0], [0.25, 0.3, 0.15, 0.05].map(|x: f64| x / 0.75));
    // Even so greedy goes on to the second.
    check(Sampling { repetition_penalty: 2.0, ..Sampling::GREEDY }, &[0], [0.0, 1.0, 0.0, 0.0]);
}

#[test]
fn extreme_logits() {
    let infinite = f32::INFINITY;
    let all = Sampling::default();
    let some = Sampling { top_k: Some(2), top_p: 0.9, temperature: 0.7, repetition_penalty: 1.1 };
    let of = |sampling: &Sampling, logits: &[f32]| distribution(sampling, logits, &[0]);
    assert_eq!(of(&all, &[1.0, infinite, -infinite, infinite]).unwrap(), [0.0, 0.5, 0.0, 0.5]);
    assert_eq!(of(&some, &[1.0, infinite, -infinite, infinite]).unwrap(), [0.0, 0.5, 0.0, 0.5]);
    assert_eq!(of(&Sampling::GREEDY, &[1.0, infinite, -infinite, infinite]).unwrap(), [0.0, 1.0, 0.0, 0.0]);
    assert_eq!(of(&all, &[-infinite, 2.0]).unwrap(), [0.0, 1.0]);
    assert_eq!(of(&some, &[-infinite, 2.0]).unwrap(), [0.0, 1.0]);
    assert_eq!(of(&all, &[f32::MAX, f32::MIN]).unwrap(), [1.0, 0.0]);
    // However rounding goes, one token is left.
    for size in [1, 3, 7, 1000, 49_152] {
        let found = of(&Sampling { top_p: f32::MIN_POSITIVE, temperature: 0.3, ..all }, &vec![0.1; size]).unwrap();
        assert!(found[0] == 1.0 && found[1..].iter().all(|p| *p == 0.0));
    }
    // As small as it is, a temperature has an order.
    let cold = Sampling { temperature: f32::from_bits(1), ..all };
    assert_eq!(of(&cold, &[1.0, 1.0 + f32::EPSILON, -5.0]).unwrap(), [0.0, 1.0, 0.0]);
    let hot = of(&Sampling { temperature: f32::MAX, ..all }, &[1.0, 9.0]).unwrap();
    assert!(hot.iter().all(|p| (p - 0.5).abs() < 1e-9));
    for sampling in [all, some, Sampling::GREEDY] {
        let error = of(&sampling, &[1.0, f32::NAN, 2.0]).unwrap_err().to_string();
        assert!(error.contains("are no distribution: the one of id 1 is NaN"), "{error}");
        for none in [&[-infinite, -infinite][..], &[]] {
            let error = distribution(&sampling, none, &[]).unwrap_err().to_string();
            assert!(error.contains("are no distribution: none is above minus infinity"), "{error}");
        }
    }
    // The most likely of probabilities is that of the logits; drawn from them, all would be almost alike.
    bind!(vocab: Vocab = 3);
    let probabilities = Tensor::from_slice((vocab,), &[1.0, 9.0, 2.0]).unwrap().softmax(vocab);
    let error = all.distribution(&probabilities, &[]).unwrap_err().to_string();
    assert!(error.ends_with("are no distribution: `softmax` made probabilities of them already"), "{error}");
    assert!(Sampling::GREEDY.distribution(&probabilities, &[]).is_ok());
}

#[test]
fn settings_out_of_their_range_are_errors() {
    let all = Sampling::default();
    let cases = [
        (Sampling { temperature: -1.0, ..all }, "`temperature` is -1, expected a number from 0 on"),
        (Sampling { temperature: f32::NAN, ..all }, "`temperature` is NaN, expected a number from 0 on"),
        (Sampling { temperature: f32::INFINITY, ..all }, "`temperature` is inf, expected a number from 0 on"),
        (Sampling { top_k: Some(0), ..all }, "`top_k` is 0, expected at least 1"),
        (Sampling { top_p: 0.0, ..all }, "`top_p` is 0, expected a number above 0, up to 1"),
        (Sampling { top_p: 1.01, ..all }, "`top_p` is 1.01, expected a number above 0, up to 1"),
        (Sampling { top_p: f32::NAN, ..all }, "`top_p` is NaN, expected a number above 0, up to 1"),
        (Sampling { repetition_penalty: 0.0, ..all }, "`repetition_penalty` is 0, expected a number above 0"),
        (Sampling { repetition_penalty: f32::NAN, ..all }, "`repetition_penalty` is NaN, expected a number above 0"),
    ];
    for (sampling, expected) in cases {
        assert_eq!(Sampler::new(sampling, 0).unwrap_err().to_string(), expected);
        assert_eq!(distribution(&sampling, &[1.0], &[]).unwrap_err().to_string(), expected);
    }
}

#[test]
fn tokens_come_as_often_as_they_are_likely() {
    let logits: Vec<f32> = (0..23).map(|i| ((i * 7 % 23) as f32) / 4.0 - 3.0).collect();
    let tensor = Tensor::from_vec((Table,), logits.clone()).unwrap();
    let all = Sampling::default();
    for sampling in [all, Sampling { top_k: Some(7), temperature: 1.5, ..all }, Sampling { top_p: 0.8, ..all }] {
        let (expected, draws) = (naive(&sampling, &logits, &[]), 100_000);
        let mut sampler = Sampler::new(sampling, 5).unwrap();
        let mut counts = vec![0u32; logits.len()];
        for _ in 0..draws {
            counts[sampler.sample(&tensor, &[]).unwrap().get() as usize] += 1;
        }
        for (id, (count, p)) in counts.iter().zip(&expected).enumerate() {
            // Five standard deviations of so many draws.
            let bound = 5.0 * (p * (1.0 - p) / f64::from(draws)).sqrt();
            let off = (f64::from(*count) / f64::from(draws) - p).abs();
            assert!(off <= bound, "{sampling:?}, id {id}: {count}, expected {p}");
        }
    }
}

#[test]
fn a_seed_gives_the_same_tokens() {
    let logits = Tensor::zeros((Table,));
    let draw = |seed| {
        let mut sampler = Sampler::new(Sampling::default(), seed).unwrap();
        (0..50).map(|_| sampler.sample(&logits, &[]).unwrap().get()).collect::<Vec<_>>()
    };
    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7), draw(8));
}

/// What a stream should give: all at once, by characters.
fn whole(bytes: &[u8], stops: &[&str]) -> String {
    let text = String::from_utf8_lossy(bytes).into_owned();
    for (end, _) in text.char_indices().map(|(i, c)| (i + c.len_utf8(), c)) {
        let complete = stops.iter().filter(|stop| text[..end].ends_with(**stop)).map(|stop| stop.len()).max();
        if let Some(length) = complete {
            return text[..end - length].to_owned();
        }
    }
    text
}

fn streamed(bytes: &[u8], stops: &[&str], mut next: impl FnMut() -> usize) -> String {
    let mut stream = TextStream::new(stops.iter().copied()).unwrap();
    let (mut text, mut rest) = (String::new(), bytes);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(next().min(rest.len()));
        text.push_str(&stream.push(piece));
        rest = after;
    }
    text.push_str(&stream.finish());
    text.push_str(&stream.finish());
    if stream.stopped().is_some() {
        assert_eq!(stream.push(b"more"), "");
    }
    text
}

#[test]
fn text_does_not_depend_on_how_its_bytes_are_cut() {
    let mut random = Random::with_seed(2);
    let parts: [&[u8]; 12] = [
        b"a",
        b"b",
        b"ab",
        b"\n",
        "é".as_bytes(),
        "東".as_bytes(),
        "🙂".as_bytes(),
        b"\xff",
        b"\xf0\x9f",
        b"\xe2",
        b"\x80",
        b"\xed\xa0",
    ];
    let words = ["a", "ab", "aab", "ba", "b\nb", "é", "東a", "🙂", "aé東", "\u{fffd}", "abab"];
    for _ in 0..20_000 {
        let bytes: Vec<u8> =
            (0..random.usize(0..12)).flat_map(|_| parts[random.usize(0..parts.len())].to_vec()).collect();
        let stops: Vec<&str> = (0..random.usize(0..4)).map(|_| words[random.usize(0..words.len())]).collect();
        let expected = whole(&bytes, &stops);
        for longest in [1, 2, 5, 100] {
            let found = streamed(&bytes, &stops, || random.usize(0..=longest));
            assert_eq!(found, expected, "{bytes:?} {stops:?}");
        }
    }
}

#[test]
fn text_comes_as_soon_as_it_is_clear() {
    let mut stream = TextStream::new(["stop"]).unwrap();
    assert_eq!(stream.push(b"go on st"), "go on ");
    assert_eq!(stream.push(b"e"), "ste");
    assert_eq!(stream.push("p é".as_bytes()), "p é");
    assert_eq!((stream.push(b"sto"), stream.stopped()), (String::new(), None));
    assert_eq!((stream.push(b"p!"), stream.stopped()), (String::new(), Some("stop")));
    let mut stream = TextStream::default();
    assert_eq!((stream.push(b"a\xf0\x9f\x99"), stream.push(b"\x82")), ("a".to_owned(), "🙂".to_owned()));
    assert_eq!((stream.push(b"\xf0\x9f"), stream.finish()), (String::new(), "\u{fffd}".to_owned()));
    let error = TextStream::new(["a", ""]).unwrap_err();
    assert_eq!(error.to_string(), "`stop` is an empty one, expected a string that is not empty");
}

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

/// A model that fails at its second call.
struct Failing(Fake);
impl Session for Failing {
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
    fn extend(&mut self, new: &[(usize, &[Index<Table>])]) -> Result<Vec<Tensor<(Table,)>>, Error> {
        if self.0.calls.len() == 1 {
            return Ok(vec![Tensor::full((Table,), f32::NAN)]);
        }
        self.0.extend(new)
    }
}

/// A model that calculates in double precision.
struct Wide(Fake);
impl Session<Cpu<f64>> for Wide {
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
    fn extend(&mut self, new: &[(usize, &[Index<Table>])]) -> Result<Vec<Tensor<(Table,), Cpu<f64>>>, Error> {
        Ok(self.0.extend(new)?.into_iter().map(|logits| logits.cast()).collect())
    }
}

#[test]
fn logits_of_another_backend_choose_alike() {
    let mut random = Random::with_seed(3);
    let requests = requests(&mut random, 4);
    let alike = generate(&mut Fake::new(4, 40), requests.clone()).unwrap();
    assert_eq!(generate(&mut Wide(Fake::new(4, 40)), requests).unwrap(), alike);
    assert!(alike.iter().any(|generated| !generated.ids.is_empty()));
}

#[test]
fn an_error_is_the_last_event() {
    let sampler = Sampler::new(Sampling::GREEDY, 0).unwrap();
    let request = Request { prompt: ids(&[1]), sampler, end: vec![], maximum: 5 };
    let mut model = Failing(Fake::new(1, 10));
    let events: Vec<_> = Generation::new(&mut model, vec![request]).unwrap().collect();
    assert_eq!(events.len(), 2);
    assert!(matches!(events[0], Ok(Event::Token { .. })));
    assert!(matches!(events[1], Err(Error::NoDistribution { .. })));
}
