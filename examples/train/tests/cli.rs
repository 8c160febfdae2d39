//! What the program does with a text of one's own, and what it says where it is told what cannot be.

use std::path::PathBuf;
use std::process::{Command, Output};

/// A folder that is gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("congruent-train-cli-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    /// The program, with the paths of this folder where arguments begin with `@`.
    fn run(&self, arguments: &[&str]) -> Output {
        let path = |argument: &&str| match argument.strip_prefix('@') {
            Some(name) => self.0.join(name).into_os_string(),
            None => argument.into(),
        };
        Command::new(env!("CARGO_BIN_EXE_train")).args(arguments.iter().map(path)).output().unwrap()
    }

    fn error(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.run(arguments);
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const SMALL: [&str; 8] = ["--layers", "1", "--batch", "1", "--context", "16", "--say", "5"];

#[test]
fn a_text_of_ones_own_is_learnt_and_gone_on_with() {
    let folder = Folder::new("own");
    std::fs::write(folder.0.join("a.txt"), "To be,\nor not to be, that is\n").unwrap();
    let output = folder.run(&[&["--text", "@a.txt", "--out", "@out", "--steps", "2"], &SMALL[..]].concat());
    let [said, report] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(output.status.success(), "{report}");
    // Without --prompt it goes on from the first line.
    let (_, said) = said.split_once("\n\n").unwrap();
    assert!(said.starts_with("To be,\n") && said.chars().count() == "To be,\n".len() + 5 + 1, "{said}");
}

#[test]
fn what_is_wrong_is_one_line_with_option_and_path() {
    let folder = Folder::new("wrong");
    std::fs::write(folder.0.join("a.txt"), "To be,\nor not to be\n").unwrap();
    let short = "the text has 20 characters, and must have 285 or more, since --context is 256 and the last tenth is held out: a \
                 smaller --context takes less";
    for (arguments, expected) in [
        (&["--text", "/nope"][..], "--text: /nope: No such file or directory (os error 2)"),
        (&["--export", "/nope/m"], "--export: /nope/m: there is no folder /nope"),
        (&["--text", "@a.txt", "--steps", "0"], "--steps is 0, and must be at least 1"),
        (&["--text", "@a.txt", "--out", "@out"], short),
        (
            &["--text", "@a.txt", "--context", "16", "--out", "/dev/null/x"],
            "--out: /dev/null/x: Not a directory (os error 20)",
        ),
    ] {
        assert_eq!(folder.error(arguments), (Some(1), format!("error: {expected}\n")), "{arguments:?}");
    }
    let (code, error) = folder.error(&["--resume", "--steps", "3"]);
    assert!(code == Some(2) && error.contains("'--resume' cannot be used with:\n  --steps <N>"), "{error}");
    assert!(
        error.contains("tip: --resume goes on with the settings of the checkpoint: leave out the others"),
        "{error}"
    );
}

#[test]
fn another_device_is_refused_with_a_command_that_has_it() {
    let (code, error) = Folder::new("device").error(&["--device", "cuda"]);
    assert!(code == Some(1) && error.starts_with("error: no device `cuda` is built in; there are: cpu."), "{error}");
    assert!(error.contains("--features vulkan --example train -- --device vulkan"), "{error}");
}
