//! The program from outside: what it says to arguments and to an environment that are wrong.

use std::process::{Command, Output};

fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_speak"));
    command.args(arguments).envs(environment.iter().copied()).output().unwrap()
}

/// What it writes to the standard error, where it fails.
fn error(arguments: &[&str]) -> String {
    let output = run(arguments, &[]);
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    String::from_utf8(output.stderr).unwrap().lines().next().unwrap().to_owned()
}

#[test]
fn wrong_arguments_are_one_clear_line() {
    assert_eq!(error(&["--sed", "1"]), "error: there is no option --sed");
    assert_eq!(error(&["--seed"]), "error: --seed has no number");
    assert_eq!(error(&["--seed", "-1"]), "error: --seed: \"-1\" is not a whole number of 0 or more");
    assert_eq!(error(&["To", "be"]), "error: a second prompt: \"be\"; quote the first one");
}

#[test]
fn help_is_no_error() {
    let output = run(&["--help"], &[]);
    assert!(output.status.success() && output.stdout.starts_with(b"usage: speak"), "{output:?}");
}

#[test]
fn what_looks_like_an_option_is_a_prompt_behind_two_dashes() {
    let output = run(&["--", "-- To be"], &[]);
    assert!(output.status.success() && output.stdout.starts_with(b"-- To be"), "{output:?}");
}

/// A value that is not taken is told, and changes nothing else.
#[test]
fn a_wrong_environment_is_one_clear_line() {
    let expected = run(&[], &[]).stdout;
    for (name, value, line) in [
        ("CONGRUENT_SIMD", "foo", "CONGRUENT_SIMD=foo is not one of portable"),
        (
            "CONGRUENT_NUM_THREADS",
            "abc",
            "CONGRUENT_NUM_THREADS=abc is not a whole number of 1 or more; all cores are used",
        ),
    ] {
        let output = run(&[], &[(name, value)]);
        let found = String::from_utf8(output.stderr).unwrap();
        assert!(found.starts_with(&format!("congruent: {line}")) && found.lines().count() == 1, "{found}");
        assert_eq!(output.stdout, expected);
    }
}
