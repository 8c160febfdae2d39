//! Trainings of small models: they learn, stop, go on, and are exported.

use clap::Parser;
use congruent::generate::Sampling;
use congruent::io::{Gguf, SafeTensors, Source};
use congruent::prelude::*;
use speak::{Alphabet, Model, Reader, Speaker, characters};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use train::{CHECKPOINT, Run, Settings, Text, mean_loss};

dims! { Vocab = 13; Plays = 84; One = 1; Seq; }

/// The same line again and again.
fn text() -> (Alphabet<Vocab>, Text<Vocab>) {
    let text = "To be, or not to be, that.\n".repeat(40);
    let alphabet = Alphabet::new(Vocab, &characters(&text)).unwrap();
    let text = Text::new(&alphabet, &text).unwrap();
    (alphabet, text)
}

fn settings(more: &[&str]) -> Settings {
    #[derive(Parser)]
    #[command(args_override_self = true)]
    struct Arguments {
        #[command(flatten)]
        settings: Settings,
    }
    let small = ["", "--layers", "1", "--batch", "4", "--context", "24", "--warmup", "3", "--every", "4"];
    Arguments::parse_from(small.iter().chain(more)).settings
}

/// A folder that is gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Folder(std::env::temp_dir().join(format!("congruent-train-{name}-{}", std::process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn go_on(run: &mut Run<Vocab>, folder: &Path, until: u64) {
    let stop = |run: &Run<Vocab>| if run.step() < until { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
    run.go_on(&text().1, folder, |run, _| stop(run)).unwrap();
}

/// Everything that a checkpoint holds.
fn held(folder: &Path) -> (BTreeMap<String, Vec<u8>>, String) {
    let file = SafeTensors::open(folder.join(CHECKPOINT)).unwrap();
    let tensors = file.names().into_iter().map(|name| {
        let bytes = file.get(&name).unwrap().bytes.as_slice().to_vec();
        (name, bytes)
    });
    (tensors.collect(), file.metadata("run").unwrap())
}

#[test]
fn a_run_learns_its_text_by_heart() {
    let ((alphabet, text), folder) = (text(), Folder::new("learns"));
    let mut run = Run::new(settings(&["--steps", "60", "--every", "20"]), alphabet, &text).unwrap();
    let before = mean_loss(&run.speaker.model, text.ids(), text.test(), 24).unwrap();
    assert!(before > 2.0, "{before}");
    go_on(&mut run, &folder.0, 60);
    let after = mean_loss(&run.speaker.model, text.ids(), text.test(), 24).unwrap();
    assert!(after < 0.2, "{after}");
    let curve = &run.curve().0;
    assert_eq!(curve.iter().map(|point| point.step).collect::<Vec<_>>(), [20, 40, 60]);
    assert!(curve[0].held_out > curve[2].held_out && curve[2].held_out == after, "{curve:?}");

    let table = std::fs::read_to_string(folder.0.join("curve.csv")).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0], "step,training,held_out");
    assert_eq!(lines[3], format!("60,{},{after}", curve[2].training));
    let picture = std::fs::read_to_string(folder.0.join("curve.svg")).unwrap();
    assert!(picture.starts_with("<svg") && picture.contains("held out") && picture.matches("<polyline").count() >= 3);

    let mut said = String::new();
    let prompt = run.speaker.alphabet.encode("To be, ").unwrap();
    let say = |character| -> Result<(), congruent::Error> {
        said.push(character);
        Ok(())
    };
    // Longer than the model sees at once.
    run.speaker.speak(&prompt, Sampling::GREEDY, 0, 300, say).unwrap();
    assert_eq!(said.chars().count(), 300);
    assert!(said.starts_with("or not to be, that.\n"), "{said}");
}

#[test]
fn a_run_that_is_resumed_is_the_run_that_was_not_stopped() {
    let (alphabet, text) = text();
    let (whole, parts) = (Folder::new("whole"), Folder::new("parts"));
    let settings = settings(&["--steps", "9", "--dropout", "0.1", "--accumulate", "2"]);
    let mut run = Run::new(settings.clone(), alphabet.clone(), &text).unwrap();
    go_on(&mut run, &whole.0, 9);
    let expected = held(&whole.0);

    let mut run = Run::new(settings, alphabet.clone(), &text).unwrap();
    for until in [3, 4, 6, 9] {
        go_on(&mut run, &parts.0, until);
        assert_eq!(run.step(), until);
        run = Run::resume(&parts.0, alphabet.clone(), &text).unwrap();
    }
    let found = held(&parts.0);
    assert_eq!(found.1, expected.1);
    assert!(found.0 == expected.0 && found.0.len() > 30, "the tensors differ");

    let error = Run::resume(&parts.0, alphabet.clone(), &Text::new(&alphabet, "To be").unwrap()).err().unwrap();
    assert!(error.to_string().ends_with("it is of another text"), "{error}");
    let error = Run::resume(&parts.0.join("no"), alphabet, &text).err().unwrap();
    assert_eq!(error.to_string(), "there is nothing to go on from");
}

