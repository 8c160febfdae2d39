//! Models whose heads and hidden features are divided among the ranks of a mesh, out of one file of whole tensors, beside the same
//! models in one process.

mod common;

use common::roberta::{self, Small, roberta};
use common::{On, Part, assert_near, config, on_ranks};
use congruent::backend::{Backend, Float};
use congruent::dim::{Filled, Shard, Summed, Vocabulary};
use congruent::generate::{Request, Sampler, Sampling, Session, generate};
use congruent::io::{SafeTensors, Source, Stored, Writer};
use congruent::mesh::{Mesh, RingAttention, in_threads};
use congruent::prelude::*;
use congruent::shape::SharesHeads;
use congruent_models::bert::Bert;
use congruent_models::decoder::{Config, HUGGING_FACE, Llama, Settings};
use congruent_models::{Dims, Texts};

dims! {
    Model2 = 2; Model4 = 4; Heads3 = 3; Ffn2 = 2; One1 = 1;
    Batch = 2; Seq; New; One = 1;
    Vocab = 61; Positions = 32; Embed = 24; KeyHeads = 2; Group = 2; Narrow = 6; Wide = 8; Ffn = 40; Experts = 4;
    Keys4 = 4; Tokens = 64;
}

/// The sums of ranks are of other orders, in single precision; logits are up to 6.
const TOLERANCE: f64 = 1e-5;

/// A decoder's logits of two texts: at once, and of one token more by a cache; and the tokens that it goes on with.
#[derive(Clone)]
struct Said {
    at_once: Vec<f32>,
    cached: Vec<f32>,
    /// After texts of different lengths.
    ragged: Vec<f32>,
    greedy: Vec<u32>,
}

fn say<V, Q, H, D, F, X, B>(model: &Llama<V, Positions, Embed, Q, H, D, F, B, X>) -> Said
where
    V: Vocabulary,
    Q: SharesHeads<H>,
    H: Dim,
    D: Dense,
    Times<Q, D>: Summed,
    F: Summed,
    X: Dense,
    B: Backend<Elem = f32>,
{
    let device = model.device();
    bind!(seq: Seq = 7);
    let numbers: Vec<u32> = (0..14).map(|i| i * 17 % 61).collect();
    let ids = Ids::new((Batch, seq), model.vocab(), &numbers).unwrap();
    let positions: Vec<u32> = (0..2).flat_map(|_| 0..7).collect();
    let positions = Ids::new((Batch, seq), Positions, &positions).unwrap().to_engine::<B>(&device);
    let at_once = model.logits(&model.forward(&ids.to_engine::<B>(&device), &positions, &Causal));
    let at_once = at_once.of_all_ranks(At::<2>);
    let (mut cache, mut cached) = (model.cache(Batch), Vec::new());
    for (begin, length) in [(0, 4), (4, 1), (5, 2)] {
        bind!(part: New = length);
        let new = ids.narrow(seq, begin, part).unwrap().to_engine::<B>(&device);
        let logits = cache.step(part, |step| model.logits(&model.hidden_states(&new, step))).unwrap();
        cached.extend(logits.of_all_ranks(At::<2>).to_vec());
    }
    let rows: Vec<Vec<Index<V::Whole>>> = ids.to_vec().chunks(7).map(<[_]>::to_vec).collect();
    let mut texts = Texts::new(model, Batch);
    let first = texts.extend(&[(0, &rows[0][..5]), (1, &rows[1][..2])]).unwrap();
    let second = texts.extend(&[(0, &rows[0][5..6]), (1, &rows[1][2..6])]).unwrap();
    let ragged = first.into_iter().chain(second).flat_map(|logits| logits.to_vec()).collect();
    let sampler = Sampler::new(Sampling::GREEDY, 0).unwrap();
    let request = Request { prompt: rows[0].clone(), sampler, end: vec![], maximum: 12 };
    let text = generate(&mut Texts::new(model, One), vec![request]).unwrap().remove(0);
    let greedy = text.ids.iter().map(|id| id.get()).collect();
    Said { at_once: at_once.to_vec(), cached, ragged, greedy }
}

#[track_caller]
fn assert_close(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let furthest = found.iter().zip(expected).map(|(x, y)| f64::from((x - y).abs())).max_by(f64::total_cmp).unwrap();
    println!("{what}: {furthest:.1e}");
    assert!(furthest < TOLERANCE, "{what}: {furthest}");
}

