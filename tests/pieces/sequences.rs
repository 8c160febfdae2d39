//! Models of sequences, and what decodes them.

use crate::plain::{close, softmax, wide};
use congruent::Sliding;
use congruent::dim::Next;
use congruent::nn::{
    Conv1d, Embedding, GroupedQueryAttention, Gru, KeyValueCache, Linear, Lstm, Rotary, RotaryLayout, ctc_loss,
};
use congruent::prelude::*;

dims! {
    Batch = 2; Seq; Embed = 3; Hidden = 4; Classes = 3; State = 2; Vocab = 5; Beams = 3; Mels = 4; Time; Frames; Letters;
    Heads = 2; HeadDim = 4; Positions = 32; Draft; Tags = 3;
}

// GRU and LSTM classifiers of padded sequences, run-time.
#[derive(Module)]
struct Classifier {
    forth: Gru<Embed, Hidden>,
    back: Gru<Embed, Hidden>,
    second: Lstm<Plus<Hidden, Hidden>, Hidden>,
    head: Linear<Hidden, Classes>,
}
impl Classifier {
    fn forward<B: Dim, S: Whole>(&self, x: &Tensor<(B, S, Embed)>, lengths: &Lengths<B, S>) -> Tensor<(B, Classes)> {
        let batch = lengths.batch();
        let (a, _) = self.forth.forward_masked(x, lengths, &self.forth.start(batch));
        let (b, _) = self.back.forward_masked_reverse(x, lengths, &self.back.start(batch));
        let (_, last) = self.second.forward_masked(&a.concat(Hidden, &b), lengths, &self.second.start(batch));
        self.head.forward(&last.hidden)
    }
}
#[test]
fn classifier() {
    let rng = &mut Rng::with_seed(1);
    let model = Classifier {
        forth: Gru::random(Embed, Hidden, rng),
        back: Gru::random(Embed, Hidden, rng),
        second: Lstm::random(Plus(Hidden, Hidden), Hidden, rng),
        head: Linear::random(Hidden, Classes, rng),
    };
    let texts: Vec<Vec<f32>> = [5, 2].map(|n| (0..n * 3).map(|_| rng.f64() as f32).collect()).into();
    bind!(seq: Ragged<Seq> = 5);
    let padded = texts.iter().flat_map(|t| t.iter().copied().chain(std::iter::repeat(7.0)).take(15)).collect();
    let x = Tensor::from_vec((Batch, seq, Embed), padded).unwrap();
    let y = model.forward(&x, &Lengths::new(Batch, seq, &[5, 2]).unwrap());
    for (n, text) in texts.iter().enumerate() {
        bind!(own: Seq = text.len() / 3);
        let x = Tensor::from_slice((N::<1>, own, Embed), text).unwrap();
        let alone = model.forward(&x, &Lengths::new(N::<1>, own, &[own.size()]).unwrap());
        close(&alone.at(At::<0>, 0).unwrap(), &wide(&y.at(Batch, n).unwrap()));
    }
}

