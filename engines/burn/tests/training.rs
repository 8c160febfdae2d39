//! Training on each device: gradients beside those of PyTorch; the training of `examples/train` beside that of the processor's
//! engine, step by step, and from one to the other.

mod common;
// It has what other tests need.
#[allow(dead_code)]
#[path = "../../../tests/common/mod.rs"]
mod pytorch;

use clap::Parser;
use common::{assert_near, devices};
use congruent::backend::{Autodiff, Backend};
use congruent::generate::Sampling;
use congruent::io::{Gguf, SafeTensors};
use congruent::nn::NormOrder;
use congruent::optim::{Optimizer, Sgd};
use congruent::prelude::*;
use congruent_burn::{Burn, Transfers, transfers};
use pytorch::Case;
use pytorch::layers::{HEADS, Inputs, encoder_layer};
use speak::{Alphabet, Speaker};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use train::{Run, Settings, Text};

dims! { Vocab = 84; Batch; Seq; Embed; Heads; HeadDim; Hidden; }

/// A file of the repository.
fn path(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The gradients of a case, by the names of its inputs.
struct Gradients<'a>(Case<'a>);

impl Inputs for Gradients<'_> {
    fn input<S: Shape>(&self, name: &str, shape: S) -> Tensor<S> {
        self.0.tensor(&format!("grad.{name}"), shape)
    }
}

fn parameters<B: Backend<Elem = f32>>(model: &impl Module<B>) -> Vec<f32> {
    let mut elements = Vec::new();
    model.for_each(|parameter| elements.extend(B::to_vec(parameter.array()).unwrap()));
    elements
}

#[test]
fn an_encoder_layer_steps_along_the_gradients_of_pytorch() {
    let file = SafeTensors::open(path("tests/reference/layers.safetensors")).unwrap();
    for (name, order) in [("encoder_layer_pre_norm", NormOrder::Pre), ("encoder_layer_post_norm", NormOrder::Post)] {
        let case = Case { file: &file, name };
        let ([batch, seq, width], [hidden]) = (case.sizes("in.x"), case.sizes("in.m_linear1_bias"));
        bind!(batch: Batch = batch, seq: Seq = seq, embed: Embed = width, hidden: Hidden = hidden);
        bind!(heads: Heads = HEADS, head_dim: HeadDim = width / HEADS);
        let layer = encoder_layer(&case, order, embed, heads, head_dim, hidden);
        let [x, cot] = ["in.x", "cot"].map(|name| case.tensor(name, (batch, seq, embed)));
        let gradients = encoder_layer(&Gradients(case), order, embed, heads, head_dim, hidden);
        let steps = parameters(&gradients).into_iter();
        let expected: Vec<f32> = parameters(&layer).into_iter().zip(steps).map(|(x, step)| x - step).collect();
        for device in devices() {
            let mut layer = layer.to_engine::<Burn<f32>>(&device);
            layer.track();
            let [x, cot] = [&x, &cot].map(|x| x.to_engine::<Burn<f32>>(&device));
            let loss = (layer.forward(&x, &Full) * cot).sum(batch).sum(seq).sum(embed);
            let mut optimizer = Optimizer::new(Sgd { learning_rate: 1.0, ..Sgd::default() });
            optimizer.step(&mut layer, &loss.backward(), 1.0);
            assert_near(&format!("{name} on {device}"), &parameters(&layer), &expected, 1e-5);
        }
    }
}

/// How many steps are compared.
const STEPS: u64 = 4;

/// The settings of the example, but for fewer layers, shorter texts and a learning rate that is high at once.
fn settings() -> Settings {
    #[derive(Parser)]
    struct Arguments {
        #[command(flatten)]
        settings: Settings,
    }
    let small = ["--layers", "2", "--batch", "2", "--context", "32", "--warmup", "2", "--dropout", "0.1"];
    Arguments::parse_from(["train"].iter().chain(&small)).settings
}

