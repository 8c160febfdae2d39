//! The program itself.

use crate::path;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

/// The program on the model, always with the most likely tokens.
fn start(arguments: &[&str]) -> Option<Child> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chat"));
    command.arg("--model").arg(path()?).args(["--temperature", "0"]).args(arguments);
    Some(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
}

/// Whether it succeeded, and what it wrote.
fn run(arguments: &[&str], input: &str) -> Option<(bool, String, String)> {
    let mut child = start(arguments)?;
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let [out, report] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    Some((output.status.success(), out, report))
}

#[test]
fn it_answers_once_or_line_by_line() {
    let Some((true, once, report)) = run(&["--max-tokens", "8", "Name a colour."], "") else { return };
    assert!(once.ends_with('\n') && once.trim().len() > 3, "{once}");
    assert!(report.contains("[prompt: 34 tokens, "), "{report}");
    // One token has no rate: it comes with the end of the prompt.
    let (_, _, report) = run(&["--max-tokens", "1", "Name a colour."], "").unwrap();
    assert!(report.starts_with("[the answer has 1 token, the most that --max-tokens allows]\n"), "{report}");
    assert!(report.ends_with(" tokens/s; answer: 1 token]\n"), "{report}");
    // The first answer comes again after a reset.
    let lines = "Name a colour.\n\nAnother one?\n/reset\nName a colour.\n";
    let (_, out, report) = run(&["--max-tokens", "8"], lines).unwrap();
    assert!(out.starts_with(&once) && out.ends_with(&once) && out.len() > 2 * once.len(), "{out}");
    assert_eq!(report.matches("[prompt: ").count(), 3, "{report}");
}

#[test]
fn it_ends_quietly_when_nobody_reads_on() {
    let Some(mut child) = start(&["Tell me a long story."]) else { return };
    drop(child.stdin.take());
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut [0]).unwrap();
    drop(out);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(0), ""));
}

#[test]
fn what_is_wrong_is_said() {
    for (arguments, expected) in [
        (
            &["--context", "20", "Hi"][..],
            "error: the context is full: it has room for 20 tokens, and with this question there are 31",
        ),
        (&["--context", "10000", "Hi"], "error: the model has a context of 8192 tokens, which cannot be 10000"),
        (&["--top-p", "0", "Hi"], "error: `top_p` is 0, expected a number above 0, up to 1"),
        (&["--raw", "--system", "x", "Hi"], "error: a raw text has no system prompt"),
    ] {
        let Some(result) = run(arguments, "") else { return };
        assert_eq!(result, (false, String::new(), format!("{expected}\n")));
    }
    // In a conversation it goes on.
    let (success, out, report) = run(&["--context", "40"], "Tell me a long story.\nGo on.\n/reset\nHi\n").unwrap();
    assert!(success && report.contains("[the context of 40 tokens is full]\n"), "{report}");
    assert!(
        report.contains("error: the context is full: it has room for 40 tokens") && out.lines().count() >= 2,
        "{report}"
    );
}
