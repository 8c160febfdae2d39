//! A page in which the model of `examples/speak` writes, by WebAssembly, with the attention of its heads as it writes.
//!
//! ```sh
//! cargo run --release -p web                  # builds the page and serves it, until Ctrl-C
//! cargo run --release -p web -- --port 8080
//! ```

mod build;
mod serve;

use std::net::{Ipv4Addr, TcpListener};
use std::process::ExitCode;

const USAGE: &str = "usage: web [--port NUMBER]\n\n\
    Builds a page in which a language model writes, and serves it to this machine.";

/// Beyond those of other programs; where it is taken, any that is free.
const PORT: u16 = 8484;

/// The port that is asked for, if any; or nothing where help is.
fn arguments(mut given: impl Iterator<Item = String>) -> Result<Option<Option<u16>>, String> {
    let mut port = None;
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "-h" | "--help" => return Ok(None),
            "--port" => {
                let number = given.next().ok_or("--port has no number")?;
                let parsed = number.parse().map_err(|_| format!("--port: {number:?} is not a number from 0 to 65535"));
                port = Some(parsed?);
            }
            other => return Err(format!("there is no option {other}")),
        }
    }
    Ok(Some(port))
}

fn listen(port: Option<u16>) -> Result<TcpListener, String> {
    let on = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    match port {
        Some(port) => on(port).map_err(|error| format!("port {port}: {error}")),
        None => on(PORT).or_else(|_| on(0)).map_err(|error| error.to_string()),
    }
}

fn run(port: Option<u16>) -> Result<(), String> {
    let listener = listen(port)?;
    let program = build::program()?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    println!("the page is at http://{address}/ until Ctrl-C");
    serve::serve(&listener, &program);
    Ok(())
}

fn main() -> ExitCode {
    let asked = std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned());
    match arguments(asked) {
        Ok(None) => println!("{USAGE}"),
        Ok(Some(port)) => {
            if let Err(error) = run(port) {
                eprintln!("error: {error}");
                return ExitCode::FAILURE;
            }
        }
        Err(error) => {
            eprintln!("error: {error}\n{USAGE}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(arguments_given: &[&str]) -> Result<Option<Option<u16>>, String> {
        arguments(arguments_given.iter().map(|argument| (*argument).to_owned()))
    }

    #[test]
    fn wrong_arguments_are_one_clear_line() {
        assert_eq!(asked(&["--port", "8080"]), Ok(Some(Some(8080))));
        assert_eq!(asked(&["--help"]), Ok(None));
        assert_eq!(asked(&["--port"]), Err("--port has no number".to_owned()));
        assert_eq!(asked(&["--port", "x"]), Err("--port: \"x\" is not a number from 0 to 65535".to_owned()));
        assert_eq!(asked(&["here"]), Err("there is no option here".to_owned()));
    }

    #[test]
    fn a_port_that_is_taken_is_named() {
        let first = listen(Some(0)).unwrap();
        let port = first.local_addr().unwrap().port();
        assert!(listen(Some(port)).unwrap_err().starts_with(&format!("port {port}: ")));
    }
}