// A speech head: convolution over padded frames, then CTC. Run-time.
#[derive(Module)]
struct Speech {
    conv: Conv1d<Mels, Hidden, N<3>, Sliding<N<2>, N<1>>>,
    head: Linear<Hidden, Vocab>,
}
#[test]
fn speech() {
    let rng = &mut Rng::with_seed(2);
    let model = Speech {
        conv: Conv1d::random((Hidden, Mels, N), Sliding::default().stride(N).padding(N), rng),
        head: Linear::random(Hidden, Vocab, rng),
    };
    bind!(time: Ragged<Time> = 8, letters: Ragged<Letters> = 2);
    let lengths = Lengths::new(Batch, time, &[8, 5]).unwrap();
    let x = Tensor::normal((Batch, Mels, time), 0.0, 1.0, rng);
    // Padding of the signal is silence.
    let silent = x.transpose(Mels, time).fill_padding(&lengths, 0.0);
    let silent = silent.transpose(At::<1>, At::<2>);
    bind!(out: Frames = 4);
    let y = model.conv.try_forward(&silent, out).unwrap().relu();
    let logits = model.head.forward(&y.transpose(Hidden, out));
    let of_frames: Vec<usize> = lengths.as_slice().iter().map(|n| n.div_ceil(2)).collect();
    let of_frames = Lengths::new(Batch, out, &of_frames).unwrap();
    let targets = Ids::new((Batch, letters), Vocab, &[1, 2, 3, 0]).unwrap();
    let of_letters = Lengths::new(Batch, letters, &[2, 1]).unwrap();
    let losses = ctc_loss(&logits.log_softmax(Vocab), &of_frames, &targets, &of_letters, Index::new(Vocab, 0).unwrap());
    // By all paths.
    let logp: Vec<f64> = wide(&logits).chunks(5).flat_map(|row| softmax(row).into_iter().map(f64::ln)).collect();
    let by_paths = |n: usize, frames: usize, label: &[usize]| {
        let mut total = 0.0;
        for code in 0..5usize.pow(frames as u32) {
            let path: Vec<usize> = (0..frames).map(|t| code / 5usize.pow(t as u32) % 5).collect();
            let mut read = path.clone();
            read.dedup();
            read.retain(|c| *c != 0);
            if read == label {
                total += path.iter().enumerate().map(|(t, c)| logp[(n * 4 + t) * 5 + c]).sum::<f64>().exp();
            }
        }
        -total.ln()
    };
    close(&losses, &[by_paths(0, 4, &[1, 2]), by_paths(1, 3, &[3])]);
}

// Mamba's selective scan, generic.
#[derive(Module)]
struct Selective<E, S> {
    log_a: Tensor<(E, S)>,
    d: Tensor<(E,)>,
    delta: Linear<E, E>,
    b: Linear<E, S>,
    c: Linear<E, S>,
}
impl<E: Dense, S: Dense> Selective<E, S> {
    fn forward<B: Dim, L: Dense>(&self, x: &Tensor<(B, L, E)>) -> Tensor<(B, L, E)> {
        let delta = self.delta.forward(x).softplus();
        let (b, c) = (self.b.forward(x), self.c.forward(x));
        let a = -self.log_a.exp();
        let decay = einsum!("n l e, e s -> n l e s", delta, a).exp();
        let input = einsum!("n l e, n l s -> n l e s", &delta * x, b);
        let states = input.linear_recurrence(At::<1>, &decay);
        einsum!("n l e s, n l s -> n l e", states, c) + x * &self.d
    }
}
#[test]
fn selective_scan() {
    let rng = &mut Rng::with_seed(3);
    let layer = Selective {
        log_a: Tensor::normal((Embed, State), 0.0, 1.0, rng),
        d: Tensor::normal((Embed,), 0.0, 1.0, rng),
        delta: Linear::random(Embed, Embed, rng),
        b: Linear::random(Embed, State, rng),
        c: Linear::random(Embed, State, rng),
    };
    bind!(seq: Seq = 6);
    let x = Tensor::normal((Batch, seq, Embed), 0.0, 1.0, rng);
    let (delta, b, c) = (wide(&layer.delta.forward(&x)), wide(&layer.b.forward(&x)), wide(&layer.c.forward(&x)));
    let (xs, a, d) = (wide(&x), wide(&layer.log_a), wide(&layer.d));
    let mut y = vec![0.0; 36];
    for n in 0..2 {
        for e in 0..3 {
            let mut h = [0.0; 2];
            for t in 0..6 {
                let at = (n * 6 + t) * 3 + e;
                let step = (1.0 + delta[at].exp()).ln();
                y[at] = xs[at] * d[e];
                for s in 0..2 {
                    h[s] = (-a[e * 2 + s].exp() * step).exp() * h[s] + step * xs[at] * b[(n * 6 + t) * 2 + s];
                    y[at] += h[s] * c[(n * 6 + t) * 2 + s];
                }
            }
        }
    }
    close(&layer.forward(&x), &y);
}

