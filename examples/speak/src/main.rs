//! A language model of characters, which learnt from the plays of Shakespeare: it goes on from what it is given.
//!
//! ```sh
//! cargo run --profile quick -p speak -- --seed 7 "**JULIET**  "
//! ```
//!
//! The model is part of the program: one million weights in half precision, which `examples/train` made. Every shape in it is
//! a type.

use congruent::generate::Sampling;
use congruent::io::Gguf;
use speak::Speaker;
use std::error::Error;
use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

congruent::dims! {
    /// The characters of the plays.
    Vocab = 84;
}

const PROMPT: &str = "**JULIET**  \n";
const CHARACTERS: usize = 400;

const USAGE: &str = "usage: speak [--seed NUMBER] [PROMPT]";
const HELP: &str = "Goes on from a prompt as Shakespeare's characters speak; `--` ends the options.";

/// The seed and the prompt, or nothing where help is asked for.
fn arguments(mut given: impl Iterator<Item = OsString>) -> Result<Option<(u64, String)>, String> {
    let (mut seed, mut prompt, mut options) = (1, None, true);
    while let Some(argument) = given.next() {
        let argument = argument.into_string().map_err(|argument| format!("{argument:?} is not UTF-8"))?;
        match argument.as_str() {
            "--" if options => options = false,
            "-h" | "--help" if options => return Ok(None),
            "--seed" if options => {
                let number = given.next().ok_or("--seed has no number")?.to_string_lossy().into_owned();
                seed = number.parse().map_err(|_| format!("--seed: {number:?} is not a whole number of 0 or more"))?;
            }
            option if options && option.starts_with('-') => return Err(format!("there is no option {option}")),
            _ if prompt.is_some() => return Err(format!("a second prompt: {argument:?}; quote the first one")),
            _ => prompt = Some(argument),
        }
    }
    Ok(Some((seed, prompt.unwrap_or_else(|| PROMPT.to_owned()))))
}

fn main() -> ExitCode {
    let mut out = io::stdout().lock();
    let said = match arguments(std::env::args_os().skip(1)) {
        Ok(Some((seed, prompt))) => speak(&prompt, seed, &mut out),
        Ok(None) => writeln!(out, "{USAGE}\n\n{HELP}").map_err(Into::into),
        Err(error) => Err(format!("{error} ({USAGE})").into()),
    };
    match said {
        Ok(()) => ExitCode::SUCCESS,
        // Nobody reads on, as after `| head`.
        Err(error) if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == ErrorKind::BrokenPipe) => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            // Nobody may read this either.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes the prompt and what the model makes of it, character by character.
fn speak(prompt: &str, seed: u64, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let file = Gguf::from_bytes(include_bytes!("../model.gguf").to_vec())?;
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
