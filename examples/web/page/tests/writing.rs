//! What the page writes is what the program writes, and its attention is that of the model.

use congruent::generate::Sampling;
use congruent::prelude::*;
use page::{Settings, Vocab, Writer};
use speak::{Heads, Positions, Speaker};
use std::rc::Rc;

fn model() -> Rc<Speaker<Vocab>> {
    Rc::new(Writer::model().unwrap())
}

/// What the page writes after a prompt.
fn written(model: &Rc<Speaker<Vocab>>, settings: Settings<'_>, letters: usize) -> (String, Writer) {
    let mut writer = Writer::new(model.clone(), settings).unwrap();
    let text = (0..letters).map(|_| writer.letter().unwrap()).collect();
    (text, writer)
}

#[test]
fn the_page_writes_what_the_program_writes() {
    let model = model();
    // Beyond what the model sees at once.
    for (prompt, seed, temperature, letters) in
        [("**JULIET**  \n", 1, 0.7, 400), ("To be, or not to be", 7, 0.7, 300), ("O", 3, 0.0, 30)]
    {
        let (found, _) = written(&model, Settings { prompt, seed, temperature }, letters);
        let (mut expected, ids) = (String::new(), model.alphabet.encode(prompt).unwrap());
        let sampling = Sampling { temperature, ..Sampling::default() };
        let said = model.speak(&ids, sampling, seed, letters, |letter| {
            expected.push(letter);
            Ok::<_, congruent::Error>(())
        });
        said.unwrap();
        assert_eq!(found, expected);
    }
}

#[test]
fn each_letter_attends_to_those_up_to_it() {
    let model = model();
    let side = Positions.size();
    // The second fills the cache anew, with half of what it has room for, and goes on.
    for (letters, read) in [(20, 32), (260, 143)] {
        let settings = Settings { prompt: "**JULIET**  \n", seed: 1, temperature: 0.7 };
        let (text, writer) = written(&model, settings, letters);
        assert_eq!(writer.letters_read(), read);
        let (whole, seen) = (format!("{}{text}", settings.prompt), writer.seen());
        // The last letter is not read yet.
        assert_eq!(seen.chars().count(), read);
        assert!(whole[..whole.len() - 1].ends_with(&seen));
        for attention in writer.attention() {
            assert_eq!(attention.names, ["Heads", "Query", "Plus<Past, Query>"]);
            for (row, weights) in attention.weights.chunks(side).enumerate() {
                let query = row % side;
                let sum: f32 = weights[..=query].iter().sum();
                let expected = if query < read { 1.0 } else { 0.0 };
                assert!((sum - expected).abs() < 1e-5, "{sum} in row {query}");
                assert!(weights[query + 1..].iter().all(|weight| *weight == 0.0));
            }
            assert_eq!(attention.weights.len(), Heads.size() * side * side);
        }
    }
}

#[test]
fn what_it_cannot_go_on_from_is_one_clear_line() {
    let model = model();
    let error = |prompt, temperature| {
        let settings = Settings { prompt, seed: 1, temperature };
        Writer::new(model.clone(), settings).err().unwrap().to_string()
    };
    assert_eq!(error("To be,\nor ñot", 0.7), "'ñ' in line 2 is not of the alphabet that the model knows");
    assert_eq!(error("", 0.7), "the prompt is empty: the model goes on from one letter at least");
    assert_eq!(error("O", -1.0), "`temperature` is -1, expected a number from 0 on");
    assert_eq!(error("O", f32::NAN), "`temperature` is NaN, expected a number from 0 on");
}
