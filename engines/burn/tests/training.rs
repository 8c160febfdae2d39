//! The training of `examples/train` on each device beside the processor's engine, step by step, and from one to the other.

mod common;

use clap::Parser;
use common::{assert_near, devices};
use congruent::backend::Autodiff;
use congruent::generate::Sampling;
use congruent::io::SafeTensors;
use congruent::prelude::*;
use congruent_burn::{Burn, Transfers, transfers};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use train::speaker::Alphabet;
use train::{Run, Settings, Text};

dims! { Vocab = 84; }

/// Steps of training, and of each the loss.
const STEPS: u64 = 4;

/// The settings of the example, of fewer layers and shorter texts.
fn settings() -> Settings {
    #[derive(Parser)]
    struct Arguments {
        #[command(flatten)]
        settings: Settings,
    }
    let (steps, dropout) = (STEPS.to_string(), "0.1");
    let small = ["--layers", "2", "--batch", "2", "--context", "32", "--steps", &steps, "--dropout", dropout];
    Arguments::parse_from(["train"].iter().chain(&small)).settings
}

/// The characters of the plays, and a text of them.
fn text() -> (Alphabet<Vocab>, Text<Vocab>) {
    let file =
        SafeTensors::open(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/speak/model.safetensors"));
    let alphabet = Alphabet::new(Vocab, &file.unwrap().metadata::<String>("alphabet").unwrap()).unwrap();
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

/// Goes on until so many steps are taken. The loss of each, and what it transfers.
fn go_on<B: Autodiff<Elem = f32>>(run: &mut Run<Vocab, B>, folder: &Path, until: u64) -> Vec<(f32, Transfers)> {
    let (text, mut steps, mut before) = (text().1, Vec::new(), transfers());
    run.go_on(&text, folder, |run, loss| {
        let now = transfers();
        steps.push((loss as f32, Transfers { sent: now.sent - before.sent, fetched: now.fetched - before.fetched }));
        before = now;
        if run.step() < until { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })
    .unwrap();
    steps
}

#[test]
fn steps_are_those_of_the_processor_and_go_on_on_another_device() {
    let (alphabet, text) = text();
    let there = Folder::new("processor");
    let mut run = Run::new(settings(), alphabet.clone(), &text).unwrap();
    let expected = go_on(&mut run, &there.0, STEPS);
    let half = Folder::new("half");
    go_on(&mut Run::new(settings(), alphabet.clone(), &text).unwrap(), &half.0, STEPS / 2);
    for device in devices() {
        let folder = Folder::new("device");
        let new = Run::<_, Burn<f32>>::new_on(settings(), alphabet.clone(), &text, &device);
        let steps = go_on(&mut new.unwrap(), &folder.0, STEPS / 2);
        for (step, ((loss, moved), (expected, _))) in steps.iter().zip(&expected).enumerate() {
            // AdamW divides by the size of gradients: where these are next to nothing, a step may go either way.
            assert_near(&format!("loss {step} on {device}"), &[*loss], &[*expected], 1e-4);
            // Two tensors of ids, positions, and what dropout leaves, twice. The loss comes back, and the norm of the gradients.
            assert_eq!(*moved, Transfers { sent: 5, fetched: 2 }, "step {step} on {device}");
        }
        // What the device began goes on on the processor, and the other way round.
        let resumed = Run::resume(&folder.0, alphabet.clone(), &text);
        let mut after = vec![go_on(&mut resumed.unwrap(), &folder.0, STEPS)];
        let resumed = Run::<_, Burn<f32>>::resume_on(&half.0, alphabet.clone(), &text, &device);
        let mut resumed = resumed.unwrap();
        let folder = Folder::new("resumed");
        after.push(go_on(&mut resumed, &folder.0, STEPS));
        for steps in after {
            let [losses, expected] =
                [&steps[..], &expected[STEPS as usize / 2..]].map(|steps| steps.iter().map(|step| step.0));
            let [losses, expected]: [Vec<f32>; 2] = [losses.collect(), expected.collect()];
            assert_near(&format!("after a resumption of {device}"), &losses, &expected, 1e-4);
        }
        // The model speaks there, and is exported for devices that have no half precision as for others.
        let prompt = alphabet.encode("To be").unwrap();
        let mut said = String::new();
        let say = |character| -> Result<(), congruent::Error> {
            said.push(character);
            Ok(())
        };
        resumed.speaker.speak(&prompt, Sampling::GREEDY, 0, 8, say).unwrap();
        assert_eq!(said.chars().count(), 8);
        assert!(resumed.speaker.export().unwrap().to_bytes().unwrap().len() > 1 << 18);
    }
}
