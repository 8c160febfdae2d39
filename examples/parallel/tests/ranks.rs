//! However the batch and the model are divided, the losses are the same.

use clap::Parser;
use congruent::mesh::{Alone, in_threads};
use parallel::{Settings, train};
use std::sync::Arc;

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    settings: Settings,
}

fn settings(more: &[&str]) -> Settings {
    let small = [("--steps", "6"), ("--layers", "2"), ("--batch", "4"), ("--context", "16")];
    let small = small.iter().filter(|(name, _)| !more.contains(name)).flat_map(|&(name, value)| [name, value]);
    Arguments::parse_from([""].into_iter().chain(small).chain(more.iter().copied())).settings
}

/// Of twenty characters.
fn text() -> String {
    "To be, or not to be; that is the question: Who?\n".repeat(40)
}

/// The losses of six steps, in single precision, of up to 3.
#[test]
fn ranks_learn_what_one_process_learns() {
    let mut expected = Vec::new();
    train(&settings(&[]), &text(), Arc::new(Alone), |step| {
        expected.push(step.loss);
        Ok(())
    })
    .unwrap();
    assert!(expected.len() == 6 && expected[5] < expected[0], "{expected:?}");
    let divided: &[&str] = &["--vocabulary"];
    for (data, model, zero, more) in [
        (2, 1, 0, &[][..]),
        (1, 2, 0, &[]),
        (4, 1, 1, &[]),
        (1, 4, 0, &[]),
        (2, 2, 2, &[]),
        (1, 4, 0, divided),
        (2, 2, 2, divided),
    ] {
        let [rows, parts, zero] = [data, model, zero].map(|number| number.to_string());
        let settings = settings(&[&["--data", &rows, "--model", &parts, "--zero", &zero], more].concat());
        let all = in_threads(data * model, |world| {
            let mut losses = Vec::new();
            train(&settings, &text(), world, |step| {
                losses.push(step.loss);
                Ok(())
            })
            .unwrap();
            losses
        });
        for losses in all {
            println!("{data} x {model} {more:?}: {losses:?}");
            let is_near = losses.iter().zip(&expected).all(|(loss, expected)| (loss - expected).abs() < 1e-5);
            assert!(losses.len() == 6 && is_near, "{data} x {model} {more:?}: {losses:?}, expected {expected:?}");
        }
    }
}

#[test]
fn what_cannot_be_divided_is_an_error() {
    let error = |more: &[&str]| train(&settings(more), &text(), Arc::new(Alone), |_| Ok(())).unwrap_err().to_string();
    assert!(error(&["--data", "2"]).contains("2 ranks"), "{}", error(&["--data", "2"]));
    assert!(error(&["--context", "1000"]).contains("--context"));
    let uneven = |more: &[&str]| {
        in_threads(3, |world| train(&settings(more), &text(), world, |_| Ok(())).unwrap_err().to_string()).remove(0)
    };
    assert!(uneven(&["--model", "3"]).contains("`Heads`"), "{}", uneven(&["--model", "3"]));
    let characters = uneven(&["--model", "3", "--vocabulary"]);
    assert!(characters.contains("`Vocab`"), "{characters}");
}
