//! Decoders that go on from a cache, against the same without one.

use congruent::mask::{Mask, SlidingWindow};
use congruent::nn::{
    Activation, Encoder, EncoderLayer, FeedForward, GatedFeedForward, GroupedQueryAttention, KeyValueCache, LayerNorm,
    Linear, LlamaDecoder, LlamaLayer, MultiHeadAttention, NormOrder, RmsNorm, Rotary, RotaryLayout,
};
use congruent::prelude::*;

dims! {
    Batch; Seq;
    One = 1; Two = 2; Embed = 24; KeyHeads = 2; Group = 3; Size = 4; Hidden = 40; Positions = 300;
}
type Queries = Times<KeyHeads, Group>;
type Decoder = LlamaDecoder<Embed, Queries, KeyHeads, Size, Hidden, Positions>;
type Cache<B> = KeyValueCache<B, KeyHeads, Size, Positions>;

fn decoder() -> Decoder {
    let rng = &mut Rng::with_seed(1);
    let norm = |rng: &mut Rng| RmsNorm { weight: Tensor::uniform((Embed,), 0.5..1.5, rng), epsilon: 1e-5 };
    let layers = (0..3).map(|_| LlamaLayer {
        attention_norm: norm(rng),
        attention: GroupedQueryAttention::random(Embed, Times(KeyHeads, Group), KeyHeads, Size, rng),
        feed_forward_norm: norm(rng),
        feed_forward: GatedFeedForward::random(Embed, Hidden, rng),
    });
    let (layers, norm) = (layers.collect(), norm(&mut Rng::with_seed(2)));
    LlamaDecoder { layers, norm, rotary: Rotary::new(Positions, Size, 10000.0, RotaryLayout::Interleaved) }
}

fn cache<B: Dim>(batch: B) -> Cache<B> {
    KeyValueCache::new(batch, KeyHeads, Size, Positions, 3)
}

/// Those of sequences from their beginning.
fn positions<B: Dim, S: Dim>(batch: B, seq: S) -> Ids<(B, S), Positions> {
    let positions: Vec<u32> = (0..batch.size()).flat_map(|_| 0..seq.size() as u32).collect();
    Ids::new((batch, seq), Positions, &positions).unwrap()
}

/// The decoder without a cache, by the parts of its layers.
fn uncached<B: Dim, S: Whole, M: Mask<B, S, S>>(
    decoder: &Decoder,
    x: &Tensor<(B, S, Embed)>,
    mask: &M,
) -> Tensor<(B, S, Embed)> {
    let (batch, seq, _) = x.shape();
    let positions = positions(batch, seq);
    let x = decoder.layers.iter().fold(x.clone(), |x, layer| {
        let normed = layer.attention_norm.forward(&x);
        let x = x + layer.attention.forward(&normed, &decoder.rotary, &positions, mask);
        x.clone() + layer.feed_forward.forward(&layer.feed_forward_norm.forward(&x))
    });
    decoder.norm.forward(&x)
}

/// Rounding differs with the number of rows that are taken together.
fn assert_near(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= 2e-5 * expected.abs().max(1.0), "{found} for {expected} at {at}");
    }
}

/// What the decoder gives for the next positions of an input, of which there are so many in each sequence.
fn next<B: Dim>(
    decoder: &Decoder,
    cache: &mut Cache<B>,
    text: &[Vec<f32>],
    counts: &[usize],
) -> Result<Vec<Vec<f32>>, congruent::Error> {
    let longest = *counts.iter().max().unwrap();
    bind!(seq: Ragged<Seq> = longest);
    let held = cache.lengths().to_vec();
    let x = Tensor::from_fn((cache.batch(), seq, Embed), |[b, s, e]| {
        // Padding is nobody's business.
        if s < counts[b] { text[b][(held[b] + s) * Embed.size() + e] } else { f32::NAN }
    });
    let lengths = Lengths::new(cache.batch(), seq, counts)?;
    let y = cache.step_ragged(&lengths, |step| decoder.forward_cached(&x, step))?.to_vec();
    let rows = y.chunks(longest * Embed.size());
    Ok(rows.zip(counts).map(|(row, count)| row[..count * Embed.size()].to_vec()).collect())
}

