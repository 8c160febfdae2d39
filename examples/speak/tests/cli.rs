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
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(error.lines().count(), 1, "{error}");
    error.trim_end().to_owned()
}

#[test]
fn wrong_arguments_are_one_clear_line() {
    let usage = "(usage: speak [--seed NUMBER] [PROMPT])";
    for (arguments, expected) in [
        (&["--sed", "1"][..], "there is no option --sed"),
        (&["--seed"], "--seed has no number"),
        (&["--seed", "-1"], "--seed: \"-1\" is not a whole number of 0 or more"),
        (&["To", "be"], "a second prompt: \"be\"; quote the first one"),
    ] {
        assert_eq!(error(arguments), format!("error: {expected} {usage}"));
    }
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

/// Whether it is to speak or to help.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_one_clear_line() {
    for arguments in [&[][..], &["--help"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_speak"));
        let output = command.args(arguments).stdout(full).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), &error[..]), (Some(1), "error: No space left on device (os error 28)\n"));
    }
}

/// A value that is not taken is told, and changes nothing else.
#[test]
fn a_wrong_environment_is_one_clear_line() {
    let expected = run(&[], &[]).stdout;
    for (name, value, line) in [
        ("CONGRUENT_SIMD", "foo", "CONGRUENT_SIMD=foo is not one of portable"),
        (
            "CONGRUENT_F32_PRODUCTS",
            "foo",
            "CONGRUENT_F32_PRODUCTS=foo is not f32, or bf16x3 where the level of instructions is amx; f32 is used",
        ),
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