#[test]
fn several_batches_make_the_steps_of_one() {
    let (alphabet, text) = text();
    let losses = |more: &[&str]| {
        let folder = Folder::new(&more.concat());
        let mut run = Run::new(settings(&[more, &["--steps", "8"]].concat()), alphabet.clone(), &text).unwrap();
        let mut losses = Vec::new();
        run.go_on(&text, &folder.0, |_, loss| {
            losses.push(loss);
            ControlFlow::Continue(())
        })
        .unwrap();
        losses
    };
    // The same sequences are drawn, and not those of two alone.
    let [one, several, other] =
        [&["--batch", "6"][..], &["--batch", "2", "--accumulate", "3"], &["--batch", "2"]].map(losses);
    assert_eq!(one.len(), 8);
    assert!(one.iter().zip(&several).all(|(one, several)| (one - several).abs() < 1e-3), "{one:?} {several:?}");
    assert!(one.iter().zip(&other).any(|(one, other)| (one - other).abs() > 0.02), "{one:?} {other:?}");
}

#[test]
fn settings_that_cannot_be_are_refused() {
    let (alphabet, text) = text();
    for (wrong, expected) in [
        (&["--batch", "0"], "--batch is 0, and must be at least 1"),
        (&["--context", "257"], "--context is 257, and must be from 1 to 256"),
        (&["--dropout", "1"], "--dropout is 1, and must be from 0 up to, not including, 1"),
        (&["--learning-rate", "NaN"], "--learning-rate is NaN, and must be a number from 0 on"),
    ] {
        let error = Run::new(settings(wrong), alphabet.clone(), &text).err().unwrap();
        assert_eq!(error.to_string(), expected);
    }
    // Too high by far.
    let mut run = Run::new(settings(&["--learning-rate", "1e30"]), alphabet, &text).unwrap();
    let folder = Folder::new("diverges");
    let error = run.go_on(&text, &folder.0, |_, _| ControlFlow::Continue(())).unwrap_err().to_string();
    assert!(error.contains("steps the loss is") && error.contains("a lower learning rate may help"), "{error}");
}

#[test]
fn what_is_exported_is_what_is_loaded() {
    // Of the characters of the plays there are as many.
    let letters: String = ('!'..='~').take(84).collect();
    let alphabet = Alphabet::new(Plays, &letters).unwrap();
    let settings = settings(&[]);
    let model = Model::random(Plays, Settings { layers: 5, ..settings }.layers, &mut Rng::with_seed(1));
    let speaker = Speaker { alphabet, model };
    let bytes = speaker.export().to_gguf().unwrap();
    assert!(bytes.len() <= 2 << 20, "{} bytes", bytes.len());

    let loaded = Speaker::load(&Gguf::from_bytes(bytes.clone()).unwrap(), Plays).unwrap();
    assert_eq!(loaded.alphabet, speaker.alphabet);
    let text = speaker.alphabet.encode(&letters).unwrap();
    bind!(seq: Seq = text.len());
    let ids = Cpu::from_vec((One, seq), text).unwrap();
    let (found, expected) = (loaded.model.logits(&ids).unwrap(), speaker.model.logits(&ids).unwrap());
    let furthest = |x: Tensor<_>| x.abs().to_vec().into_iter().fold(0.0, f32::max);
    assert!(furthest(&found - &expected) < 2e-3 * furthest(expected).max(1.0));

    let error = Speaker::load(&Gguf::from_bytes(bytes).unwrap(), Vocab).err().unwrap().to_string();
    assert_eq!(error, "metadata `alphabet`: expected 13 characters, found 84");
}

/// A reader that begins anew with half of what it sees gives what a model gives that reads just this.
#[test]
fn a_text_goes_on_beyond_what_the_model_sees() {
    use congruent::generate::Session;
    let (alphabet, text) = text();
    let model = Model::random(alphabet.vocab(), 1, &mut Rng::with_seed(4));
    let ids = &text.ids()[..600];
    let last = |part: &[Index<Vocab>]| {
        bind!(seq: Seq = part.len());
        let ids = Cpu::from_slice((One, seq), part).unwrap();
        model.logits(&ids).unwrap().at(seq, part.len() - 1).unwrap().to_vec()
    };
    let mut reader = Reader::new(&model);
    let mut done = 0;
    // (until where it reads, from where the model then sees)
    for (until, from) in [(200, 0), (255, 0), (256, 0), (257, 129), (258, 129), (385, 129), (386, 258), (600, 472)] {
        let logits = reader.extend(&[(0, &ids[done..until])]).unwrap().remove(0).to_vec();
        done = until;
        assert_eq!(reader.length(0), until);
        for (found, expected) in logits.iter().zip(last(&ids[from..until])) {
            assert!((found - expected).abs() < 1e-5, "{found} {expected} at {until}");
        }
    }
}