fn text(length: usize, seed: u64) -> Vec<f32> {
    bind!(seq: Seq = length);
    Tensor::uniform((seq, Embed), -1.0..1.0, &mut Rng::with_seed(seed)).to_vec()
}

#[test]
fn a_text_in_parts_is_the_text_at_once() {
    let decoder = decoder();
    bind!(all: Seq = 90);
    let x = Tensor::uniform((Two, all, Embed), -1.0..1.0, &mut Rng::with_seed(3));
    let expected = uncached(&decoder, &x, &Causal);
    assert_near(&decoder.forward(&x, &positions(Two, all), &Causal).to_vec(), &expected.to_vec());
    let mut cache = cache(Two);
    let mut done = 0;
    // Beyond the first room of the cache.
    for length in [7, 1, 1, 0, 5, 1, 60, 1, 14] {
        bind!(seq: Seq = length);
        let part = x.narrow(all, done, seq).unwrap();
        let y = cache.step(seq, |step| decoder.forward_cached(&part, step)).unwrap();
        assert_near(&y.to_vec(), &expected.narrow(all, done, seq).unwrap().to_vec());
        done += length;
    }
    assert_eq!(cache.lengths(), [90, 90]);
}

#[test]
fn texts_of_different_lengths_in_one_batch_are_the_texts_one_by_one() {
    let decoder = decoder();
    let texts = [text(80, 1), text(3, 2), text(21, 3)];
    bind!(batch: Batch = texts.len());
    let (mut together, mut alone) = (cache(batch), [cache(One), cache(One), cache(One)]);
    for counts in [[5, 1, 20], [1, 1, 1], [1, 0, 0], [2, 1, 0], [71, 0, 0]] {
        let found = next(&decoder, &mut together, &texts, &counts).unwrap();
        for (i, cache) in alone.iter_mut().enumerate().filter(|(i, _)| counts[*i] > 0) {
            let expected = next(&decoder, cache, &texts[i..=i], &counts[i..=i]).unwrap();
            assert_near(&found[i], &expected[0]);
        }
    }
    assert_eq!(together.lengths(), [80, 3, 21]);
    let error = together.step(One, |_| ()).unwrap_err();
    let message = "the sequences of the cache are of lengths [80, 3, 21]: `step_ragged` appends to them";
    assert_eq!(error.to_string(), message);
}

#[test]
fn a_window_forgets_what_it_does_not_reach() {
    let decoder = decoder();
    const WINDOW: usize = 10;
    bind!(all: Seq = 250);
    let x = Tensor::uniform((Two, all, Embed), -1.0..1.0, &mut Rng::with_seed(3));
    let expected = uncached(&decoder, &x, &SlidingWindow(WINDOW));
    let at_once = decoder.forward(&x, &positions(Two, all), &SlidingWindow(WINDOW));
    assert_near(&at_once.to_vec(), &expected.to_vec());
    assert!((&expected - &uncached(&decoder, &x, &Causal)).abs().max(all).to_vec().iter().any(|x| *x > 0.01));
    let mut cache = cache(Two).with_window(WINDOW);
    let mut done = 0;
    while done < 250 {
        bind!(seq: Seq = if done < 200 { 40 } else { 1 });
        let part = x.narrow(all, done, seq).unwrap();
        let y = cache
            .step(seq, |step| {
                assert!(step.keys().size() < 160, "what is forgotten is lent");
                decoder.forward_cached(&part, step)
            })
            .unwrap();
        assert_near(&y.to_vec(), &expected.narrow(all, done, seq).unwrap().to_vec());
        done += seq.size();
    }
    // The past may be taken back as far as it is held.
    cache.truncate([249, 249]).unwrap();
    bind!(seq: Seq = 1);
    let y = cache.step(seq, |step| decoder.forward_cached(&x.narrow(all, 249, seq).unwrap(), step)).unwrap();
    assert_near(&y.to_vec(), &expected.narrow(all, 249, seq).unwrap().to_vec());
    let error = cache.truncate([250, 20]).unwrap_err().to_string();
    assert!(error.starts_with("sequence 1 cannot go on from length 20: its positions before "), "{error}");
    assert_eq!(cache.lengths(), [250, 250]);
}

