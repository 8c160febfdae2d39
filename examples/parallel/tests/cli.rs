//! What the program says where it is told what cannot be, and what it logs.

use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_parallel")).args(arguments).output().unwrap()
}

#[test]
fn what_is_wrong_is_one_line() {
    let whole = "it must be a whole number from 1 on";
    let wrong_text = "error: --text: /nope: No such file or directory (os error 2)".to_owned();
    for (arguments, code, expected) in [
        (
            &["--stepps", "1"][..],
            2,
            "error: unexpected argument '--stepps' found; a similar argument exists: '--steps' (see --help)".to_owned(),
        ),
        (&["--batch", "-1"], 2, format!("error: invalid value '-1' for '--batch <N>': {whole}")),
        (&["--context", "0"], 2, "error: invalid value '0' for '--context <N>': it must be at least 1".to_owned()),
        (
            &["--learning-rate", "-1"],
            2,
            "error: invalid value '-1' for '--learning-rate <RATE>': it must be a number from 0 on".to_owned(),
        ),
        (&["--text", "/nope"], 1, wrong_text),
        (&["--log", "/nope/log.csv"], 1, "error: --log: /nope/log.csv: there is no folder /nope".to_owned()),
    ] {
        let output = run(arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), error), (Some(code), format!("{expected}\n")), "{arguments:?}");
    }
}

#[test]
fn every_step_is_logged() {
    let folder = tempfile::tempdir().unwrap();
    let [text, log] = ["a.txt", "log.csv"].map(|name| folder.path().join(name).into_os_string().into_string().unwrap());
    std::fs::write(&text, "To be, or not to be, that is the question").unwrap();
    let small = ["--steps", "3", "--layers", "1", "--batch", "2", "--context", "8", "--text", &text, "--log", &log];
    let output = run(&small);
    assert!(output.status.success(), "{output:?}");
    let rows = std::fs::read_to_string(&log).unwrap();
    let rows: Vec<Vec<&str>> = rows.lines().map(|row| row.split(',').collect()).collect();
    assert_eq!(rows[0], ["step", "tokens", "loss", "learning_rate", "tokens_per_second", "seconds"]);
    let steps: Vec<[&str; 2]> = rows[1..].iter().map(|row| [row[0], row[1]]).collect();
    assert_eq!(steps, [["1", "16"], ["2", "32"], ["3", "48"]]);
    assert!(rows[1..].iter().all(|row| row[3] == "1e-3" && row[2].parse::<f64>().unwrap() > 0.0), "{rows:?}");
}