// A CRF: the forward algorithm by `scan`, and the score of a path. Run-time.
fn crf_loss<B: Dim, S: Dense, T: Dense>(
    emissions: &Tensor<(B, S, T)>,
    transitions: &Tensor<(T, T)>,
    tags: &Ids<(B, S), T>,
) -> Tensor<(B,)> {
    let t = emissions.dim(At::<2>);
    let start: Option<Tensor<(B, T)>> = None;
    let (last, _) = emissions.scan(At::<1>, start, |alpha, emission| {
        let next = match alpha {
            None => emission,
            Some(alpha) => {
                // (batch, before, now)
                let alpha: Tensor<(B, T, T)> = rearrange!(alpha.expand(t), "now b before -> b before now");
                (alpha + transitions).logsumexp(At::<1>) + emission
            }
        };
        (Some(next.clone()), next)
    });
    let norm = last.expect("a text has a token").logsumexp(At::<1>);
    let of_tags = emissions.gather(tags).sum(At::<1>);
    let of_pairs: Tensor<(B, S, T)> = transitions.lookup(tags);
    let of_pairs = of_pairs.without_last(At::<1>).gather(&tags.next(At::<1>));
    let _: &Tensor<(B, Next<S>)> = &of_pairs;
    norm - of_tags - of_pairs.sum(At::<1>)
}
#[test]
fn crf() {
    let rng = &mut Rng::with_seed(4);
    bind!(seq: Seq = 4);
    let emissions = Tensor::normal((Batch, seq, Tags), 0.0, 1.0, rng);
    let transitions = Tensor::normal((Tags, Tags), 0.0, 1.0, rng);
    let tags = Ids::new((Batch, seq), Tags, &[0, 1, 1, 2, 2, 2, 0, 1]).unwrap();
    let losses = crf_loss(&emissions, &transitions, &tags);
    let (e, t) = (wide(&emissions), wide(&transitions));
    let score = |n: usize, path: &[usize]| {
        path.iter().enumerate().map(|(s, tag)| e[(n * 4 + s) * 3 + tag]).sum::<f64>()
            + path.windows(2).map(|p| t[p[0] * 3 + p[1]]).sum::<f64>()
    };
    let all = |n| {
        (0..81).map(|code: usize| score(n, &[code / 27, code / 9 % 3, code / 3 % 3, code % 3]).exp()).sum::<f64>().ln()
    };
    close(&losses, &[all(0) - score(0, &[0, 1, 1, 2]), all(1) - score(1, &[2, 2, 0, 1])]);
}

// A step of beam search. Run-time batch.
fn beam_step<B: Dense, K: Dense, V: Dense>(
    scores: &Tensor<(B, K)>,
    logits: &Tensor<(B, K, V)>,
) -> (Tensor<(B, K)>, Ids<(B, K), K>, Ids<(B, K), V>) {
    let (_, k, v) = logits.shape();
    let of_tokens = logits.log_softmax(At::<2>).into_tensor();
    let total = of_tokens + scores.expand_as(logits, At::<2>);
    let (best, ids) = total.merge(At::<1>, At::<2>).top_k(At::<1>, k).unwrap();
    let (beams, tokens) = ids.unravel(Times(k, v));
    (best, beams, tokens)
}
#[test]
fn beams() {
    let rng = &mut Rng::with_seed(5);
    bind!(batch: Seq = 2);
    let scores = Tensor::normal((batch, Beams), 0.0, 1.0, rng);
    let logits = Tensor::normal((batch, Beams, Vocab), 0.0, 1.0, rng);
    let (best, from, tokens) = beam_step(&scores, &logits);
    let logp: Vec<f64> = wide(&logits).chunks(5).flat_map(|row| softmax(row).into_iter().map(f64::ln)).collect();
    let s = wide(&scores);
    let mut expected = Vec::new();
    for n in 0..2 {
        let mut all: Vec<(f64, u32, u32)> =
            (0..15).map(|at| (s[n * 3 + at / 5] + logp[n * 15 + at], at as u32 / 5, at as u32 % 5)).collect();
        all.sort_by(|x, y| y.0.total_cmp(&x.0));
        expected.extend_from_slice(&all[..3]);
    }
    close(&best, &expected.iter().map(|x| x.0).collect::<Vec<_>>());
    assert_eq!(
        from.to_vec().iter().map(|x| x.get()).collect::<Vec<_>>(),
        expected.iter().map(|x| x.1).collect::<Vec<_>>()
    );
    assert_eq!(
        tokens.to_vec().iter().map(|x| x.get()).collect::<Vec<_>>(),
        expected.iter().map(|x| x.2).collect::<Vec<_>>()
    );
    // The sequences so far, put in the order of the beams that go on.
    let so_far = Ids::new((batch, Beams, N::<4>), Vocab, &[1; 24]).unwrap();
    let kept = take_beams(&so_far, &from);
    assert_eq!(kept.sizes(), [2, 3, 4]);
}
/// `so_far[b, from[b, k]]`.
fn take_beams<B: Dim, K: Dense, L: Dim, V: Dim>(
    so_far: &Ids<(B, K, L), V>,
    from: &Ids<(B, K), K>,
) -> Ids<(B, K, L), V> {
    let from = from.expand_as(so_far, At::<2>);
    so_far.take_along(At::<1>, &from)
}

