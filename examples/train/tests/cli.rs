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

/// The steps, the tokens and the learning rates of a log, after its header.
fn rows(path: &std::path::Path) -> Vec<(u64, u64, f64)> {
    let text = std::fs::read_to_string(path).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    assert_eq!(header, "step,tokens,loss,learning_rate,tokens_per_second,seconds");
    let row = |line: &str| {
        let fields: Vec<f64> = line.split(',').map(|field| field.parse().unwrap()).collect();
        assert!(fields.len() == 6 && fields[2] > 0.0 && fields[4] > 0.0 && fields[5] >= 0.0, "{line}");
        (fields[0] as u64, fields[1] as u64, fields[3])
    };
    rows.lines().map(row).collect()
}

#[test]
fn every_step_is_logged_once_also_where_it_is_done_again() {
    let folder = Folder::new("log");
    std::fs::write(folder.0.join("a.txt"), "To be,\nor not to be, that is\n").unwrap();
    let more = ["--steps", "6", "--every", "3", "--warmup", "2", "--log", "@log.csv", "--plot", "@p.png"];
    let output = folder.run(&[&["--text", "@a.txt", "--out", "@out"], &more[..], &SMALL].concat());
    assert!(output.status.success(), "{output:?}");
    let log = folder.0.join("log.csv");
    let whole = rows(&log);
    let steps: Vec<(u64, u64)> = whole.iter().map(|(step, tokens, _)| (*step, *tokens)).collect();
    assert_eq!(steps, (1..=6).map(|step| (step, 16 * step)).collect::<Vec<_>>());
    // It rises in two steps to the highest, and falls to a twentieth.
    let rates: Vec<f64> = whole.iter().map(|(.., rate)| *rate).collect();
    assert!(rates[0] < rates[1] && rates.windows(2).skip(2).all(|pair| pair[1] < pair[0]), "{rates:?}");
    assert!(rates.iter().all(|rate| (0.0..=3e-3).contains(rate)), "{rates:?}");
    assert!(std::fs::read(folder.0.join("p.png")).unwrap().starts_with(b"\x89PNG"));

    // As if it had been killed in a later step, while it wrote.
    let text = std::fs::read_to_string(&log).unwrap();
    std::fs::write(&log, format!("{text}7,112,1.5,1e-3,5,9.5\n8,12")).unwrap();
    let output = folder.run(&["--text", "@a.txt", "--out", "@out", "--resume", "--log", "@log.csv", "--say", "5"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(std::fs::read_to_string(&log).unwrap(), text);

    let (code, error) = folder.error(&["--text", "@a.txt", "--out", "@out", "--resume", "--log", "@a.txt"]);
    let path = folder.0.join("a.txt");
    let last = error.lines().last().unwrap();
    assert_eq!(last, format!("error: --log: {}: it is not the log of a training", path.display()));
    assert_eq!(code, Some(1));
}

/// Of a training that was stopped, the rows of steps that come again go, and those of the new steps come.
#[test]
fn a_log_goes_on_after_the_step_of_the_checkpoint() {
    let folder = Folder::new("resumed");
    let path = folder.0.join("log.csv");
    let mut log = train::Log::create(&path).unwrap();
    for step in 1..=5 {
        log.step(step, [10, 10 * step], 2.0, 1e-3).unwrap();
    }
    let mut log = train::Log::resume(&path, 3).unwrap();
    log.step(4, [10, 40], 1.0, 1e-3).unwrap();
    let found: Vec<u64> = rows(&path).into_iter().map(|(step, ..)| step).collect();
    assert_eq!(found, [1, 2, 3, 4]);
    let seconds: Vec<f64> = std::fs::read_to_string(&path)
        .unwrap()
        .lines()
        .skip(1)
        .map(|line| line.rsplit(',').next().unwrap().parse().unwrap())
        .collect();
    assert!(seconds.windows(2).all(|pair| pair[0] <= pair[1]), "{seconds:?}");
}

#[test]
fn what_is_wrong_is_one_line_with_option_and_path() {
    let folder = Folder::new("wrong");
    std::fs::write(folder.0.join("a.txt"), "To be,\nor not to be\n").unwrap();
    let short = "the text has 20 characters, and must have 285 or more, since --context is 256 and the last tenth is held out: a \
                 smaller --context takes less";
    for (arguments, expected) in [
        (&["--text", "/nope"][..], "--text: /nope: No such file or directory (os error 2)"),
        (&["--text", "@a.txt", "--prompt", ""], "--prompt: there is nothing to go on from"),
        (
            &["--text", "@a.txt", "--prompt", "To bx"],
            "--prompt: 'x' in line 1 is not of the alphabet that the model knows",
        ),
        (&["--temperature", "-1"], "--temperature: `temperature` is -1, expected a number from 0 on"),
        (&["--plot", "p.pdf"], "--plot: p.pdf: the name of a picture must end in .svg or .png"),
        (&["--log", "/nope/l.csv"], "--log: /nope/l.csv: there is no folder /nope"),
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
    assert!(code == Some(2) && error.contains("'--resume' cannot be used with: --steps <N>"), "{error}");
    assert!(error.contains("; --resume goes on with the settings of the checkpoint: leave out the others"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_one_line_with_the_option() {
    let folder = Folder::new("full");
    std::fs::write(folder.0.join("a.txt"), "To be,\nor not to be, that is\n").unwrap();
    for (out, option) in [("@one", "--log"), ("@other", "--export")] {
        let arguments = ["--text", "@a.txt", "--steps", "1", "--out", out, option, "/dev/full"];
        let (code, error) = folder.error(&[&arguments[..], &SMALL].concat());
        let expected = format!("error: {option}: /dev/full: No space left on device (os error 28)");
        assert_eq!((code, error.lines().last()), (Some(1), Some(expected.as_str())), "{error}");
    }
}

#[test]
fn another_device_is_refused_with_a_command_that_has_it() {
    let (code, error) = Folder::new("device").error(&["--device", "cuda"]);
    assert!(code == Some(1) && error.starts_with("error: no device `cuda` is built in; there are: cpu."), "{error}");
    assert!(error.contains("--features vulkan --example train -- --device vulkan"), "{error}");
}
