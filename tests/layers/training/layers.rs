//! Layers and their gradients against those of PyTorch and transformers: `make_training.py`.

use crate::common::layers::Inputs;
use crate::common::{Case, reference};
use congruent::dim::Dense;
use congruent::io::SafeTensors;
use congruent::nn::{
    Activation, AdaptedLinear, AdaptiveLayerNorm, Embedding, GatedFeedForward, Linear, LowRank, Mixed,
    MixtureOfExperts, OffsetRmsNorm, RotaryLayout, Routing, SinusoidalPositions, soft_cap, sum_of_valid,
};
use congruent::prelude::*;

dims! { Batch; Seq; Embed; Condition; Hidden; Experts; }

fn file() -> SafeTensors {
    SafeTensors::open(reference("training.safetensors")).unwrap()
}

/// Within `1e-5` of numbers around 1: expected values were calculated in double precision, parts of them in single.
fn assert_near(name: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-5 * expected.abs().max(1.0), "{name}: {found} for {expected}");
    }
}

#[test]
fn norms_are_those_of_gemma_and_dit() {
    let file = file();
    let case = Case { file: &file, name: "offset_norm" };
    bind!(batch: Batch = 2, seq: Seq = 3, embed: Embed = 5, condition: Condition = 4);
    let x = case.input("x", (batch, seq, embed)).tracked();
    let norm = OffsetRmsNorm { weight: case.input("weight", (embed,)).tracked(), epsilon: 1e-6 };
    let y = norm.forward(&x);
    case.assert(&y);
    let gradients = (y * case.tensor("cot", x.shape())).sum(embed).sum(seq).sum(batch).backward();
    assert_near("x", &gradients.of(&x).to_vec(), &case.tensor("grad.x", x.shape()).to_vec());
    let expected = case.tensor("grad.weight", (embed,)).to_vec();
    assert_near("weight", &gradients.of(&norm.weight).to_vec(), &expected);

    let case = Case { file: &file, name: "adaptive_norm" };
    let both = Plus(embed, embed);
    let x = case.input("x", (batch, seq, embed)).tracked();
    let of = case.input("condition", (batch, condition)).tracked();
    let projection = Linear {
        weight: case.input("weight", (both, condition)).tracked(),
        bias: Some(case.input("bias", (both,)).tracked()),
    };
    let norm = AdaptiveLayerNorm { projection, epsilon: 1e-6 };
    let y = norm.forward(&x, &of);
    case.assert(&y);
    let gradients = (y * case.tensor("cot", x.shape())).sum(embed).sum(seq).sum(batch).backward();
    assert_near("x", &gradients.of(&x).to_vec(), &case.tensor("grad.x", x.shape()).to_vec());
    assert_near("condition", &gradients.of(&of).to_vec(), &case.tensor("grad.condition", of.shape()).to_vec());
    let weight = &norm.projection.weight;
    assert_near("weight", &gradients.of(weight).to_vec(), &case.tensor("grad.weight", weight.shape()).to_vec());
    // One that begins is a plain norm.
    let plain = AdaptiveLayerNorm::new(condition, embed, 1e-6).forward(&x, &of);
    let expected = congruent::nn::LayerNorm::new(embed, 1e-6).forward(&x);
    assert_near("plain", &plain.to_vec(), &expected.to_vec());
}

#[test]
fn positions_are_those_of_whisper() {
    dims! { Seven = 7; Eight = 8; One = 1; Three = 3; }
    let file = file();
    let case = Case { file: &file, name: "sinusoids" };
    let device = Default::default();
    let positions: SinusoidalPositions<_, _> =
        SinusoidalPositions::on_device(Seven, Eight, [10000.0, 3.0], RotaryLayout::Half, &device);
    case.assert(&positions.table());
    // Samples with positions of their own, and a table that is too short.
    let x = Tensor::zeros((One, Three, Eight));
    let y = positions.forward_at(&x, &Ids::new((One, Three), Seven, &[6, 0, 6]).unwrap()).to_vec();
    let table = positions.table().to_vec();
    assert_eq!(y, [&table[48..], &table[..8], &table[48..]].concat());
    assert_eq!(positions.forward(&x).unwrap().to_vec(), table[..24]);
    let short: SinusoidalPositions<_, _> = SinusoidalPositions::new(One, Eight, 10000.0, RotaryLayout::Interleaved);
    assert!(short.forward(&x).unwrap_err().to_string().contains("One"));
    // Of an odd size, the last cosine is left out.
    let odd: SinusoidalPositions<_, _> = SinusoidalPositions::new(Seven, Three, 100.0, RotaryLayout::Interleaved);
    assert_near("odd", &odd.table().to_vec()[3..6], &[1f32.sin(), 1f32.cos(), 100f32.powf(-2.0 / 3.0).sin()]);
}