// Speculative decoding: drafts are verified at once, and the cache is cut back. Static.
#[derive(Module)]
struct Tiny {
    embedding: Embedding<Vocab, Hidden>,
    layer: GroupedQueryAttention<Hidden, Heads, Heads, HeadDim>,
}
impl Tiny {
    fn logits<S: Dense>(
        &self,
        tokens: &Ids<(N<1>, S), Vocab>,
        cache: &mut KeyValueCache<N<1>, Heads, HeadDim, Positions>,
    ) -> Tensor<(N<1>, S, Vocab)> {
        let rotary = Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half);
        let x = self.embedding.forward(tokens);
        let y = cache.step(tokens.dim(At::<1>), |step| self.layer.forward_cached(&x, &rotary, 0, step)).unwrap();
        self.embedding.logits(&(x + y))
    }
}
#[test]
fn speculative() {
    let rng = &mut Rng::with_seed(6);
    let model = Tiny {
        embedding: Embedding::random(Vocab, Hidden, rng),
        layer: GroupedQueryAttention::random(Hidden, Heads, Heads, HeadDim, rng),
    };
    let new = || KeyValueCache::new(N::<1>, Heads, HeadDim, Positions, 1);
    // Greedy, token by token.
    let mut cache = new();
    let mut text = vec![1u32];
    for _ in 0..8 {
        let token = Ids::new((N::<1>, N::<1>), Vocab, &text[text.len() - 1..]).unwrap();
        text.push(model.logits(&token, &mut cache).argmax(Vocab).to_vec()[0].get());
    }
    // By drafts: the right one, with a mistake at a random place.
    let mut cache = new();
    let mut speculated = vec![1u32];
    while speculated.len() < 9 {
        let mut draft: Vec<u32> = speculated[speculated.len() - 1..].to_vec();
        draft.extend((0..3).map(|i| text.get(speculated.len() + i).copied().unwrap_or(0)));
        let wrong = 1 + rng.u64() as usize % 3;
        draft[wrong] = (draft[wrong] + 1) % 5;
        bind!(seq: Draft = draft.len());
        let tokens = Ids::new((N::<1>, seq), Vocab, &draft).unwrap();
        let predicted: Vec<u32> =
            model.logits(&tokens, &mut cache).argmax(Vocab).to_vec().iter().map(|id| id.get()).collect();
        let accepted = (0..3).take_while(|i| predicted[*i] == draft[i + 1]).count();
        speculated.extend(&predicted[..=accepted]);
        cache.truncate(speculated.len() - 1).unwrap();
    }
    assert_eq!(speculated[..9], text[..]);
}