/// The decoder of a file says the same on as many ranks as `axis` has, each of which has its part of the key heads and of the
/// features of the feed-forward networks, and all tokens, or those that `tokens` gives it.
fn agrees<M: Dim, V: Vocabulary, H: Dim, D: Dense, X: Dense>(
    what: &str,
    source: &(dyn Source + Sync),
    settings: &Settings,
    axis: M,
    tokens: impl Fn(&Mesh<(M,)>) -> V + Sync,
    (vocab, key_heads, head_dim, experts): (V::Whole, H, D, X),
) where
    Times<Times<H, Group>, D>: Summed,
    Times<Times<Shard<H, M>, Group>, D>: Summed,
{
    let (positions, embed) = (Positions, Embed);
    let heads = Times(key_heads, Group);
    let dims = Dims { vocab, positions, embed, heads, key_heads, head_dim, ffn: Ffn, experts, expert_ffn: Ffn };
    let model: Llama<_, _, _, _, _, _, _, Cpu<f32>, _> =
        Llama::load(source, dims, settings, &HUGGING_FACE, &Default::default(), || ()).unwrap();
    let expected = say(&model);
    let all = in_threads(axis.size(), |world| {
        let mesh = Mesh::new(world, (axis,)).unwrap();
        let (key_heads, ffn) = (mesh.try_shard(key_heads, axis).unwrap(), mesh.try_shard(Ffn, axis).unwrap());
        let (vocab, heads) = (tokens(&mesh), Times(key_heads, Group));
        let dims = Dims { vocab, positions, embed, heads, key_heads, head_dim, ffn, experts, expert_ffn: ffn };
        let device = mesh.device();
        let model: Llama<_, _, _, _, _, _, _, On, _> =
            Llama::load(source, dims, settings, &HUGGING_FACE, &device, || ()).unwrap();
        let key = &model.decoder.layers[0].attention.key.weight;
        assert_eq!(key.sizes(), [dims.key_heads.size() * head_dim.size(), 24]);
        assert_eq!(model.tokens.weight.sizes(), [vocab.size(), 24]);
        say(&model)
    });
    for (rank, found) in all.into_iter().enumerate() {
        let what = format!("{what} on rank {rank} of {}", axis.size());
        assert_close(&format!("{what}, at once"), &found.at_once, &expected.at_once);
        assert_close(&format!("{what}, by a cache"), &found.cached, &expected.cached);
        assert_close(&format!("{what}, of different lengths"), &found.ragged, &expected.ragged);
        assert_eq!(found.greedy, expected.greedy, "{what}");
    }
}

fn settings(name: &str) -> Settings {
    Config::from_hugging_face(&config("decoders.json", name).to_string()).unwrap().settings
}

/// With a window, biases, norms of heads, norms behind the layers and a cap of logits, and experts.
#[test]
fn decoders_on_two_ranks() {
    for name in ["llama", "mistral", "qwen2"] {
        agrees(name, &Part::weights(name), &settings(name), Model2, |_| Vocab, (Vocab, KeyHeads, Narrow, N::<1>));
    }
    for name in ["qwen3", "gemma2", "gemma3"] {
        agrees(name, &Part::weights(name), &settings(name), Model2, |_| Vocab, (Vocab, KeyHeads, Wide, N::<1>));
    }
    let dims = (Vocab, KeyHeads, Narrow, Experts);
    agrees("mixtral", &Part::weights("mixtral"), &settings("mixtral"), Model2, |_| Vocab, dims);
}

/// A file of a Llama with four key heads, of random weights.
fn four_key_heads(is_tied: bool) -> SafeTensors {
    let mut rng = Rng::with_seed(7);
    let mut writer = Writer::default();
    writer.add("model.embed_tokens.weight", &Cpu::<f32>::normal((Tokens, Embed), 0.0, 1.0, &mut rng));
    if !is_tied {
        writer.add("lm_head.weight", &Cpu::<f32>::normal((Tokens, Embed), 0.0, 0.5, &mut rng));
    }
    writer.add("model.norm.weight", &Tensor::ones((Embed,)));
    let (queries, keys) = (Times(Times(Keys4, Group), Narrow), Times(Keys4, Narrow));
    for layer in ["model.layers.0", "model.layers.1"] {
        for norm in ["input_layernorm", "post_attention_layernorm"] {
            writer.add(format!("{layer}.{norm}.weight"), &Tensor::ones((Embed,)));
        }
        macro_rules! add {
            ($($name:literal: $shape:expr),*) => {$(
                let weight = Cpu::<f32>::normal($shape, 0.0, 0.2, &mut rng);
                writer.add(format!("{layer}.{}.weight", $name), &weight);
            )*}
        }
        add!(
            "self_attn.q_proj": (queries, Embed), "self_attn.k_proj": (keys, Embed), "self_attn.v_proj": (keys, Embed),
            "self_attn.o_proj": (Embed, queries),
            "mlp.gate_proj": (Ffn, Embed), "mlp.up_proj": (Ffn, Embed), "mlp.down_proj": (Embed, Ffn)
        );
    }
    SafeTensors::from_bytes(writer.to_bytes().unwrap()).unwrap()
}

