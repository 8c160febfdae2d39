//! Small Llama models of random weights: what their files may hold, and texts that one writes with another's proposals.

use congruent::generate::{
    Draft, Generation, PromptLookup, Proposer, Request, Rewind, Sampler, Sampling, Session, generate,
};
use congruent::io::{SafeTensors, Writer};
use congruent::prelude::*;
use congruent_models::decoder::{HUGGING_FACE, Llama, Settings};
use congruent_models::{Dims, Error, Texts};

dims! {
    Vocab = 11; Positions = 16; Embed = 8; KeyHeads = 1; Group = 2; HeadDim = 4; Ffn = 12;
    Queries = 8; Keys = 4;
}
type Model = Llama<Vocab, Positions, Embed, Times<KeyHeads, Group>, KeyHeads, HeadDim, Ffn>;

const DIMS: Dims<Vocab, Positions, Embed, Times<KeyHeads, Group>, KeyHeads, HeadDim, Ffn> = Dims {
    vocab: Vocab,
    positions: Positions,
    embed: Embed,
    heads: Times(KeyHeads, Group),
    key_heads: KeyHeads,
    head_dim: HeadDim,
    ffn: Ffn,
    experts: N::<1>,
    expert_ffn: Ffn,
};

/// The tensors of a model of one layer, without `lm_head`.
fn tensors() -> Writer {
    let mut rng = Rng::with_seed(7);
    let mut writer = Writer::default();
    writer.add("model.embed_tokens.weight", &Cpu::<f32>::normal((Vocab, Embed), 0.0, 1.0, &mut rng));
    writer.add("model.norm.weight", &Tensor::ones((Embed,)));
    let layer = "model.layers.0";
    for norm in ["input_layernorm", "post_attention_layernorm"] {
        writer.add(format!("{layer}.{norm}.weight"), &Tensor::ones((Embed,)));
    }
    writer.add(format!("{layer}.self_attn.q_proj.weight"), &Cpu::<f32>::normal((Queries, Embed), 0.0, 1.0, &mut rng));
    for name in ["k_proj", "v_proj"] {
        writer.add(format!("{layer}.self_attn.{name}.weight"), &Cpu::<f32>::normal((Keys, Embed), 0.0, 1.0, &mut rng));
    }
    writer.add(format!("{layer}.self_attn.o_proj.weight"), &Cpu::<f32>::normal((Embed, Queries), 0.0, 1.0, &mut rng));
    for name in ["gate_proj", "up_proj"] {
        writer.add(format!("{layer}.mlp.{name}.weight"), &Cpu::<f32>::normal((Ffn, Embed), 0.0, 1.0, &mut rng));
    }
    writer.add(format!("{layer}.mlp.down_proj.weight"), &Cpu::<f32>::normal((Embed, Ffn), 0.0, 1.0, &mut rng));
    writer
}

fn load(writer: &Writer, tied: Option<bool>) -> Result<Model, Error> {
    let settings = Settings { tied, ..Settings::llama(1, 1e-5, vec![1.0, 0.1]) };
    let file = SafeTensors::from_bytes(writer.to_bytes().unwrap()).unwrap();
    Model::load(&file, DIMS, &settings, &HUGGING_FACE, &Default::default(), || ())
}

fn logits(model: &Model) -> Vec<f32> {
    let ids = Ids::new((N::<4>,), Vocab, &[3, 1, 4, 1]).unwrap().to_vec();
    Texts::new(model, N::<1>).extend(&[(0, &ids)]).unwrap().remove(0).to_vec()
}

#[test]
fn an_output_is_tied_as_the_model_says() {
    let tied = logits(&load(&tensors(), Some(true)).unwrap());
    assert_eq!(logits(&load(&tensors(), None).unwrap()), tied);
    let error = load(&tensors(), Some(false)).err().unwrap().to_string();
    assert!(error.contains("missing: `lm_head.weight`, expected (Vocab = 11, Embed = 8)"), "{error}");

    let mut untied = tensors();
    let output = Cpu::<f32>::normal((Vocab, Embed), 0.0, 1.0, &mut Rng::with_seed(8));
    untied.add("lm_head.weight", &output);
    for say in [None, Some(false)] {
        let model = load(&untied, say).unwrap();
        assert_eq!(model.output.as_ref().unwrap().weight.to_vec(), output.to_vec());
        assert_ne!(logits(&model), tied);
    }
    // What lies beside the weights of a tied model is not looked at.
    assert_eq!(logits(&load(&untied, Some(true)).unwrap()), tied);
}

