//! Texts, alphabets, and what of them is learnt and predicted.

use congruent::prelude::*;
use speak::{Alphabet, Model, characters};
use std::path::PathBuf;
use train::{Text, losses, mean_loss, read, windows};

dims! { Vocab = 5; Batch = 50; Seq = 7; }

const LETTERS: &str = "\nabc—";

fn alphabet() -> Alphabet<Vocab> {
    Alphabet::new(Vocab, LETTERS).unwrap()
}

/// So many characters, of which no two parts are alike for long.
fn made_up(length: usize) -> String {
    let mut rng = Rng::with_seed(1);
    (0..length).map(|_| LETTERS.chars().nth((rng.u64() % 5) as usize).unwrap()).collect()
}

#[test]
fn an_alphabet_is_the_characters_of_a_text() {
    assert_eq!(characters("cab—\nabc"), LETTERS);
    let alphabet = alphabet();
    assert_eq!(alphabet.to_string(), LETTERS);
    let ids = alphabet.encode("b\n—").unwrap();
    assert_eq!(ids.iter().map(|id| id.get()).collect::<Vec<_>>(), [2, 0, 4]);
    assert_eq!(alphabet.decode(&ids), "b\n—");
    let text = made_up(1000);
    assert_eq!(alphabet.decode(&alphabet.encode(&text).unwrap()), text);

    let error = alphabet.encode("—a\nbxc").unwrap_err().to_string();
    assert_eq!(error, "'x' in line 2 is not of the alphabet that the model knows");
    let error = Alphabet::new(Vocab, "abc").unwrap_err().to_string();
    assert_eq!(error, "the alphabet has 5 elements, found 3");
}

#[test]
fn the_last_tenth_is_held_out() {
    let text = made_up(1004);
    let text = Text::new(&alphabet(), &text).unwrap();
    assert_eq!((text.training().len(), text.test(), text.validation()), (904, 904..1004, 904..1004));
    let long = Text::new(&alphabet(), &"a".repeat(3_000_000)).unwrap();
    assert_eq!(long.training().len(), 2_700_000);
    assert_eq!((long.test(), long.validation()), (2_700_000..2_900_000, 2_980_000..3_000_000));
}

#[test]
fn a_text_that_is_too_short_is_refused_with_the_length_that_is_needed() {
    for context in [1, 7, 8, 9, 10, 89, 90, 256] {
        bind!(seq: Letters = context);
        let text = |length| Text::new(&alphabet(), &made_up(length)).unwrap();
        let is_enough =
            |text: &Text<Vocab>| !text.test().is_empty() && text.sample(Batch, seq, &mut Rng::with_seed(2)).is_ok();
        let least = (1..400).find(|length| is_enough(&text(*length))).unwrap();
        assert!(text(least).check(context).is_ok());
        let error = text(least - 1).check(context).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("the text has {} characters, and must have {least} or more", least - 1)),
            "{error}"
        );
    }
}

#[test]
fn samples_are_parts_of_what_is_learnt_and_what_follows() {
    let text = Text::new(&alphabet(), &made_up(100)).unwrap();
    let [read, targets] = text.sample(Batch, Seq, &mut Rng::with_seed(2)).unwrap();
    let (read, targets) = (read.to_vec(), targets.to_vec());
    let mut starts = Vec::new();
    for (read, targets) in read.chunks(7).zip(targets.chunks(7)) {
        let start = text.training().windows(8).position(|part| &part[..7] == read && &part[1..] == targets);
        starts.push(start.expect("a part of the text"));
    }
    starts.sort();
    starts.dedup();
    assert!(starts.len() > 20 && *starts.last().unwrap() > 70, "{starts:?}");
    // One place only, which is the whole of what is learnt.
    let text = Text::new(&alphabet(), &made_up(8)).unwrap();
    assert!(text.sample(Batch, Seq, &mut Rng::with_seed(2)).is_ok());
    let text = Text::new(&alphabet(), &made_up(7)).unwrap();
    let error = text.sample(Batch, Seq, &mut Rng::with_seed(2)).err().unwrap().to_string();
    assert_eq!(error, "7 characters are too few to learn from 7 at once");
}

#[test]
fn every_character_is_predicted_once_from_half_a_window_or_more() {
    for (range, length) in [(100..1000, 256), (5..300, 16), (1..50, 7), (1..2, 8), (30..31, 2), (10..40, 1), (3..3, 8)]
    {
        let windows = windows(range.clone(), length);
        let predicted: Vec<usize> = windows.iter().flat_map(|window| window.first..window.end).collect();
        assert_eq!(predicted, range.collect::<Vec<_>>());
        for window in windows {
            assert!(window.end - window.start - 1 <= length, "{window:?} of {length}");
            assert!(window.first - window.start >= length.div_ceil(2).min(window.first), "{window:?} of {length}");
        }
    }
}

#[test]
fn losses_are_those_of_each_character_by_itself() {
    let mut model = Model::random(Vocab, 1, &mut Rng::with_seed(3));
    let text = Text::new(&alphabet(), &made_up(600)).unwrap();
    // Not all characters are as likely.
    model.characters.weight *= 20.0;
    let found = losses(&model, text.ids(), 3..200, 16).unwrap();
    let mut expected = Vec::new();
    for window in windows(3..200, 16) {
        for at in window.first..window.end {
            bind!(seq: Letters = at - window.start);
            let ids = Cpu::from_slice((N::<1>, seq), &text.ids()[window.start..at]).unwrap();
            let logits = model.logits(&ids).unwrap().at(seq, seq.size() - 1).unwrap().to_vec();
            let sum: f64 = logits.iter().map(|logit| f64::from(*logit).exp()).sum();
            expected.push(sum.ln() - f64::from(logits[text.ids()[at].get() as usize]));
        }
    }
    assert_eq!(found.len(), 197);
    for (found, expected) in found.iter().zip(&expected) {
        assert!((f64::from(*found) - expected).abs() < 1e-4, "{found} {expected}");
    }
    let mean = mean_loss(&model, text.ids(), 3..200, 16).unwrap();
    assert!((mean - expected.iter().sum::<f64>() / 197.0).abs() < 1e-5);

    let message = |range, length| mean_loss(&model, text.ids(), range, length).unwrap_err().to_string();
    assert_eq!(message(0..10, 16), "nothing stands before the first character of a text");
    assert_eq!(message(10..601, 16), "the text ends after 600 characters, and not after 601");
    assert_eq!(message(10..10, 16), "there is no text to predict");
    assert!(message(10..600, 600).contains("is not in `Positions`, which has 256 rows"));
}
dims! { Letters; }

#[test]
fn texts_of_a_folder_come_in_the_order_of_their_paths() {
    let folder: PathBuf = std::env::temp_dir().join(format!("congruent-texts-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("b")).unwrap();
    for (name, text) in [("c.md", "third"), ("b/z.md", "second, "), ("a.txt", "first, "), ("b/no.py", "code")] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    assert_eq!(read(Some(&folder)).unwrap(), "first, second, third");
    assert_eq!(read(Some(&folder.join("c.md"))).unwrap(), "third");
    let error = read(Some(&folder.join("d.md"))).unwrap_err().to_string();
    assert!(error.contains("d.md"), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
}