#[test]
fn what_does_not_fit_is_refused_and_loses_nothing() {
    let decoder = decoder();
    let texts = [text(300, 1)];
    let mut cache = cache(One);
    next(&decoder, &mut cache, &texts, &[298]).unwrap();
    let mut other = cache.clone();
    bind!(three: Seq = 3);
    let error = cache.step(three, |_| ()).unwrap_err().to_string();
    let message =
        "sequence 0 has 298 positions in the cache, and 3 more are beyond its capacity `Positions`, which is 300";
    assert_eq!(error, message);
    let error = cache.step(One, |step| {
        let x = Tensor::ones((One, KeyHeads, One, Size));
        step.append(0, &x, &x);
    });
    assert_eq!(error.unwrap_err().to_string(), "nothing was appended to layer 1 of the 3 of the cache");
    // As if nothing had happened.
    let found = next(&decoder, &mut cache, &texts, &[2]).unwrap();
    assert_near(&found[0], &next(&decoder, &mut other, &texts, &[2]).unwrap()[0]);
    assert_eq!(cache.lengths(), [300]);
}

#[test]
fn what_is_taken_back_and_what_forks_goes_on_as_if_it_had_not_been() {
    let decoder = decoder();
    let (first, other) = (text(40, 1), text(40, 2));
    let mixed = |at: usize| [&first[..at * Embed.size()], &other[at * Embed.size()..]].concat();
    let mut cache = cache(One);
    next(&decoder, &mut cache, std::slice::from_ref(&first), &[30]).unwrap();
    let mut fork = cache.clone();
    // The fork goes on with the other text, and nobody notices.
    let forked = next(&decoder, &mut fork, &[mixed(30)], &[5]).unwrap();
    let went_on = next(&decoder, &mut cache, std::slice::from_ref(&first), &[5]).unwrap();
    cache.truncate(30).unwrap();
    assert_near(&next(&decoder, &mut cache, &[mixed(30)], &[5]).unwrap()[0], &forked[0]);
    // Two beams of one past.
    cache.truncate(30).unwrap();
    let mut beams = cache.select(&Ids::new((Two,), One, &[0, 0]).unwrap());
    let found = next(&decoder, &mut beams, &[first.clone(), mixed(30)], &[5, 5]).unwrap();
    assert_near(&found[0], &went_on[0]);
    assert_near(&found[1], &forked[0]);
    cache.clear();
    assert_eq!(cache.lengths(), [0]);
    let again = next(&decoder, &mut cache, std::slice::from_ref(&first), &[35]).unwrap();
    assert_near(&again[0][30 * Embed.size()..], &went_on[0]);
}

#[test]
fn encoder_layers_with_a_cache_are_a_causal_decoder() {
    let rng = &mut Rng::with_seed(1);
    let layers = (0..2).map(|_| EncoderLayer {
        attention: MultiHeadAttention::random(Embed, KeyHeads, Size, rng),
        attention_norm: LayerNorm::new(Embed, 1e-5),
        feed_forward: FeedForward {
            up: Linear::random(Embed, Hidden, rng),
            activation: Activation::GeluTanh,
            down: Linear::random(Hidden, Embed, rng),
        },
        feed_forward_norm: LayerNorm::new(Embed, 1e-5),
        order: NormOrder::Pre,
    });
    let decoder = Encoder { layers: layers.collect() };
    bind!(all: Seq = 20);
    let x = Tensor::uniform((Two, all, Embed), -1.0..1.0, rng);
    let expected = decoder.forward(&x, &Causal);
    let mut cache = KeyValueCache::new(Two, KeyHeads, Size, Positions, 2);
    for (start, length) in [(0, 12), (12, 1), (13, 7)] {
        bind!(seq: Seq = length);
        let part = x.narrow(all, start, seq).unwrap();
        let y = cache.step(seq, |step| decoder.forward_cached(&part, step)).unwrap();
        assert_near(&y.to_vec(), &expected.narrow(all, start, seq).unwrap().to_vec());
    }
}
