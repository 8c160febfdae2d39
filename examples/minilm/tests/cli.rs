//! What the programs say where they are told what cannot be.

use std::process::Command;

/// What a program ends with, and what it writes to standard error.
fn run(program: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(program).args(arguments).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn what_is_wrong_is_one_line_with_option_and_path() {
    let (minilm, fine_tune) = (env!("CARGO_BIN_EXE_minilm"), env!("CARGO_BIN_EXE_fine-tune"));
    let missing = "No such file or directory (os error 2)";
    for (program, arguments, expected) in [
        (minilm, &["--model", "/nope"][..], format!("--model: /nope/config.json: {missing}")),
        (minilm, &["--plot", "/nope/p.svg"], "--plot: /nope/p.svg: there is no folder /nope".to_owned()),
        (minilm, &["--plot", "/"], "--plot: /: it is a folder, and not a file to write".to_owned()),
        (fine_tune, &["--text", "/nope"], format!("--text: /nope: {missing}")),
        (fine_tune, &["--save", "/nope/m"], "--save: /nope/m: there is no folder /nope".to_owned()),
        (fine_tune, &["--clip", "-1"], "--clip is -1, and must be a number from 0 on".to_owned()),
        (minilm, &["--plot", "p.jpg"], "--plot: p.jpg: the name of a picture must end in .svg or .png".to_owned()),
        (fine_tune, &["--epochs", "0"], "--epochs is 0, and must be at least 1".to_owned()),
    ] {
        assert_eq!(run(program, arguments), (Some(1), format!("error: {expected}\n")), "{arguments:?}");
    }
    for (program, arguments) in
        [(minilm, ["--threads", "0"]), (fine_tune, ["--tokens", "2"]), (fine_tune, ["--passages", "0"])]
    {
        let (code, error) = run(program, &arguments);
        assert!(code == Some(2) && error.contains(&format!("for '{} <N>'", arguments[0])), "{error}");
    }
}

#[test]
fn another_device_is_refused_with_a_command_that_has_it() {
    for (program, name) in [(env!("CARGO_BIN_EXE_minilm"), "minilm"), (env!("CARGO_BIN_EXE_fine-tune"), "fine-tune")] {
        let (code, error) = run(program, &["--device", "cuda"]);
        assert!(
            code == Some(1) && error.starts_with("error: no device `cuda` is built in; there are: cpu."),
            "{error}"
        );
        assert!(error.contains(&format!("--features vulkan --example {name} -- --device vulkan")), "{error}");
    }
}