/// The characters of the plays, and a text of them.
fn text() -> (Alphabet<Vocab>, Text<Vocab>) {
    let characters: String = Gguf::open(path("examples/speak/model.gguf")).unwrap().metadata("alphabet").unwrap();
    let alphabet = Alphabet::new(Vocab, &characters).unwrap();
    let text =
        Text::new(&alphabet, &"To be, or not to be, that is the question:\nWhether 'tis nobler".repeat(20)).unwrap();
    (alphabet, text)
}

/// A folder that is gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Folder(std::env::temp_dir().join(format!("congruent-burn-{name}-{}", std::process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Goes on until so many steps are taken: the loss of each, and what it transfers.
fn go_on<B: Autodiff<Elem = f32>>(run: &mut Run<Vocab, B>, folder: &Path, until: u64) -> (Vec<f32>, Vec<Transfers>) {
    let (mut losses, mut moved, mut before) = (Vec::new(), Vec::new(), transfers());
    run.go_on(&text().1, folder, |run, loss| {
        let now = transfers();
        losses.push(loss as f32);
        moved.push(Transfers { sent: now.sent - before.sent, fetched: now.fetched - before.fetched });
        before = now;
        if run.step() < until { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })
    .unwrap();
    (losses, moved)
}

/// What a model says first.
fn said<B: Backend<Elem = f32>>(speaker: &Speaker<Vocab, B>) -> String {
    let (prompt, mut said) = (speaker.alphabet.encode("To be").unwrap(), String::new());
    let say = |character| -> Result<(), congruent::Error> {
        said.push(character);
        Ok(())
    };
    speaker.speak(&prompt, Sampling::GREEDY, 0, 3, say).unwrap();
    said
}

#[test]
fn steps_are_those_of_the_processor_and_go_on_on_another_device() {
    let (alphabet, text) = text();
    let [whole, half, begun, resumed] = ["whole", "half", "begun", "resumed"].map(Folder::new);
    let new = || Run::new(settings(), alphabet.clone(), &text).unwrap();
    let (expected, _) = go_on(&mut new(), &whole.0, STEPS);
    assert!(expected[3] < expected[0] - 0.1, "{expected:?}");
    let (first, rest) = expected.split_at(expected.len() / 2);
    go_on(&mut new(), &half.0, STEPS / 2);
    for device in devices() {
        // AdamW divides by the size of gradients: where these are next to nothing, a step may go either way.
        let agree = |when: &str, found: &[f32], expected: &[f32]| {
            assert_near(&format!("losses {when}, {device}"), found, expected, 1e-4);
        };
        let mut run = Run::<_, Burn<f32>>::new_on(settings(), alphabet.clone(), &text, &device).unwrap();
        let (losses, moved) = go_on(&mut run, &begun.0, STEPS / 2);
        agree("from the beginning", &losses, first);
        // Two tensors of ids, positions, and what dropout leaves, twice. The loss comes back, and the norm of the gradients.
        assert_eq!(moved, [(); 2].map(|()| Transfers { sent: 5, fetched: 2 }), "{device}");

        // What the device began goes on on the processor, and the other way round.
        let mut run = Run::resume(&begun.0, alphabet.clone(), &text).unwrap();
        agree("on the processor", &go_on(&mut run, &begun.0, STEPS).0, rest);
        let mut run = Run::<_, Burn<f32>>::resume_on(&half.0, alphabet.clone(), &text, &device).unwrap();
        agree("from the processor", &go_on(&mut run, &resumed.0, STEPS).0, rest);

        // A model of half precision is written even if the device has none.
        let file = Gguf::from_bytes(run.speaker.export().to_gguf().unwrap()).unwrap();
        Speaker::<_, Burn<f32>>::load_on(&file, Vocab, &device).unwrap();
        assert_eq!(said(&run.speaker), said(&Run::resume(&resumed.0, alphabet.clone(), &text).unwrap().speaker));
    }
}