#[test]
fn a_decoder_on_four_ranks() {
    let (file, settings) = (four_key_heads(true), Settings::llama(2, 1e-5, vec![1.0, 0.1, 0.01]));
    let dims = (Tokens, Keys4, Narrow, N::<1>);
    agrees("four key heads", &file, &settings, Model2, |_| Tokens, dims);
    agrees("four key heads", &file, &settings, Model4, |_| Tokens, dims);
}

/// Embedding and logits, of one table or of two, and a cap of the logits.
#[test]
fn decoders_whose_vocabulary_is_divided() {
    fn of_parts<M: Dim>(axis: M) {
        for (is_tied, logit_cap) in [(true, None), (false, None), (true, Some(5.0))] {
            let settings = Settings { logit_cap, ..Settings::llama(2, 1e-5, vec![1.0, 0.1, 0.01]) };
            let what = format!("of a part of the vocabulary, tied: {is_tied}, cap: {logit_cap:?}");
            let tokens = |mesh: &Mesh<(M,)>| mesh.try_shard(Tokens, axis).unwrap();
            agrees(&what, &four_key_heads(is_tied), &settings, axis, tokens, (Tokens, Keys4, Narrow, N::<1>));
        }
    }
    of_parts(One1);
    of_parts(Model2);
    of_parts(Model4);
}

type Roberta<H, F, B> = Bert<Small<roberta::Vocab, H, F>, B>;

fn states<H: Filled, F: Filled, B: Backend<Elem: Float + Stored>>(
    model: &Roberta<H, F, B>,
) -> Tensor<(Batch, Ragged<Wide>, roberta::Embed), B> {
    let numbers: Vec<u32> = (0..16).map(|i| i * 17 % 61).collect();
    let ids = Ids::new((Batch, Ragged(Wide)), model.vocab(), &numbers).unwrap().to_engine::<B>(&model.device());
    let lengths = Lengths::new(Batch, Ragged(Wide), &[8, 5]).unwrap();
    model.last_hidden_state(&ids, &lengths).unwrap()
}

/// Heads along one axis of the mesh, and features along another.
#[test]
fn an_encoder_on_two_axes() {
    fn agrees<M: Dim, N: Dim>(heads_along: M, ffn_along: N) {
        let (weights, settings) = roberta();
        let dims = Small(roberta::Vocab, roberta::Heads, roberta::Ffn);
        let expected = states(&Bert::load(&weights, dims, settings).unwrap());
        on_ranks((heads_along, roberta::Heads), (ffn_along, roberta::Ffn), |mesh, heads, ffn| {
            let dims = Small(roberta::Vocab, heads, ffn);
            let model: Roberta<_, _, On> = Bert::load_on(&weights, dims, settings, &mesh.device()).unwrap();
            assert_near("RoBERTa in parts", &states(&model), &expected, TOLERANCE);
        });
    }
    agrees(One1, Ffn2);
    agrees(Heads3, One1);
    agrees(Heads3, Ffn2);
}

/// A sequence of which each rank has a part: the encoder is that of a whole one, and its mask says how ranks attend to each other.
#[test]
fn an_encoder_of_parts_of_a_sequence() {
    let (weights, settings) = roberta();
    let dims = Small(roberta::Vocab, roberta::Heads, roberta::Ffn);
    let expected = states(&Bert::load(&weights, dims, settings).unwrap());
    let numbers: Vec<u32> = (0..16).map(|i| i * 17 % 61).collect();
    let ids = Ids::new((Batch, Ragged(Wide)), roberta::Vocab, &numbers).unwrap();
    let lengths = Lengths::new(Batch, Ragged(Wide), &[8, 5]).unwrap();
    in_threads(4, |world| {
        // Heads have no common divisor with the ranks, which a ring does not need.
        let mesh = Mesh::new(world, (Model4,)).unwrap();
        let sequence = mesh.shard(Ragged(Wide), Model4);
        let model: Roberta<_, _, On> = Bert::load_on(&weights, dims, settings, &mesh.device()).unwrap();
        let ids = ids.to_engine::<On>(&mesh.device()).shard(sequence);
        let ring = RingAttention::new(sequence, lengths.clone());
        let states = model.last_hidden_state(&ids, &ring).unwrap().all_gather(sequence);
        assert_near("RoBERTa of a quarter of the text", &states, &expected, TOLERANCE);
    });
}