/// A mixture of the case's parameters, which are tracked.
fn mixture<E: Dim, F: Dim, X: Dense>(case: &Case<'_>, e: E, f: F, x: X, routing: Routing) -> MixtureOfExperts<E, F, X> {
    let gate_up = case.input("gate_up", (x, Plus(f, f), e));
    let down = case.input("down", (x, e, f));
    let linear = |weight| Linear { weight, bias: None };
    let expert = |i| {
        let (gate, up) = gate_up.at(At::<0>, i).unwrap().unconcat(At::<0>);
        let down = Linear { weight: down.at(At::<0>, i).unwrap(), bias: None };
        GatedFeedForward { gate: linear(gate), up: linear(up), activation: Activation::Silu, down }
    };
    let router = Linear { weight: case.input("router", (x, e)), bias: None };
    let mut layer = MixtureOfExperts::new(router, (0..x.size()).map(expert).collect(), routing).unwrap();
    layer.track();
    layer
}

/// Two of four experts for each token of padded batches, with the balance of the valid ones.
#[test]
fn mixtures_are_those_of_mixtral() {
    let file = file();
    for name in ["mixture", "mixture_padded", "mixture_one"] {
        let case = Case { file: &file, name };
        let ([n, s, e], [x, f, _]) = (case.sizes("in.x"), case.sizes("in.gate_up"));
        bind!(n: Batch = n, s: Seq = s, e: Embed = e, f: Hidden = f / 2, experts: Experts = x);
        let layer = mixture(&case, e, f, experts, Routing::new(2));
        let lengths = Lengths::new(n, Ragged(s), &case.lengths()).unwrap();
        let padded = (n, Ragged(s), e);
        // Padding holds anything.
        let mut elements = case.input("x", padded).to_vec();
        for (sequence, length) in lengths.as_slice().iter().enumerate() {
            elements[sequence * s.size() * e.size()..][..s.size() * e.size()][length * e.size()..].fill(f32::NAN);
        }
        let input = Tensor::from_vec(padded, elements).unwrap().tracked();
        let Mixed { y, balance, load, dropped } = layer.forward_padded(&input, &lengths);
        case.assert(&y);
        assert_near(name, &[balance.scalar()], &[case.tensor("out.balance", ()).scalar()]);
        assert_eq!((load.iter().sum::<usize>(), dropped), (2 * lengths.total(), 0));
        let losses = (y * case.tensor("cot", padded)).sum(e);
        let sum = sum_of_valid(&losses, &lengths);
        let gradients = (sum.mean() * sum.count() as f32 + balance * 0.5).backward();
        assert_near(name, &gradients.of(&input).to_vec(), &case.tensor("grad.x", padded).to_vec());
        let router = &layer.router().weight;
        let expected = case.tensor("grad.router", (experts, e)).to_vec();
        assert_near(name, &gradients.of(router).to_vec(), &expected);
        let down = case.tensor("grad.down", (experts, e, f));
        let gate_up = case.tensor("grad.gate_up", (experts, Plus(f, f), e));
        for (i, expert) in layer.experts().iter().enumerate() {
            let of = |weight: Option<Vec<f32>>, expected: Vec<f32>| {
                assert_near(name, &weight.unwrap_or(vec![0.0; expected.len()]), &expected);
            };
            let (gate, up) = gate_up.at(At::<0>, i).unwrap().unconcat(At::<0>);
            of(gradients.get(&expert.gate.weight).map(|x| x.to_vec()), gate.to_vec());
            of(gradients.get(&expert.up.weight).map(|x| x.to_vec()), up.to_vec());
            of(gradients.get(&expert.down.weight).map(|x| x.to_vec()), down.at(At::<0>, i).unwrap().to_vec());
        }
        // The same without padding, where there is none.
        if lengths.total() == n.size() * s.size() {
            let dense = case.input("x", (n, s, e));
            assert_near(name, &layer.forward(&dense).y.to_vec(), &case.tensor("out.y", padded).to_vec());
        }
    }
}