#[test]
fn biases_are_taken_where_there_are_some() {
    let mut with = tensors();
    with.add("model.layers.0.self_attn.q_proj.bias", &Tensor::zeros((Queries,)));
    let without = logits(&load(&tensors(), None).unwrap());
    assert_eq!(logits(&load(&with, None).unwrap()), without);
    with.add("model.layers.0.self_attn.v_proj.bias", &Tensor::ones((Keys,)));
    assert_ne!(logits(&load(&with, None).unwrap()), without);
    with.add("model.layers.0.self_attn.k_proj.bias", &Tensor::ones((Queries,)));
    let error = load(&with, None).err().unwrap().to_string();
    assert!(error.contains("`model.layers.0.self_attn.k_proj.bias`"), "{error}");
}

fn request(prompt: &[u32], maximum: usize, end: &[u32]) -> Request<Vocab> {
    let ids = |ids: &[u32]| ids.iter().map(|id| Index::new(Vocab, *id).unwrap()).collect();
    Request { prompt: ids(prompt), sampler: Sampler::new(Sampling::GREEDY, 0).unwrap(), end: ids(end), maximum }
}

#[test]
fn each_of_the_last_tokens_has_its_logits() {
    let model = load(&tensors(), None).unwrap();
    let texts = [vec![3, 1, 4, 1, 5], vec![9, 2], vec![6, 5, 3, 5]].map(|ids| request(&ids, 0, &[]).prompt);
    let mut batch = Texts::new(&model, N::<3>);
    let last = [3, 2, 1];
    let new: Vec<_> = [2, 1, 0].map(|i| (i, &texts[i][..])).into();
    let found = batch.extend_each(&new, &last).unwrap();
    for ((i, ids), (found, last)) in new.iter().zip(found.iter().zip(last)) {
        assert_eq!(found.len(), last);
        for (at, logits) in (ids.len() - last..).zip(found) {
            let alone = Texts::new(&model, N::<1>).extend(&[(0, &ids[..=at])]).unwrap().remove(0).to_vec();
            let near = |(x, y): (f32, &f32)| (x - y).abs() < 1e-4;
            assert!(logits.to_vec().into_iter().zip(&alone).all(near), "text {i}, token {at}");
        }
    }
    // What is cut back is read again.
    Rewind::truncate(&mut batch, &[4, 2, 2]).unwrap();
    assert_eq!([0, 1, 2].map(|i| batch.length(i)), [4, 2, 2]);
    assert!(Rewind::truncate(&mut batch, &[4, 2]).is_err());
}

#[test]
fn a_text_is_that_of_the_model_alone_whatever_is_proposed() {
    let model = load(&tensors(), None).unwrap();
    // One whose weights are near, and one of others.
    let mut near = load(&tensors(), None).unwrap();
    near.tokens.weight = &near.tokens.weight + &Cpu::<f32>::normal((Vocab, Embed), 0.0, 0.2, &mut Rng::with_seed(2));
    let mut other = load(&tensors(), None).unwrap();
    other.tokens.weight = Cpu::<f32>::normal((Vocab, Embed), 0.0, 1.0, &mut Rng::with_seed(3));
    for (first, most) in (0..11).flat_map(|first| (1..=8).map(move |most| (first, most))) {
        // To the end of the context, or of the text.
        for end in [&[][..], &[(first + 4) % 11]] {
            let request = || request(&[first, 7, first], 100, end);
            let mut alone = Texts::new(&model, N::<1>);
            let expected = generate(&mut alone, vec![request()]).unwrap().remove(0);
            let draft = |model| Box::new(Draft::new(Texts::new(model, N::<1>))) as Box<dyn Proposer<Vocab> + '_>;
            let lookup = Box::new(PromptLookup::new(1..=3).unwrap());
            for mut proposer in [draft(&model), draft(&near), draft(&other), lookup] {
                let mut texts = Texts::new(&model, N::<1>);
                let mut generation =
                    Generation::new(&mut texts, vec![request()]).unwrap().speculating(&mut proposer, most);
                generation.by_ref().try_for_each(|event| event.map(|_| ())).unwrap();
                assert_eq!(generation.ids(0)[3..], expected.ids);
                assert_eq!(texts.length(0), alone.length(0));
            }
        }
    }
}
