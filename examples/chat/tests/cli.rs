//! The program before it has a model.

use std::process::Command;

/// What it ends with, and what it writes to standard error.
fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_chat")).args(arguments).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn another_device_is_refused_with_a_command_that_has_it() {
    let (code, error) = run(&["--device", "vulkan", "Hi"]);
    assert!(code == Some(1) && error.contains("no device `vulkan` is built in; there are: cpu"), "{error}");
    assert!(error.contains("--features vulkan --example chat -- --device vulkan"), "{error}");
}

#[test]
fn an_answer_has_a_token_or_more() {
    let (code, error) = run(&["--max-tokens", "0", "Hi"]);
    assert!(
        code == Some(2) && error.contains("invalid value '0' for '--max-tokens <N>': it must be at least 1"),
        "{error}"
    );
}

#[test]
fn wrong_arguments_are_one_line() {
    for (arguments, expected) in [
        (
            ["--max-token", "5"],
            "unexpected argument '--max-token' found; a similar argument exists: '--max-tokens' (see --help)",
        ),
        (["--max-tokens", "-5"], "invalid value '-5' for '--max-tokens <N>': it must be a whole number from 1 on"),
        (["--context", "-5"], "invalid value '-5' for '--context <N>': it must be a whole number from 0 on"),
        (["--draft-tokens", "0"], "invalid value '0' for '--draft-tokens <N>': it must be at least 1"),
        (["--temperature", "warm"], "invalid value 'warm' for '--temperature <TEMPERATURE>': it must be a number"),
    ] {
        assert_eq!(run(&arguments), (Some(2), format!("error: {expected}\n")));
    }
}

#[test]
fn a_model_that_is_not_there_is_named_once_with_its_option() {
    let (code, error) = run(&["--model", "/nope.gguf", "Hi"]);
    assert_eq!((code, &error[..]), (Some(1), "error: --model: /nope.gguf: No such file or directory (os error 2)\n"));
    let folder = env!("CARGO_MANIFEST_DIR");
    let (code, error) = run(&["--model", folder, "Hi"]);
    let expected = format!("error: --model: {folder}/config.json: No such file or directory (os error 2)\n");
    assert_eq!((code, error), (Some(1), expected));
    let file = format!("{folder}/Cargo.toml");
    let (code, error) = run(&["--model", &file, "Hi"]);
    assert!(
        code == Some(1) && error.starts_with(&format!("error: --model: {file}: not a file of tensors: ")),
        "{error}"
    );
}