/// What is left out where experts are full, against a count by hand.
#[test]
fn experts_take_what_they_have_room_for() {
    dims! { Tokens = 6; Two = 2; Width = 3; Four = 4; None = 0; }
    let rng = &mut Rng::with_seed(5);
    let all = Routing { normalized: false, ..Routing::new(1) };
    let layer = MixtureOfExperts::random(Two, Width, Four, all, rng).unwrap();
    // Five of six tokens are alike.
    let x = Tensor::from_fn((Tokens, Two), |[token, at]| if token == 3 { -1.0 } else { 1.0 + at as f32 });
    let whole = layer.forward(&x);
    assert!(whole.load.iter().max() >= Some(&5) && whole.dropped == 0);
    // Each has room for ⌈1.3 · 6 / 4⌉ = 2 tokens: the first two.
    let (router, experts) = (layer.router().clone(), layer.experts().to_vec());
    let some = Routing { capacity: Some(1.3), ..all };
    let found = MixtureOfExperts::new(router.clone(), experts.clone(), some).unwrap().forward(&x);
    assert_eq!((&found.load, found.dropped), (&whole.load, whole.load.iter().map(|x| x.saturating_sub(2)).sum()));
    let [found, whole] = [&found.y, &whole.y].map(|y| y.to_vec());
    assert_eq!(found[..4], whole[..4]);
    let is_apart = layer.forward(&x).load.contains(&1);
    assert_eq!(found[6..8], if is_apart { [whole[6], whole[7]] } else { [0.0; 2] });
    assert!(found[4..6].iter().chain(&found[8..]).all(|y| *y == 0.0));
    // By the probability of the expert, which is not one.
    let logits = router.forward(&x).softmax(Four).max(Four).to_vec();
    let alone = Tensor::from_nested((Two,), [1.0, 2.0]);
    let best = router.forward(&alone).argmax(Four).scalar().get() as usize;
    let expected = experts[best].forward(&alone) * logits[0];
    assert_near("share", &found[..2], &expected.to_vec());

    let nothing = layer.forward(&Tensor::zeros((None, Two)));
    assert_eq!((nothing.y.to_vec(), nothing.balance.scalar(), nothing.load), (vec![], 0.0, vec![0; 4]));
    let wrong = |routing, count: usize| {
        MixtureOfExperts::new(router.clone(), experts[..count].to_vec(), routing).err().unwrap().to_string()
    };
    assert!(wrong(all, 3).contains("`Four` = 4"), "{}", wrong(all, 3));
    assert!(wrong(Routing::new(5), 4).starts_with("`per_token` is 5"));
    assert!(wrong(Routing { capacity: Some(0.0), ..all }, 4).starts_with("`capacity` is 0"));
}

#[test]
fn adapters_are_merged_and_taken_out() {
    dims! { Tokens = 3; Input = 4; Output = 5; Rank = 2; Vocab = 7; }
    let rng = &mut Rng::with_seed(2);
    let base = Linear::random(Input, Output, rng);
    let mut adapter = LowRank::random(Output, Input, Rank, 6.0, rng);
    let x = Tensor::uniform((Tokens, Input), -1.0..1.0, rng);
    assert_eq!(adapter.scale, 3.0);
    // It adds nothing yet, and something when it was trained.
    let layer = AdaptedLinear { base: base.clone(), adapter: adapter.clone() };
    assert_eq!(layer.forward(&x).to_vec(), base.forward(&x).to_vec());
    adapter.up = Tensor::uniform((Output, Rank), -1.0..1.0, rng);
    let mut layer = AdaptedLinear { base: base.clone(), adapter };
    layer.adapter.track();
    let (y, merged) = (layer.forward(&x), layer.merged());
    let by_hand = base.forward(&x)
        + x.matmul(&layer.adapter.down.transpose(Rank, Input)).matmul(&layer.adapter.up.transpose(Output, Rank)) * 3.0;
    assert_near("by hand", &y.to_vec(), &by_hand.to_vec());
    assert_near("merged", &merged.forward(&x).to_vec(), &y.to_vec());
    assert!(!merged.weight.is_tracked());
    let mut back = merged.weight.clone();
    layer.adapter.take_out_of(&mut back);
    assert_near("taken out", &back.to_vec(), &base.weight.to_vec());
    // Both ways have the same gradients of the adapter, and none of the frozen layer.
    let of_layer = y.square().sum(Output).sum(Tokens).backward();
    let mut whole = base.clone();
    whole.weight = layer.adapter.added_to(&base.weight);
    let of_weight = whole.forward(&x).square().sum(Output).sum(Tokens).backward();
    let LowRank { down, up, .. } = &layer.adapter;
    assert_near("down", &of_layer.of(down).to_vec(), &of_weight.of(down).to_vec());
    assert_near("up", &of_layer.of(up).to_vec(), &of_weight.of(up).to_vec());
    assert!(of_layer.get(&layer.base.weight).is_none());
    // A table of vectors is a weight too, and one that is tracked stays so.
    let mut table = Embedding::random(Vocab, Input, rng);
    table.track();
    let of_table = LowRank { up: Tensor::ones((Vocab, Rank)), ..LowRank::random(Vocab, Input, Rank, 2.0, rng) };
    let before = table.weight.detach();
    of_table.merge_into(&mut table.weight);
    assert!(table.weight.is_tracked());
    assert_near("table", &(&table.weight - before).to_vec(), &of_table.weight().to_vec());
}

#[test]
fn a_cap_is_soft() {
    dims! { Three = 3; }
    let x = Cpu::<f64>::from_vec((Three,), vec![-70.0, 0.5, 20.0]).unwrap().tracked();
    let y = soft_cap(&x, 30.0);
    let expected: Vec<f64> = [-70.0f64, 0.5, 20.0].iter().map(|x| 30.0 * (x / 30.0).tanh()).collect();
    assert!(y.to_vec().iter().zip(&expected).all(|(x, y)| (x - y).abs() < 1e-12));
    let slopes = y.sum(Three).backward().of(&x).to_vec();
    assert!(slopes.iter().zip(&expected).all(|(x, y)| (x - (1.0 - (y / 30.0).powi(2))).abs() < 1e-12));
    assert!(super::message(|| drop(soft_cap(&x, 0.0))).starts_with("`cap` is 0"));
}
