//! A language model of characters, which learnt from the plays of Shakespeare: it goes on from what it is given.
//!
//! ```sh
//! cargo run --release --features safetensors --example speak -- --seed 7 "**JULIET**  "
//! ```
//!
//! The model is part of the program: one million weights in half precision, which `examples/train` made. Every shape in it is
//! a type.

// Training has more uses for it.
#[allow(dead_code, unused_imports)]
#[path = "train/src/speaker/mod.rs"]
mod speaker;

use congruent::generate::Sampling;
use congruent::io::SafeTensors;
use speaker::Speaker;
use std::error::Error;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

congruent::dims! {
    /// The characters of the plays.
    Vocab = 84;
}

const PROMPT: &str = "**JULIET**  \n";
const CHARACTERS: usize = 400;

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let seed = match arguments.iter().position(|argument| argument == "--seed") {
        None => Ok(1),
        Some(at) => arguments.drain(at..arguments.len().min(at + 2)).nth(1).unwrap_or_default().parse(),
    };
    let (Ok(seed), true) = (seed, arguments.len() <= 1) else {
        eprintln!("usage: speak [--seed NUMBER] [PROMPT]");
        return ExitCode::FAILURE;
    };
    let prompt = arguments.pop().unwrap_or_else(|| PROMPT.to_owned());
    match speak(&prompt, seed, &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        // Nobody reads on, as after `| head`.
        Err(error) if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == ErrorKind::BrokenPipe) => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes the prompt and what the model makes of it, character by character.
fn speak(prompt: &str, seed: u64, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let file = SafeTensors::from_bytes(include_bytes!("speak/model.safetensors").to_vec())?;
    let speaker = Speaker::load(&file, Vocab)?;
    let prompt_ids = speaker.alphabet.encode(prompt)?;
    write!(out, "{prompt}")?;
    let sampling = Sampling { temperature: 0.7, ..Sampling::default() };
    speaker.speak(&prompt_ids, sampling, seed, CHARACTERS, |character| {
        write!(out, "{character}")?;
        Ok::<_, Box<dyn Error>>(out.flush()?)
    })?;
    Ok(writeln!(out)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What it says to the default prompt and seed begins so.
    const SAID: &str = "O, my lord, he doth be blame you not strong:  \n\
        But can I become the manner of your soul!\n\n\
        **BUCKINGHAM**  \n\
        Ay, and I'll speak a fearful rage, and the  \n";

    fn said(prompt: &str, seed: u64) -> Result<String, Box<dyn Error>> {
        let mut said = Vec::new();
        speak(prompt, seed, &mut said)?;
        Ok(String::from_utf8(said)?)
    }

    #[test]
    fn it_says_what_it_said() {
        let first = said(PROMPT, 1).unwrap();
        assert_eq!(first.chars().count(), PROMPT.chars().count() + CHARACTERS + 1);
        assert!(first[PROMPT.len()..].starts_with(SAID), "{first}");
        assert_eq!(said(PROMPT, 1).unwrap(), first);
        assert_ne!(said(PROMPT, 2).unwrap(), first);
    }

    #[test]
    fn what_it_cannot_go_on_from_is_an_error() {
        let error = said("To be,\nor ñot", 1).unwrap_err().to_string();
        assert_eq!(error, "'ñ' in line 2 is not of the alphabet that the model knows");
        assert!(said("", 1).is_err());
    }
}
