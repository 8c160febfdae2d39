//! The program, and what it says where it is told what cannot be.

use hound::{SampleFormat, WavSpec, WavWriter};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the program ends with, and what it writes to standard output and to standard error.
fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_listen")).args(arguments).output().unwrap();
    let [out, error] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    (output.status.code(), out, error)
}

/// What the package makes of the recording, in seconds.
const SEGMENTS: &str = "0.42 0.93\n1.15 2.27\n2.82 3.68\n";

fn recording() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/speech.wav")
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn it_says_when_somebody_speaks() {
    let path = recording();
    listen::find_or_fetch(None).unwrap();
    let (code, out, error) = run(&[text(&path)]);
    assert_eq!((code, error.as_str()), (Some(0), ""));
    assert_eq!(out, SEGMENTS);
    let (_, out, _) = run(&["--probabilities", text(&path)]);
    assert!(out.starts_with("0.000 0.0") && out.contains("\n0.032 0.0"), "{out}");
    // Nothing is so likely.
    let (_, out, _) = run(&["--threshold", "1", "--speech", "60000", text(&path)]);
    assert_eq!(out, "");
}

#[test]
fn what_is_wrong_is_one_line_with_the_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name| folder.path().join(name);
    let (no_recording, fast, cut) = (path("text.wav"), path("fast.wav"), path("cut.wav"));
    std::fs::write(&no_recording, "no recording").unwrap();
    let spec = WavSpec { channels: 1, sample_rate: 44100, bits_per_sample: 16, sample_format: SampleFormat::Int };
    WavWriter::create(&fast, spec).unwrap().finalize().unwrap();
    let whole = std::fs::read(recording()).unwrap();
    std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    for (file, expected) in [
        (&path("nope.wav"), "No such file or directory"),
        (&no_recording, "no RIFF tag found"),
        (&fast, "it has 44100 samples a second, and the model hears 16000"),
        (&cut, "Failed to read enough bytes"),
    ] {
        let (code, _, error) = run(&[text(file)]);
        assert!(code == Some(1) && error.starts_with(&format!("error: {}: ", text(file))), "{error}");
        assert!(error.contains(expected) && error.lines().count() == 1, "{error}");
    }
    let (code, _, error) = run(&["--model", text(&no_recording), text(&recording())]);
    assert!(code == Some(1) && error.starts_with(&format!("error: --model: {}: ", text(&no_recording))), "{error}");
    let (code, _, error) = run(&[]);
    let expected = "error: the following required arguments were not provided: <RECORDING> (see --help)\n";
    assert_eq!((code, error.as_str()), (Some(2), expected));
    let (code, _, error) = run(&["--threshold", "-1", text(&recording())]);
    let expected = "error: invalid value '-1' for '--threshold <P>': it must be from 0 to 1\n";
    assert_eq!((code, error.as_str()), (Some(2), expected));
    let (code, _, error) = run(&["--threshold", "2", text(&recording())]);
    assert!(code == Some(2) && error.contains("it must be from 0 to 1"), "{error}");
}

#[test]
fn several_channels_are_heard_as_their_mean() {
    let folder = tempfile::tempdir().unwrap();
    for (bits_per_sample, sample_format) in [(8, SampleFormat::Int), (24, SampleFormat::Int), (32, SampleFormat::Float)]
    {
        let path = folder.path().join(format!("{bits_per_sample}.wav"));
        let spec = WavSpec { channels: 2, sample_rate: 16000, bits_per_sample, sample_format };
        let mut writer = WavWriter::create(&path, spec).unwrap();
        // Half of the largest, and a quarter of it less than nothing.
        for share in [0.5f32, -0.25, 0.0, -1.0] {
            match sample_format {
                SampleFormat::Float => writer.write_sample(share).unwrap(),
                SampleFormat::Int => {
                    writer.write_sample((share * (1 << (bits_per_sample - 1)) as f32) as i32).unwrap();
                }
            }
        }
        writer.finalize().unwrap();
        assert_eq!(listen::read(&path).unwrap(), [0.125, -0.5], "{bits_per_sample}");
    }
}
